"""Sparse patterns against their definitions, densities in closed form, and how fast they mix."""

import itertools

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.nn.sparse import (
    band_mask,
    bigbird_mask,
    block_local_mask,
    density,
    dilated_mask,
    etc_mask,
    global_mask,
    hops_to_mix,
    longformer_mask,
    random_mask,
    reach,
    star_transformer_mask,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def by_rule(length, rule):
    return torch.tensor([[bool(rule(i, j)) for j in range(length)] for i in range(length)])


@pytest.mark.parametrize("length", [1, 2, 7, 12])
def test_patterns_by_their_definitions(length: int) -> None:
    assert torch.equal(band_mask(length, 5), by_rule(length, lambda i, j: abs(i - j) <= 2))
    assert torch.equal(dilated_mask(length, 5, 3), by_rule(length, lambda i, j: abs(i - j) in (0, 3, 6)))
    assert torch.equal(block_local_mask(length, 5), by_rule(length, lambda i, j: i // 5 == j // 5))
    last = length - 1
    assert torch.equal(global_mask(length, (0, last)), by_rule(length, lambda i, j: {i, j} & {0, last}))


def test_random_rows_hold_distinct_keys_drawn_evenly() -> None:
    mask = random_mask(40, 4, generator())
    assert mask.sum(dim=1).tolist() == [4] * 40
    assert not torch.equal(mask, random_mask(40, 4, generator(1)))
    assert torch.equal(mask, random_mask(40, 4, generator()))
    often = sum(random_mask(10, 3, generator(seed)).double() for seed in range(800)) / 800
    # Standard deviation of each of the 100 frequencies: 0.016.
    assert (often - 0.3).abs().max() < 0.07


def test_star_is_longformer_with_a_window_of_three() -> None:
    assert torch.equal(star_transformer_mask(30), longformer_mask(30, 3, (0,)))
    ring = star_transformer_mask(30, ring=True)
    added = (ring & ~star_transformer_mask(30)).nonzero().tolist()
    assert added == [[1, 29], [29, 1]]
    # Every satellite of the paper's star has the same number of neighbors.
    assert ring[1:].sum(dim=1).tolist() == [4] * 29


def test_compounds_are_unions() -> None:
    assert torch.equal(longformer_mask(20, 5, (0, 7), 2), dilated_mask(20, 5, 2) | global_mask(20, (0, 7)))
    big = bigbird_mask(20, 5, (2,), 3, generator=generator(5))
    assert torch.equal(big, band_mask(20, 5) | global_mask(20, (2,)) | random_mask(20, 3, generator(5)))


def test_etc_puts_global_tokens_outside() -> None:
    mask = etc_mask(12, width=3, global_tokens=3)
    assert mask.shape == (15, 15)
    assert mask[:3].all()
    assert mask[:, :3].all()
    assert torch.equal(mask[3:, 3:], band_mask(12, 3))
    segments = [0] * 4 + [1] * 4 + [2] * 4
    structured = etc_mask(12, width=3, global_tokens=3, segments=segments)
    assert torch.equal(structured[:3, 3:], torch.eye(3, dtype=torch.bool).repeat_interleave(4, dim=1))
    assert torch.equal(structured[3:], mask[3:])
    assert hops_to_mix(structured) == 2


@pytest.mark.parametrize(("length", "width"), [(9, 3), (64, 3), (50, 7)])
def test_densities_in_closed_form(length: int, width: int) -> None:
    half = width // 2
    band = length * width - half * (half + 1)
    assert density(band_mask(length, width)) == pytest.approx(band / length**2, rel=1e-12)
    assert density(global_mask(length)) == pytest.approx((2 * length - 1) / length**2, rel=1e-12)
    # The global row and column meet the band in its first row and column.
    both = band + 2 * length - 1 - (2 * half + 1)
    assert density(longformer_mask(length, width)) == pytest.approx(both / length**2, rel=1e-12)


def percent(mask: torch.Tensor) -> float:
    return round(100 * density(mask), 1)


def test_gallery_at_length_64() -> None:
    band, star = band_mask(64, 3), star_transformer_mask(64)
    assert (percent(band), hops_to_mix(band)) == (4.6, 63)
    # One global position alone makes 3.1 %; with every position seeing itself too it is the 4.6 % often quoted.
    alone = global_mask(64)
    assert (percent(alone), hops_to_mix(alone)) == (3.1, 2)
    assert (percent(alone | torch.eye(64, dtype=torch.bool)), hops_to_mix(alone)) == (4.6, 2)
    for mask in (star, longformer_mask(64), etc_mask(63)):
        assert (percent(mask), hops_to_mix(mask)) == (7.7, 2)
    assert percent(star_transformer_mask(256)) == 1.9
    for seed in range(10):
        big = bigbird_mask(64, generator=generator(seed))
        assert density(big) == pytest.approx(0.120, abs=0.003), "12.0 % on average; how much overlaps is chance"
        assert hops_to_mix(big) == 2


def test_patterns_that_never_mix() -> None:
    assert hops_to_mix(block_local_mask(64, 8)) is None
    for dilation in (2, 3):
        assert hops_to_mix(dilated_mask(64, 3, dilation)) is None, "positions of other remainders are never met"
    assert hops_to_mix(dilated_mask(64, 3, 2) | band_mask(64, 3)) is not None


def test_three_random_keys_mostly_do_not_mix() -> None:
    masks = [random_mask(64, 3, generator(seed)) for seed in range(60)]
    stuck = [hops_to_mix(mask) is None for mask in masks]
    # About exp(-3) of the positions are drawn by nobody: none is left out in exp(-64 exp(-3)) = 4 % of the draws only.
    assert sum(stuck) >= 50
    # The reason is those positions, not that a query may lack itself: with the diagonal nothing changes.
    diagonal = torch.eye(64, dtype=torch.bool)
    assert [hops_to_mix(mask | diagonal) is None for mask in masks] == stuck
    heard = [bool((mask & ~diagonal).any(dim=0).all()) for mask in masks]
    assert all(not s for s, h in zip(stuck, heard, strict=True) if h)
    assert all(hops_to_mix(random_mask(64, 12, generator(seed))) in (2, 3) for seed in range(10))


def brute_force_hops(mask: torch.Tensor) -> int | None:
    """Breadth-first search from every position."""
    edges = [set(row.nonzero()[:, 0].tolist()) for row in mask]
    longest = 0
    for start in range(len(mask)):
        found, front, depth = {start}, {start}, 0
        while front:
            front = set().union(*(edges[i] for i in front)) - found
            found |= front
            depth += bool(front)
        if len(found) < len(mask):
            return None
        longest = max(longest, depth)
    return longest


def test_hops_against_breadth_first_search() -> None:
    answers = set()
    for seed, keys in itertools.product(range(12), (1, 2, 3)):
        mask = random_mask(9, keys, generator(seed))
        answers.add(hops_to_mix(mask))
        assert hops_to_mix(mask) == brute_force_hops(mask)
    assert None in answers
    assert len(answers) > 3


def test_reach_follows_the_direction_of_attention() -> None:
    chain = torch.eye(4, dtype=torch.bool).roll(1, dims=1)
    chain[-1, 0] = False
    assert reach(chain, 2).int().tolist() == [[1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]]
    assert hops_to_mix(chain) is None
    assert hops_to_mix(torch.ones(1, 1, dtype=torch.bool)) == 0
    # A window of w lets knowledge travel (w - 1) / 2 positions a layer.
    assert reach(band_mask(40, 7), 4)[20].nonzero()[:, 0].tolist() == list(range(8, 33))


@pytest.mark.parametrize(
    "call",
    [
        lambda: band_mask(8, 4),
        lambda: band_mask(0, 3),
        lambda: dilated_mask(8, 3, 0),
        lambda: global_mask(8, (8,)),
        lambda: global_mask(8, (-1,)),
        lambda: random_mask(4, 5, generator()),
        lambda: block_local_mask(4, 0),
        lambda: etc_mask(4, segments=[0, 0, 1, 1]),
        lambda: etc_mask(4, segments=[0, 0, 0]),
        lambda: reach(band_mask(4, 3), -1),
    ],
)
def test_bad_numbers_are_refused(call) -> None:
    with pytest.raises(InvalidInput):
        call()
