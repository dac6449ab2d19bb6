"""Nearest neighbors and the analogy test: what can be read off word vectors by angles and differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from minillm.errors import InvalidInput
from minillm.models.early.interface import require_positive


@dataclass(frozen=True)
class AnalogyScore:
    """Result of an analogy test, beside three guessers that know nothing about analogies.

    Args:
        accuracy: Share of questions answered right.
        chance: Share that a guesser gets right who draws any word but the three given.
        kind: Share that a guesser gets right who knows which words are answers in this test, and draws one of them
            that was not given.
        copying: Share that a guesser gets right who ignores the first pair and answers with the word nearest to the
            third.
        questions: Number of questions.
    """

    accuracy: float
    chance: float
    kind: float
    copying: float
    questions: int


def nearest(
    vectors: Float[Tensor, "vocab dimension"],
    query: Float[Tensor, "queries dimension"],
    count: int = 5,
    exclude: Int[Tensor, "queries excluded"] | None = None,
) -> tuple[Int[Tensor, "queries count"], Float[Tensor, "queries count"]]:
    """The words whose vectors make the smallest angle with each query.

    Args:
        vectors: One vector per word.
        query: Vectors to find neighbors of.
        count: Neighbors per query.
        exclude: Words that may not be an answer, as many for every query.

    Returns:
        Word ids and cosines, nearest first.

    Raises:
        InvalidInput: More neighbors are asked for than there are words left.

    Example:
        >>> words, cosines = nearest(torch.eye(3), torch.eye(3)[:1], count=1)
        >>> words.tolist(), cosines.tolist()
        ([[0]], [[1.0]])
    """
    require_positive(count=count)
    left = len(vectors) - (0 if exclude is None else exclude.shape[1])
    if count > left:
        raise InvalidInput(f"count={count} neighbors were asked for; {left} words are left to choose from.")
    cosine = F.normalize(query, dim=-1) @ F.normalize(vectors, dim=-1).T
    if exclude is not None:
        cosine = cosine.scatter(1, exclude, -torch.inf)
    best = cosine.topk(count, dim=-1)
    return best.indices, best.values


def analogy_test(
    vectors: Float[Tensor, "vocab dimension"], questions: Sequence[tuple[int, int, int, int]]
) -> AnalogyScore:
    r"""Answer questions "a is to b as c is to d" by the word nearest to :math:`v_b - v_a + v_c`.

    Vectors are scaled to length 1 first, and a, b and c may not be the answer, as in the original test.

    Args:
        vectors: One vector per word.
        questions: Word ids a, b, c and the right answer d, all different.

    Returns:
        The share answered right, beside what simple guessers reach.

    Raises:
        InvalidInput: There are no questions, an id is out of range, or d is one of the words given.

    Example:
        >>> square = torch.tensor([[1.0, 1.0], [1.0, 2.0], [3.0, 1.0], [3.0, 2.0]])
        >>> analogy_test(square, [(0, 1, 2, 3)]).accuracy
        1.0

    Source:
        Mikolov, Yih and Zweig 2013; the warning about excluded words is Linzen 2016's.
    """
    if not len(questions):
        raise InvalidInput("No analogy questions were given; at least one is needed.")
    table = torch.tensor(questions)
    if int(table.min()) < 0 or int(table.max()) >= len(vectors):
        raise InvalidInput(
            f"Word ids from {int(table.min())} to {int(table.max())} stand in the questions; "
            f"allowed are 0 to {len(vectors) - 1}."
        )
    if any(d in (a, b, c) for a, b, c, d in questions):
        raise InvalidInput("A question's answer is one of its own words, which may never be answered; drop it.")
    unit = F.normalize(vectors, dim=-1)
    a, b, c, d = table.unbind(dim=1)
    given = table[:, :3]
    answers, _ = nearest(unit, unit[b] - unit[a] + unit[c], count=1, exclude=given)
    copies, _ = nearest(unit, unit[c], count=1, exclude=given)
    return AnalogyScore(
        accuracy=float((answers[:, 0] == d).float().mean()),
        chance=1 / (len(vectors) - 3),
        kind=_kind_guesser(questions),
        copying=float((copies[:, 0] == d).float().mean()),
        questions=len(questions),
    )


def _kind_guesser(questions: Sequence[tuple[int, int, int, int]]) -> float:
    """Mean chance to hit d among the answers that stand in any question and were not given in this one."""
    answers = {d for *_, d in questions}
    return sum(1 / len(answers - {a, b, c}) for a, b, c, _ in questions) / len(questions)
