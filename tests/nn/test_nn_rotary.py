import pytest
import torch

from minillm.errors import InvalidInput
from minillm.nn import (
    RopeScaling,
    Rotary,
    rotary_frequencies,
    rotate_complex,
    rotate_half_split,
    rotate_interleaved,
    rotation,
)

WIDTH, TIME = 32, 40


def frequencies(width=WIDTH):
    return rotary_frequencies(width, dtype=torch.float64)


def angles(time=TIME):
    return torch.arange(time, dtype=torch.float64)[:, None] * frequencies()


def turn(x, start=0):
    return rotate_half_split(x, rotation(torch.arange(start, start + x.shape[2]), frequencies(x.shape[3])))


def books_listing(x):
    """rotate_half as the book prints it, cut at the last dimension instead of the middle (errata E37)."""
    doubled = torch.cat((angles(), angles()), dim=-1)
    rotated = torch.cat((-x[..., -1:], x[..., :-1]), dim=-1)
    return x * doubled.cos() + rotated * doubled.sin()


LAYOUTS = {
    "half-split": turn,
    "interleaved": lambda x: rotate_interleaved(x, angles(x.shape[2])),
    "complex": lambda x: rotate_complex(x, angles(x.shape[2])),
}


def constant_rows():
    """The same vector at every position."""
    x = torch.randn(1, 1, 1, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return x.expand(1, 1, TIME, WIDTH)


def norm_error(rotate):
    x = constant_rows()
    return (rotate(x).norm(dim=-1) - x.norm(dim=-1)).abs().max().item()


def offset_error(rotate):
    """How far q_m . k_n is from a function of m - n, for the same q and k at every position."""
    query, key = constant_rows(), constant_rows().flip(-1)
    scores = (rotate(query) @ rotate(key).transpose(-2, -1))[0, 0]
    return max(scores.diagonal(k).std().item() for k in range(-TIME + 2, TIME - 1))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rotation_keeps_lengths_and_scores_hang_on_the_offset(layout):
    assert norm_error(LAYOUTS[layout]) < 1e-12
    assert offset_error(LAYOUTS[layout]) < 1e-12
    # Not because nothing happens: scores do change with the offset.
    x = constant_rows()
    scores = (LAYOUTS[layout](x) @ LAYOUTS[layout](x).transpose(-2, -1))[0, 0, 0]
    assert scores.std() > 1


def test_the_books_slice_fails_both_properties():
    assert books_listing(constant_rows()).shape == (1, 1, TIME, WIDTH)
    assert norm_error(books_listing) > 0.1
    assert offset_error(books_listing) > 0.1


def test_the_three_layouts_are_one_rotation_up_to_a_permutation():
    x = torch.randn(2, 3, TIME, WIDTH, dtype=torch.float64)
    order = torch.cat((torch.arange(0, WIDTH, 2), torch.arange(1, WIDTH, 2)))
    interleaved = LAYOUTS["interleaved"](x)
    torch.testing.assert_close(LAYOUTS["complex"](x), interleaved, rtol=0, atol=1e-12)
    torch.testing.assert_close(turn(x[..., order]), interleaved[..., order], rtol=0, atol=1e-12)
    assert (turn(x) - interleaved).abs().max() > 0.1


def test_turning_by_m_and_back_by_n_is_turning_by_the_difference():
    x = torch.randn(1, 1, 1, WIDTH, dtype=torch.float64)
    basis = torch.eye(WIDTH, dtype=torch.float64)[None, None]

    def matrix(position):
        step = rotation(torch.tensor([position]), frequencies())
        return rotate_half_split(basis, step)[0, 0].T

    torch.testing.assert_close(matrix(3).T @ matrix(11), matrix(8), rtol=0, atol=1e-12)
    torch.testing.assert_close(turn(x, start=5)[0, 0, 0], matrix(5) @ x[0, 0, 0], rtol=0, atol=1e-12)


def test_two_dimensions_turn_counter_clockwise_by_the_position_in_radians():
    x = torch.tensor([[[[1.0, 0.0]] * 4]], dtype=torch.float64)
    position = torch.arange(4, dtype=torch.float64)
    expected = torch.stack((position.cos(), position.sin()), dim=-1)
    torch.testing.assert_close(turn(x)[0, 0], expected, rtol=0, atol=1e-12)


def test_frequencies_fall_geometrically():
    assert frequencies(8).tolist() == pytest.approx([1.0, 0.1, 0.01, 0.001])
    for width in (0, 3, -2):
        with pytest.raises(InvalidInput, match="even"):
            rotary_frequencies(width)


def test_llama31_scaling_keeps_high_frequencies_and_divides_low_ones():
    plain = rotary_frequencies(128, base=500000.0)
    scaled = rotary_frequencies(128, base=500000.0, scaling=RopeScaling())
    wave = 2 * torch.pi / plain
    high, low = wave < 8192 / 4, wave > 8192
    assert torch.equal(scaled[high], plain[high])
    torch.testing.assert_close(scaled[low], plain[low] / 8)
    between = ~high & ~low
    assert between.any()
    assert ((scaled < plain) & (scaled > plain / 8))[between].all()
    assert (scaled.diff() < 0).all()


def test_tables_are_sliced_gathered_grown_and_follow_the_data():
    rotary = Rotary(8, length=4)
    like = torch.zeros(1, dtype=torch.float64)
    expected = rotation(torch.arange(12), rotary_frequencies(8))
    sliced = rotary(2, 6, None, like)
    assert sliced.cos.dtype == torch.float64
    torch.testing.assert_close(sliced.cos, expected.cos[2:8].double(), rtol=0, atol=0)
    given = torch.tensor([[11, 0, 3]])
    gathered = rotary(0, 3, given, torch.zeros(1))
    assert gathered.sin.shape == (1, 1, 3, 8)
    torch.testing.assert_close(gathered.sin[0, 0], expected.sin[given[0]], rtol=0, atol=0)
