"""FlashAttention in plain PyTorch: exact attention in tiles, without ever holding all the scores.

The matrix of scores is cut into tiles that fit the on-chip memory. A running maximum and a running sum per query make
the softmax exact although no row of scores is ever there in one piece; the way back computes each tile anew. In
PyTorch this is slower than one large product, since every tile is a call: the point here is the algorithm and the
memory traffic, which :mod:`minillm.nn.traffic` counts.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from minillm.errors import InvalidInput
from minillm.nn.traffic import Traffic


def flash_attention(
    query: Float[Tensor, "*batch queries head_width"],
    key: Float[Tensor, "*batch keys head_width"],
    value: Float[Tensor, "*batch keys value_width"],
    *,
    rows: int = 64,
    columns: int = 64,
    causal: bool = False,
    scale: float | None = None,
    traffic: Traffic | None = None,
) -> Float[Tensor, "*batch queries value_width"]:
    r"""Exact attention with extra memory that grows with the length, not with its square.

    The loops stand as in the book: over tiles of keys and values outside, over tiles of queries inside; each pass
    rescales what the earlier ones gave. Beside the output only the logarithm of each row's sum is kept for the way
    back.

    Args:
        query: Queries.
        key: Keys.
        value: Values.
        rows: Queries a tile, :math:`B_r`; the last tile may be smaller.
        columns: Keys a tile, :math:`B_c`.
        causal: Let a query see no later key. With fewer queries than keys the queries are the last positions.
        scale: Factor of the scores; the default is one over the root of the head's width.
        traffic: Counts what the forward pass moves between the large memory and the chip.

    Returns:
        The mixed values; zero for a query that sees no key.

    Raises:
        InvalidInput: A tile without rows or columns.

    Example:
        >>> x = torch.randn(2, 4, 100, 16)
        >>> torch.allclose(
        ...     flash_attention(x, x, x, rows=32, columns=16, causal=True),
        ...     torch.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True),
        ...     atol=1e-5,
        ... )
        True

    Source:
        Book section 2.4.2, algorithm 2.1, with the scale and the tile counts corrected (the printed ones depend on the
        memory's size); Dao et al. 2022, algorithms 2 and 4, https://arxiv.org/abs/2205.14135.
    """
    if rows < 1 or columns < 1:
        raise InvalidInput(f"Tiles of {rows} by {columns} were asked for; both sides must be at least 1.")
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    tiles = _Tiles(query.shape[-2], key.shape[-2], rows, columns, causal, scale)
    output: Tensor = _FlashAttention.apply(query, key, value, tiles, traffic)
    return output


class _Tiles:
    """Which part of the scores belongs to a tile, and how a tile of scores is made."""

    def __init__(self, queries: int, keys: int, rows: int, columns: int, causal: bool, scale: float) -> None:
        self.rows = [slice(i, min(i + rows, queries)) for i in range(0, queries, rows)]
        self.columns = [slice(j, min(j + columns, keys)) for j in range(0, keys, columns)]
        self.shift, self.causal, self.scale = keys - queries, causal, scale

    def rows_for(self, column: slice) -> list[slice]:
        """The tiles of queries that see any key of this tile of keys."""
        return [row for row in self.rows if not self.causal or column.start <= row.stop - 1 + self.shift]

    def scores(self, query: Tensor, key: Tensor, row: slice, column: slice) -> Tensor:
        """Scaled scores of one tile, minus infinity where the key lies in the query's future."""
        scores = query @ key.transpose(-2, -1) * self.scale
        if self.causal and column.stop - 1 > row.start + self.shift:
            last = torch.arange(row.start, row.stop, device=query.device) + self.shift
            future = torch.arange(column.start, column.stop, device=query.device) > last[:, None]
            scores = scores.masked_fill(future, -torch.inf)
        return scores


class _FlashAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, query: Tensor, key: Tensor, value: Tensor, tiles: _Tiles, traffic: Traffic | None
    ) -> Tensor:
        output, log_sum = _forward(query, key, value, tiles, traffic or Traffic())
        ctx.save_for_backward(query, key, value, output, log_sum)
        ctx.tiles = tiles  # type: ignore[attr-defined]
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, output, log_sum = ctx.saved_tensors  # type: ignore[attr-defined]
        tiles: _Tiles = ctx.tiles  # type: ignore[attr-defined]
        return (*_backward(grad, query, key, value, output, log_sum, tiles), None, None)


def _forward(query: Tensor, key: Tensor, value: Tensor, tiles: _Tiles, traffic: Traffic) -> tuple[Tensor, Tensor]:
    """Output, and the logarithm of each row's sum of exponentials."""
    output = value.new_zeros(*query.shape[:-1], value.shape[-1])
    total = query.new_zeros(*query.shape[:-1], 1)
    peak = query.new_full(total.shape, -torch.inf)
    for column in tiles.columns:
        k, v = traffic.load(key[..., column, :], value[..., column, :])
        for row in tiles.rows_for(column):
            q, o, l, m = traffic.load(*(x[..., row, :] for x in (query, output, total, peak)))
            scores = tiles.scores(q, k, row, column)
            new_peak = torch.maximum(m, scores.amax(dim=-1, keepdim=True))
            # A row that has seen no key yet has its peak at minus infinity, and infinities do not subtract.
            base = new_peak.masked_fill(new_peak == -torch.inf, 0.0)
            weights, kept = (scores - base).exp(), l * (m - base).exp()
            new_total = kept + weights.sum(dim=-1, keepdim=True)
            mixed = (kept * o + weights @ v) / new_total.masked_fill(new_total == 0, 1.0)
            output[..., row, :], total[..., row, :], peak[..., row, :] = traffic.store(mixed, new_total, new_peak)
    # Rows that saw nothing get plus infinity, which makes every weight computed from it zero.
    return output, (peak + total.log()).masked_fill(total == 0, torch.inf)


def _backward(
    grad: Tensor, query: Tensor, key: Tensor, value: Tensor, output: Tensor, log_sum: Tensor, tiles: _Tiles
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of queries, keys and values; every tile of weights is computed a second time."""
    # The softmax's gradient needs, per row, the sum of weights times their gradients: that is output times gradient.
    weighted = (grad * output).sum(dim=-1, keepdim=True)
    query_grad, key_grad, value_grad = (torch.zeros_like(x) for x in (query, key, value))
    for column in tiles.columns:
        k, v = key[..., column, :], value[..., column, :]
        for row in tiles.rows_for(column):
            q, g = query[..., row, :], grad[..., row, :]
            weights = (tiles.scores(q, k, row, column) - log_sum[..., row, :]).exp()
            score_grad = weights * (g @ v.transpose(-2, -1) - weighted[..., row, :]) * tiles.scale
            value_grad[..., column, :] += weights.transpose(-2, -1) @ g
            query_grad[..., row, :] += score_grad @ k
            key_grad[..., column, :] += score_grad.transpose(-2, -1) @ q
    return query_grad, key_grad, value_grad
