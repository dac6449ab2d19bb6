"""FlashAttention: the result and gradients of standard attention, no square of scores, traffic as computed."""

import itertools
import math

import pytest
import torch
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from minillm.errors import InvalidInput
from minillm.nn.flash import flash_attention
from minillm.nn.traffic import Traffic, flash_traffic, standard_attention, standard_traffic, tile_sizes


def tensors(queries: int, keys: int | None = None, width: int = 8, value_width: int = 8) -> list[torch.Tensor]:
    g = torch.Generator().manual_seed(queries)
    sizes = ((queries, width), (keys or queries, width), (keys or queries, value_width))
    return [torch.randn(2, 3, *size, generator=g, dtype=torch.float64, requires_grad=True) for size in sizes]


def naive(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool) -> torch.Tensor:
    """All scores at once; the queries are the last positions of the keys, and a query without keys gives zero."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if not causal:
        return F.softmax(scores, dim=-1) @ v
    past = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril(k.shape[-2] - q.shape[-2])
    weights = F.softmax(scores.masked_fill(~past, torch.finfo(scores.dtype).min), dim=-1)
    return (weights * past) @ v


TILES = [(16, 16), (7, 5), (1, 1), (64, 3), (3, 64), (48, 48), (100, 100)]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("rows", "columns"), TILES)
def test_forward_and_backward_with_any_tiles(rows: int, columns: int, causal: bool) -> None:
    q, k, v = tensors(48, value_width=5)
    ours, full = flash_attention(q, k, v, rows=rows, columns=columns, causal=causal), naive(q, k, v, causal)
    torch.testing.assert_close(ours, full, atol=1e-13, rtol=0)
    upstream = torch.randn(full.shape, generator=torch.Generator().manual_seed(5), dtype=full.dtype)
    for a, b in zip(*(torch.autograd.grad(x, (q, k, v), upstream) for x in (ours, full)), strict=True):
        torch.testing.assert_close(a, b, atol=1e-10, rtol=0)


@pytest.mark.parametrize(("queries", "keys"), [(1, 30), (7, 30), (30, 7), (30, 1), (1, 1)])
def test_queries_are_the_last_positions_of_the_keys(queries: int, keys: int) -> None:
    q, k, v = tensors(queries, keys)
    for rows, columns in ((4, 4), (5, 3), (64, 64)):
        ours, full = flash_attention(q, k, v, rows=rows, columns=columns, causal=True), naive(q, k, v, True)
        torch.testing.assert_close(ours, full, atol=1e-13, rtol=0)
        if queries > keys:
            assert not ours[..., : queries - keys, :].any(), "a query before all keys gives zero, not NaN"
        for a, b in zip(*(torch.autograd.grad(x.square().sum(), (q, k, v)) for x in (ours, full)), strict=True):
            torch.testing.assert_close(a, b, atol=1e-10, rtol=0)


def test_pytorchs_own_kernel_agrees() -> None:
    q, k, v = tensors(33)
    peer = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.3)
    torch.testing.assert_close(flash_attention(q, k, v, rows=8, columns=4, causal=True, scale=0.3), peer)


def test_gradients_by_finite_differences() -> None:
    q, k, v = (x[:1, :1, :5, :3].detach().requires_grad_() for x in tensors(5))
    assert torch.autograd.gradcheck(lambda *x: flash_attention(*x, rows=2, columns=3, causal=True), (q, k, v))


def test_large_scores_do_not_overflow() -> None:
    q, k, v = (x.detach().float() for x in tensors(40))
    q = q * 1000
    scores = q @ k.transpose(-2, -1) / math.sqrt(8)
    assert not (scores.exp() / scores.exp().sum(-1, keepdim=True)).isfinite().all(), "the plain formula breaks here"
    ours = flash_attention(q, k, v, rows=16, columns=8)
    assert ours.isfinite().all()
    torch.testing.assert_close(ours, F.scaled_dot_product_attention(q, k, v), atol=1e-4, rtol=0)


class Largest(TorchDispatchMode):
    """Remembers the most elements per batch and head of any tensor that an operation returns."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads, self.elements = heads, 0.0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for x in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(x, torch.Tensor):
                self.elements = max(self.elements, x.numel() / self.heads)
        return result


@pytest.mark.parametrize("causal", [False, True])
def test_no_square_of_scores_is_ever_made(causal: bool) -> None:
    length, rows, columns = 160, 24, 40
    q, k, v = tensors(length, width=4, value_width=4)
    with Largest(heads=6) as largest:
        flash_attention(q, k, v, rows=rows, columns=columns, causal=causal).sum().backward()
    # The widest thing there is one row per position or one tile of scores.
    assert largest.elements == max(length * 4, rows * columns)
    with Largest(heads=6) as naively:
        naive(q, k, v, causal)
    assert naively.elements == length**2


