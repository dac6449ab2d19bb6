"""Block-sparse attention: equal to the masked computation in full, and as cheap as its tiles are few."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from minillm.errors import InvalidInput
from minillm.nn.sparse import (
    BlockMask,
    band_mask,
    bigbird_mask,
    block_local_mask,
    block_sparse_attention,
    longformer_mask,
    masked_attention,
)


def tensors(length: int, width: int = 8, value_width: int = 8, seed: int = 0) -> list[torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    widths = (width, width, value_width)
    return [torch.randn(2, 3, length, w, generator=g, dtype=torch.float64, requires_grad=True) for w in widths]


def big(length: int) -> torch.Tensor:
    return bigbird_mask(length, 3, (0,), 2, generator=torch.Generator().manual_seed(0))


MASKS = {
    "band": lambda t: band_mask(t, 9),
    "causal-band": lambda t: band_mask(t, 9).tril(),
    "block-local": lambda t: block_local_mask(t, 8),
    "longformer": lambda t: longformer_mask(t, 5, (0, t // 2)),
    "bigbird": big,
    "nothing-for-some": lambda t: band_mask(t, 3) & (torch.arange(t)[:, None] % 5 != 2),
    "nothing-for-a-block": lambda t: band_mask(t, 3) & (torch.arange(t)[:, None] // 8 != 1),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize(("length", "block"), [(32, 8), (37, 8), (33, 1), (20, 64)])
def test_equals_the_masked_computation(name: str, length: int, block: int) -> None:
    mask = MASKS[name](length)
    q, k, v = tensors(length, value_width=5)
    ours = block_sparse_attention(q, k, v, BlockMask.from_dense(mask, block))
    full = masked_attention(q, k, v, mask)
    torch.testing.assert_close(ours, full, atol=1e-12, rtol=0)
    upstream = torch.randn(full.shape, generator=torch.Generator().manual_seed(9), dtype=full.dtype)
    for a, b in zip(
        torch.autograd.grad(ours, (q, k, v), upstream), torch.autograd.grad(full, (q, k, v), upstream), strict=True
    ):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=0)
        assert a.isfinite().all()


def test_masked_reference_is_pytorchs_own() -> None:
    mask = big(30)
    q, k, v = tensors(30)
    peer = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    torch.testing.assert_close(masked_attention(q, k, v, mask), peer, atol=1e-12, rtol=0)


def test_a_mask_of_nothing_gives_nothing() -> None:
    mask = BlockMask.from_dense(torch.zeros(9, 9, dtype=torch.bool), 4)
    assert mask.tiles == 0
    assert not block_sparse_attention(*tensors(9), mask).any()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("length", "width", "block"), [(64, 9, 8), (61, 17, 8), (40, 1, 16), (7, 3, 16), (50, 99, 8)])
def test_band_is_made_without_the_whole_mask(length: int, width: int, block: int, causal: bool) -> None:
    dense = band_mask(length, width)
    dense = dense.tril() if causal else dense
    direct, cut = BlockMask.band(length, width, block, causal), BlockMask.from_dense(dense, block)
    assert direct.tiles == cut.tiles
    q, k, v = tensors(length)
    torch.testing.assert_close(
        block_sparse_attention(q, k, v, direct), masked_attention(q, k, v, dense), atol=1e-12, rtol=0
    )


def test_only_touched_tiles_are_computed() -> None:
    length, block, width = 256, 16, 8
    heads = 2 * 3
    for mask in (band_mask(length, 33), big(length), longformer_mask(length, 17)):
        tiles = BlockMask.from_dense(mask, block)
        touched = mask.unflatten(0, (-1, block)).unflatten(2, (-1, block)).any(dim=3).any(dim=1)
        assert tiles.tiles == int(touched.sum())
        q, k, v = tensors(length, width, width)
        with FlopCounterMode(display=False) as counter:
            output = block_sparse_attention(q, k, v, tiles)
        assert counter.get_total_flops() == heads * tiles.flops(width) == heads * 4 * tiles.tiles * block**2 * width
        with FlopCounterMode(display=False) as counter:
            output.sum().backward()
        assert counter.get_total_flops() == 2 * heads * tiles.flops(width), "the way back costs twice the way there"


def test_a_band_costs_in_proportion_to_the_length() -> None:
    def cost(length: int) -> int:
        return BlockMask.band(length, 65, 32).flops(16)

    whole = 4 * 4096**2 * 16
    assert cost(4096) == pytest.approx(2 * cost(2048), rel=0.02)
    assert cost(4096) < whole / 40
    # Width 65 with blocks of 32 touches three tiles a row, but two in the first and last.
    assert BlockMask.band(4096, 65, 32).tiles == 3 * 128 - 2


def test_no_square_of_the_length_is_made() -> None:
    length = 2048
    q, k, v = (x[0, 0].detach() for x in tensors(length))
    with Largest() as largest:
        block_sparse_attention(q, k, v, BlockMask.band(length, 33, 16))
    assert largest.elements < length * length / 8


class Largest(torch.utils._python_dispatch.TorchDispatchMode):
    """Remembers the largest tensor that any operation returns."""

    elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for x in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(x, torch.Tensor):
                self.elements = max(self.elements, x.numel())
        return result


def test_bad_calls_are_refused() -> None:
    q, k, v = tensors(16)
    with pytest.raises(InvalidInput, match="made for 12"):
        block_sparse_attention(q, k, v, BlockMask.band(12, 3, 4))
    with pytest.raises(InvalidInput, match="odd"):
        BlockMask.band(12, 4, 4)
    with pytest.raises(InvalidInput, match="block=0"):
        BlockMask.from_dense(band_mask(12, 3), 0)
    with pytest.raises(InvalidInput, match="square"):
        BlockMask.from_dense(torch.ones(3, 4, dtype=torch.bool), 2)
