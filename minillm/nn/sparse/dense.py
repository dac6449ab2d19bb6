"""Masked attention computed in full: what every sparse method here is compared with."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def masked_softmax(
    scores: Float[Tensor, "*batch queries keys"], mask: Bool[Tensor, "*masks queries keys"]
) -> Float[Tensor, "*batch queries keys"]:
    """Softmax over the allowed keys; a query without any gets weights of zero.

    Filling with the smallest finite number, not with minus infinity, keeps the rows without keys free of 0/0, on the
    way forward and on the way back.

    Args:
        scores: Scaled scores.
        mask: True where a query may attend to a key; its leading axes broadcast.

    Returns:
        Weights; each row sums to 1, or to 0 where nothing is allowed.

    Example:
        >>> masked_softmax(torch.zeros(2, 2), torch.tensor([[True, True], [False, False]])).tolist()
        [[0.5, 0.5], [0.0, 0.0]]
    """
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return filled.softmax(dim=-1).masked_fill(~mask, 0.0)


def masked_attention(
    query: Float[Tensor, "*batch queries head_width"],
    key: Float[Tensor, "*batch keys head_width"],
    value: Float[Tensor, "*batch keys value_width"],
    mask: Bool[Tensor, "*masks queries keys"],
    scale: float | None = None,
) -> Float[Tensor, "*batch queries value_width"]:
    r"""Attention with a boolean mask, all scores computed: :math:`\mathrm{softmax}(QK^\top/\sqrt{d_k})V`.

    Args:
        query: Queries.
        key: Keys.
        value: Values.
        mask: True where a query may attend to a key; its leading axes broadcast.
        scale: Factor of the scores; the default is one over the root of the head's width.

    Returns:
        The mixed values; zero for a query that may attend to nothing.

    Example:
        >>> x = torch.eye(2)
        >>> masked_attention(x, x, x, torch.eye(2, dtype=torch.bool)).tolist()
        [[1.0, 0.0], [0.0, 1.0]]

    Source:
        Book equation 2.7, with the root of the head's width; Vaswani et al. 2017, https://arxiv.org/abs/1706.03762.
    """
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return masked_softmax(query @ key.transpose(-2, -1) * scale, mask) @ value