def test_what_is_kept_for_the_way_back_grows_with_the_length() -> None:
    saved: list[int] = []
    q, k, v = tensors(200, width=4, value_width=4)
    with torch.autograd.graph.saved_tensors_hooks(lambda x: saved.append(x.numel() // 6) or x, lambda x: x):
        flash_attention(q, k, v, rows=16, columns=16)
    assert sum(saved) == 200 * (4 * 4 + 1), "queries, keys, values, output, and one number a row"


@pytest.mark.parametrize(("length", "width", "memory"), [(64, 8, 256), (128, 16, 1024), (100, 8, 224), (96, 4, 4096)])
def test_traffic_counted_equals_the_closed_forms(length: int, width: int, memory: int) -> None:
    q, k, v = tensors(length, width=width, value_width=width)
    heads = 6
    standard, flash = Traffic(), Traffic()
    rows, columns = tile_sizes(memory, width)
    a = standard_attention(q, k, v, standard)
    b = flash_attention(q, k, v, rows=rows, columns=columns, traffic=flash)
    torch.testing.assert_close(a, b, atol=1e-13, rtol=0)
    assert standard.elements == heads * standard_traffic(length, width) == heads * (4 * length**2 + 4 * length * width)
    tiles = math.ceil(length / columns)
    closed = 2 * length * width + tiles * (3 * length * width + 4 * length)
    assert flash.elements == heads * flash_traffic(length, width, columns) == heads * closed
    assert flash.stored == heads * tiles * (length * width + 2 * length)


def test_causality_saves_traffic() -> None:
    q, k, v = tensors(64)
    both = []
    for causal in (False, True):
        traffic = Traffic()
        flash_attention(q, k, v, rows=8, columns=8, causal=causal, traffic=traffic)
        both.append(traffic.elements / 6 - 2 * 64 * 8)
    assert both[1] / both[0] == 36 / 64, "of 8 by 8 tiles those on and below the diagonal"


def ratio(length: int, width: int, memory: int) -> float:
    return standard_traffic(length, width) / flash_traffic(length, width, tile_sizes(memory, width)[1])


def test_flash_pays_from_a_memory_of_three_head_widths_squared() -> None:
    assert [round(ratio(1024, 64, m), 2) for m in (16384, 65536)] == [1.33, 4.77]
    assert round(ratio(8192, 64, 4096), 2) == 0.33
    assert round(ratio(256, 64, 4096), 2) == 0.39
    for width in (32, 64, 128):
        # At lengths far above the width the crossing is at 3d^2 + 4d.
        crossing = next(m for m in range(width**2, 6 * width**2, width) if ratio(64 * width, width, m) >= 1)
        assert crossing == pytest.approx(3 * width**2 + 4 * width, rel=0.05)


def algorithm(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, memory: int, tiled: int, scale: float):
    """The book's algorithm 2.1; ``tiled`` is what it divides by the tile sizes to count tiles."""
    rows, columns = tile_sizes(memory, q.shape[1])
    output, written = torch.zeros_like(v), torch.zeros(len(q), dtype=torch.bool)
    total, peak = torch.zeros(len(q), 1, dtype=q.dtype), torch.full((len(q), 1), -torch.inf, dtype=q.dtype)
    for j, i in itertools.product(range(math.ceil(tiled / columns)), range(math.ceil(tiled / rows))):
        row, column = slice(i * rows, i * rows + rows), slice(j * columns, j * columns + columns)
        if not len(q[row]) or not len(k[column]):
            continue
        scores = q[row] @ k[column].T * scale
        tile_peak = scores.amax(1, keepdim=True)
        weights = (scores - tile_peak).exp()
        new_peak = torch.maximum(peak[row], tile_peak)
        old, new = (peak[row] - new_peak).exp() * total[row], (tile_peak - new_peak).exp()
        new_total = old + new * weights.sum(1, keepdim=True)
        output[row] = (old * output[row] + new * (weights @ v[column])) / new_total
        total[row], peak[row], written[row] = new_total, new_peak, True
    return output, written


def test_e42_tile_counts_from_the_memory_leave_rows_unwritten() -> None:
    length, width, memory = 512, 8, 256
    q, k, v = (x[0, 0].detach() for x in tensors(length, width=width, value_width=width))
    scale = width**-0.5
    expected = flash_attention(q, k, v, rows=8, columns=8)
    # Wrong: tiles counted from M. Half the rows are never written, and the others have read half the keys.
    printed, written = algorithm(q, k, v, memory, memory, scale)
    assert int(written.sum()) == memory == length // 2
    assert not printed[memory:].any()
    assert (printed[:memory] - expected[:memory]).abs().max() > 0.1
    half = F.scaled_dot_product_attention(q[None, :memory], k[None, :memory], v[None, :memory])[0]
    torch.testing.assert_close(printed[:memory], half, atol=1e-12, rtol=0)
    # Right: from the length.
    output, written = algorithm(q, k, v, memory, length, scale)
    assert written.all()
    torch.testing.assert_close(output, expected, atol=1e-12, rtol=0)


def test_e42_at_the_size_of_the_map() -> None:
    rows, columns = tile_sizes(4096, 64)
    assert math.ceil(4096 / rows) * rows == math.ceil(4096 / columns) * columns == 8192 // 2


def test_e41_transpose_and_scale_are_needed() -> None:
    q, k, v = (x[0, 0].detach() for x in tensors(64))
    with pytest.raises(RuntimeError):
        q @ k
    without, _ = algorithm(q, k, v, 128, 64, scale=1.0)
    right = flash_attention(q, k, v)
    assert (without - right).abs().max() > 0.1
    torch.testing.assert_close(algorithm(q, k, v, 128, 64, 8**-0.5)[0], right, atol=1e-12, rtol=0)


def test_tile_sizes() -> None:
    assert tile_sizes(4096, 64) == (16, 16)
    assert tile_sizes(65536, 64) == (64, 256), "rows are no more than the head's width"
    assert tile_sizes(100, 8) == (4, 4), "rounded up"


@pytest.mark.parametrize(("rows", "columns"), [(0, 4), (4, 0), (-1, 4)])
def test_empty_tiles_are_refused(rows: int, columns: int) -> None:
    q, k, v = tensors(4)
    with pytest.raises(InvalidInput, match=f"{rows} by {columns}"):
        flash_attention(q, k, v, rows=rows, columns=columns)
    with pytest.raises(InvalidInput):
        tile_sizes(0, 8)
