"""What changes logits before a token is drawn from them: temperature, top-k, top-p, min-p, repetition penalty.

Each takes logits and returns logits in which what may not be drawn is minus infinity. They are the same functions, in
the same order, as the logits processors of transformers.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Warper = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""From the ids so far, (batch, time), the next token's logits, (batch, vocab), and the ids' mask to new logits."""


def warp_temperature(logits: Float[Tensor, "batch vocab"], temperature: float) -> Float[Tensor, "batch vocab"]:
    """Divide by the temperature: below 1 likely tokens become likelier, above 1 less so.

    Args:
        logits: The next token's logits.
        temperature: Above 0.

    Returns:
        The logits divided.

    Example:
        >>> warp_temperature(torch.tensor([[1.0, 2.0]]), 0.5).tolist()
        [[2.0, 4.0]]

    Source:
        Ackley, Hinton and Sejnowski 1985, https://doi.org/10.1207/s15516709cog0901_7.
    """
    return logits / temperature


def warp_top_k(logits: Float[Tensor, "batch vocab"], k: int) -> Float[Tensor, "batch vocab"]:
    """Keep the k most likely tokens, and any that tie with the last of them.

    Args:
        logits: The next token's logits.
        k: How many to keep; all, where there are fewer.

    Returns:
        The logits, minus infinity elsewhere.

    Example:
        >>> warp_top_k(torch.tensor([[1.0, 3.0, 2.0]]), 2).tolist()
        [[-inf, 3.0, 2.0]]

    Source:
        Fan et al. 2018, section 5.4, https://arxiv.org/abs/1805.04833.
    """
    kept = logits.topk(min(k, logits.shape[-1]), dim=-1).values
    return logits.masked_fill(logits < kept[:, -1:], -torch.inf)


def warp_top_p(logits: Float[Tensor, "batch vocab"], p: float) -> Float[Tensor, "batch vocab"]:
    """Keep the smallest set of most likely tokens whose probabilities sum to p or more.

    Args:
        logits: The next token's logits.
        p: The sum to reach, from 0 to 1; the most likely token is always kept.

    Returns:
        The logits, minus infinity elsewhere.

    Example:
        >>> warp_top_p(torch.tensor([[0.5, 0.3, 0.2]]).log(), 0.7).exp().round(decimals=1).tolist()
        [[0.5, 0.30000001192092896, 0.0]]

    Source:
        Holtzman et al. 2020, section 3.1, https://arxiv.org/abs/1904.09751.
    """
    ascending, order = logits.sort(dim=-1)
    dropped = ascending.softmax(dim=-1).cumsum(dim=-1) <= 1 - p
    dropped[:, -1] = False
    return logits.masked_fill(dropped.scatter(1, order, dropped), -torch.inf)


def warp_min_p(logits: Float[Tensor, "batch vocab"], p: float) -> Float[Tensor, "batch vocab"]:
    """Keep tokens that are at least p times as likely as the likeliest.

    Args:
        logits: The next token's logits.
        p: The share of the highest probability, from 0 to 1.

    Returns:
        The logits, minus infinity elsewhere.

    Example:
        >>> warp_min_p(torch.tensor([[0.6, 0.3, 0.1]]).log(), 0.4).isfinite().tolist()
        [[True, True, False]]

    Source:
        Nguyen et al. 2024, section 3, https://arxiv.org/abs/2407.01082.
    """
    probabilities = logits.softmax(dim=-1)
    return logits.masked_fill(probabilities < p * probabilities.amax(dim=-1, keepdim=True), -torch.inf)


def warp_repetition(
    ids: Int[Tensor, "batch time"],
    logits: Float[Tensor, "batch vocab"],
    penalty: float,
    mask: Bool[Tensor, "batch time"] | None = None,
) -> Float[Tensor, "batch vocab"]:
    """Make tokens that stand in the text less likely: positive logits are divided, negative ones multiplied.

    The prompt's ids count as well, its padding does not.

    Args:
        ids: The text so far.
        logits: The next token's logits.
        penalty: Above 1 discourages repetition, below 1 encourages it.
        mask: True at real tokens, False at padding, which must not stand last.

    Returns:
        The logits, changed at the ids that occur.

    Example:
        >>> warp_repetition(torch.tensor([[0, 1]]), torch.tensor([[1.0, -1.0, 1.0]]), 2.0).tolist()
        [[0.5, -2.0, 1.0]]

    Source:
        Keskar et al. 2019, section 4.1, https://arxiv.org/abs/1909.05858.
    """
    if mask is not None:
        # A token that stands in the row anyway, so that padding adds nothing.
        ids = torch.where(mask, ids, ids[:, -1:])
    seen = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(seen < 0, seen * penalty, seen / penalty))


def compose(
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    repetition_penalty: float = 1.0,
) -> Warper | None:
    """One function for all options that are set, made once before the first token.

    Args:
        temperature: Divisor of the logits; 0 stands for greedy decoding, which draws nothing: only the repetition
            penalty is then left to apply.
        top_k: See :func:`warp_top_k`.
        top_p: See :func:`warp_top_p`.
        min_p: See :func:`warp_min_p`.
        repetition_penalty: See :func:`warp_repetition`.

    Returns:
        The function, or None where no option changes anything.

    Example:
        >>> warp = compose(temperature=2.0, top_k=1)
        >>> warp(torch.zeros(1, 0, dtype=torch.long), torch.tensor([[2.0, 4.0]]), None).tolist()
        [[-inf, 2.0]]
        >>> compose() is None
        True

    Source:
        The order is that of transformers' generate.
    """
    steps: list[Warper] = []
    if repetition_penalty != 1:
        steps.append(lambda ids, logits, mask: warp_repetition(ids, logits, repetition_penalty, mask))
    if temperature not in (0, 1):
        steps.append(lambda _, logits, __: warp_temperature(logits, temperature))
    if temperature and top_k is not None:
        steps.append(lambda _, logits, __: warp_top_k(logits, top_k))
    if temperature and top_p is not None and top_p < 1:
        steps.append(lambda _, logits, __: warp_top_p(logits, top_p))
    if temperature and min_p is not None:
        steps.append(lambda _, logits, __: warp_min_p(logits, min_p))

    def warp(ids: Tensor, logits: Tensor, mask: Tensor | None) -> Tensor:
        for step in steps:
            logits = step(ids, logits, mask)
        return logits

    return warp if steps else None
