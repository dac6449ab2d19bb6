"""The softmax of rows that come in parts."""

import torch


def softmax_sums(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Maximum m and sum l of exp(score - m) of every row, each of shape (...)."""
    # solution:
    m = scores.amax(dim=-1)
    # A row of nothing but minus infinity has no distance to its maximum.
    base = m.masked_fill(m == -torch.inf, 0.0)
    return m, (scores - base[..., None]).exp().sum(dim=-1)
    # stub:
    raise NotImplementedError("the maximum, and the sum of powers below it")
    # end


def merge_sums(
    a: tuple[torch.Tensor, torch.Tensor], b: tuple[torch.Tensor, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The sums (m, l) of two parts together, from those of each."""
    # solution:
    m = torch.maximum(a[0], b[0])
    base = m.masked_fill(m == -torch.inf, 0.0)
    return m, a[1] * (a[0] - base).exp() + b[1] * (b[0] - base).exp()
    # stub:
    raise NotImplementedError("bring both sums to the same maximum")
    # end


def softmax_part(
    scores: torch.Tensor, m: torch.Tensor, l: torch.Tensor
) -> torch.Tensor:
    """Weights of one part's scores in the softmax of rows whose sums are m and l."""
    # solution:
    base = m.masked_fill(m == -torch.inf, 0.0)
    total = l.masked_fill(l == 0, 1.0)
    return (scores - base[..., None]).exp() / total[..., None]
    # stub:
    raise NotImplementedError("the share of the whole row's sum")
    # end


def add_part(
    state: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None,
    scores: torch.Tensor,
    values: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The state (m, l, z) after one more part; z mixes all values so far."""
    # solution:
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
    # stub:
    raise NotImplementedError("rescale what was there, and add the part")
    # end
