"""The analogy test on vectors whose answers are known."""

import itertools

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models.early import analogy_test, nearest


@pytest.fixture
def grid():
    """Words with a kind (one of 6) and a form (one of 2): kind vector plus form vector, and noise words."""
    torch.manual_seed(0)
    kinds, forms = torch.randn(6, 40), torch.randn(2, 40)
    words = (kinds[:, None] + forms[None]).flatten(0, 1)
    return torch.cat([words, 2 * torch.randn(30, 40)])


def questions():
    return [(2 * i, 2 * i + 1, 2 * j, 2 * j + 1) for i, j in itertools.permutations(range(6), 2)]


def test_regular_vectors_answer_every_question(grid):
    score = analogy_test(grid, questions())
    assert score.accuracy == 1.0
    assert score.questions == 30
    assert score.chance == pytest.approx(1 / 39)
    assert score.kind == pytest.approx(1 / 5)


def test_random_vectors_answer_hardly_any():
    torch.manual_seed(0)
    score = analogy_test(torch.randn(42, 40), questions())
    assert score.accuracy <= 0.2


def test_copying_is_reported_beside_it(grid):
    # Where the two forms differ little, the nearest word to c is d already: the offset proves nothing.
    torch.manual_seed(0)
    kinds, forms = torch.randn(6, 40), 0.01 * torch.randn(2, 40)
    close = analogy_test((kinds[:, None] + forms[None]).flatten(0, 1), questions())
    assert close.accuracy == 1.0
    assert close.copying == 1.0
    torch.manual_seed(0)
    far = analogy_test(torch.cat([(torch.randn(6, 1, 40) + 5 * torch.randn(1, 2, 40)).flatten(0, 1)]), questions())
    assert far.accuracy == 1.0
    assert far.copying < 0.5


def test_the_words_given_are_never_answered():
    # b - a + c is nearest to c itself here; only without c is the answer d.
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.3, 1.0]])
    assert analogy_test(vectors, [(0, 1, 2, 3)]).accuracy == 1.0


def test_nearest_by_hand():
    vectors = torch.tensor([[1.0, 0.0], [10.0, 10.0], [0.0, 2.0], [-1.0, 0.0]])
    words, cosines = nearest(vectors, torch.tensor([[3.0, 0.0]]), count=4)
    assert words.tolist()[0][:3:2] == [0, 2]
    assert words.tolist()[0][3] == 3
    torch.testing.assert_close(cosines, torch.tensor([[1.0, 0.5**0.5, 0.0, -1.0]]))
    words, _ = nearest(vectors, torch.tensor([[3.0, 0.0]]), count=1, exclude=torch.tensor([[0, 2]]))
    assert words.tolist() == [[1]]


def test_bad_questions_are_refused(grid):
    with pytest.raises(InvalidInput, match="No analogy questions"):
        analogy_test(grid, [])
    with pytest.raises(InvalidInput, match="0 to 41"):
        analogy_test(grid, [(0, 1, 2, 42)])
    with pytest.raises(InvalidInput, match="its own words"):
        analogy_test(grid, [(0, 1, 2, 1)])
    with pytest.raises(InvalidInput, match="39 words are left"):
        nearest(grid, grid[:1], count=40, exclude=torch.tensor([[0, 1, 2]]))
