# fails: test_huge_scores
# idea: the sum by way of its logarithm, which cannot hold a small number beside a huge one

import torch


def softmax_sums(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    m = scores.amax(dim=-1)
    # A row of nothing but minus infinity has no distance to its maximum.
    base = m.masked_fill(m == -torch.inf, 0.0)
    return m, (scores.logsumexp(dim=-1) - base).exp()


def merge_sums(
    a: tuple[torch.Tensor, torch.Tensor], b: tuple[torch.Tensor, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    m = torch.maximum(a[0], b[0])
    base = m.masked_fill(m == -torch.inf, 0.0)
    return m, a[1] * (a[0] - base).exp() + b[1] * (b[0] - base).exp()


def softmax_part(
    scores: torch.Tensor, m: torch.Tensor, l: torch.Tensor
) -> torch.Tensor:
    base = m.masked_fill(m == -torch.inf, 0.0)
    total = l.masked_fill(l == 0, 1.0)
    return (scores - base[..., None]).exp() / total[..., None]


def add_part(
    state: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None,
    scores: torch.Tensor,
    values: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    part = softmax_sums(scores)
    mixed = softmax_part(scores, *part) @ values
    if state is None:
        return (*part, mixed)
    m, l = merge_sums(state[:2], part)
    # The shares of the new sum that came from before and that come from this part.
    before, now = (
        softmax_part(x[0][..., None], m, l) * x[1][..., None] for x in (state, part)
    )
    return m, l, before * state[2] + now * mixed
