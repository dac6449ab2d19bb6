"""Sparse attention that computes only the tiles its mask touches."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from minillm.errors import InvalidInput
from minillm.nn.sparse.block_mask import BlockMask, RowGroup
from minillm.nn.sparse.dense import masked_softmax


def block_sparse_attention(
    query: Float[Tensor, "*batch length head_width"],
    key: Float[Tensor, "*batch length head_width"],
    value: Float[Tensor, "*batch length value_width"],
    mask: BlockMask,
    scale: float | None = None,
) -> Float[Tensor, "*batch length value_width"]:
    """Attention under a sparse mask, at a cost in proportion to the tiles that the mask touches.

    A masked score costs as much as any other where the whole matrix is multiplied out. Here the keys and values of
    the touched tiles are gathered, and nothing else is multiplied. Gradients come from autograd.

    Args:
        query: Queries.
        key: Keys.
        value: Values.
        mask: The pattern, cut into tiles.
        scale: Factor of the scores; the default is one over the root of the head's width.

    Returns:
        What :func:`minillm.nn.sparse.masked_attention` gives with the same mask; zero for a query that may attend
        to nothing.

    Raises:
        InvalidInput: The sequence is not as long as the mask.

    Example:
        >>> x = torch.randn(2, 1024, 64)
        >>> block_sparse_attention(x, x, x, BlockMask.band(1024, width=129, block=64)).shape
        torch.Size([2, 1024, 64])

    Source:
        Book section 2.4.2; Child et al. 2019, section 5.5, https://arxiv.org/abs/1904.10509; Zaheer et al. 2020,
        appendix D, https://arxiv.org/abs/2007.14062.
    """
    if query.shape[-2] != mask.length:
        raise InvalidInput(f"The sequence has {query.shape[-2]} positions; the mask was made for {mask.length}.")
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    queries, keys, values = (_blocks(x, mask.block) for x in (query * scale, key, value))
    output = torch.zeros_like(values)
    for group in mask.groups:
        output = output.index_copy(-3, group.rows.to(output.device), _attend(queries, keys, values, group))
    return output.flatten(-3, -2)[..., : mask.length, :]


def _blocks(x: Tensor, block: int) -> Tensor:
    """Positions as blocks of positions, the last one filled up with zeros."""
    count = math.ceil(x.shape[-2] / block)
    return F.pad(x, (0, 0, 0, count * block - x.shape[-2])).unflatten(-2, (count, block))


def _attend(query: Tensor, key: Tensor, value: Tensor, group: RowGroup) -> Tensor:
    """The output of some rows of tiles, each attending to the key blocks that it touches."""
    rows, columns, allowed = (x.to(query.device) for x in (group.rows, group.columns, group.allowed))
    keys, values = (
        x.index_select(-3, columns.flatten()).unflatten(-3, columns.shape).flatten(-3, -2) for x in (key, value)
    )
    scores = query.index_select(-3, rows) @ keys.transpose(-2, -1)
    return masked_softmax(scores, allowed) @ values
