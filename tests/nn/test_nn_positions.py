import math

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.nn import LearnedPositions, SinusoidalPositions, alibi_bias, alibi_slopes, sinusoidal_positions


def sinusoidal(length, width):
    return sinusoidal_positions(length, width, dtype=torch.float64)


def books_listing(length, width):
    """Listing A of the book: the loop variable already steps by two, and is doubled again (errata E5)."""
    table = torch.zeros(length, width, dtype=torch.float64)
    for position in range(length):
        for i in range(0, width, 2):
            table[position, i] = math.sin(position / 10000 ** (2 * i / width))
            table[position, i + 1] = math.cos(position / 10000 ** (2 * (i + 1) / width))
    return table


def shift_error(table, k):
    """How far the table is from being turned, pair by pair, when positions shift by k."""
    width = table.shape[1]
    angles = k * 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    sine, cosine = table[:-k, 0::2], table[:-k, 1::2]
    turned = torch.stack(
        (sine * angles.cos() + cosine * angles.sin(), cosine * angles.cos() - sine * angles.sin()), dim=-1
    )
    return (turned.flatten(1) - table[k:]).abs().max().item()


def test_the_fixture():
    expected = torch.tensor([math.sin(1), math.cos(1), math.sin(0.01), math.cos(0.01)], dtype=torch.float64)
    torch.testing.assert_close(sinusoidal(2, 4)[1], expected)
    assert sinusoidal(2, 4)[0].tolist() == [0.0, 1.0, 0.0, 1.0]


@pytest.mark.parametrize("k", [1, 7, 50])
def test_a_shift_is_a_rotation_and_the_books_listing_fails(k):
    assert shift_error(sinusoidal(200, 64), k) < 1e-12
    assert shift_error(books_listing(200, 64), k) > 0.1


def test_products_hang_on_the_distance_only_and_the_books_listing_fails():
    def spread(table):
        products = table @ table.T
        return max(products.diagonal(k).std().item() for k in (0, 1, 10, 60))

    assert spread(sinusoidal(200, 64)) < 1e-12
    assert spread(books_listing(200, 64)) > 0.5
    assert (sinusoidal(200, 64).square().sum(1) - 32).abs().max() < 1e-12


def test_odd_widths_and_prefixes():
    assert sinusoidal(5, 7).shape == (5, 7)
    torch.testing.assert_close(sinusoidal(5, 8), sinusoidal(50, 8)[:5], rtol=0, atol=0)
    with pytest.raises(InvalidInput, match="0 positions"):
        sinusoidal(0, 4)


def test_the_table_is_sliced_gathered_grown_and_follows_the_data():
    table = SinusoidalPositions(6, length=4)
    like = torch.zeros(1, dtype=torch.float64)
    torch.testing.assert_close(table(2, 3, None, like), sinusoidal(5, 6)[2:], rtol=0, atol=0)
    given = torch.tensor([[9, 0], [3, 3]])
    torch.testing.assert_close(table(0, 2, given, like), sinusoidal(10, 6)[given], rtol=0, atol=0)
    assert table(0, 2, None, torch.zeros(1)).dtype == torch.float32
    with torch.inference_mode():
        fresh = SinusoidalPositions(6)
        fresh(0, 2, None, like)
    (fresh(0, 2, None, like) * torch.ones(2, 6, dtype=torch.float64, requires_grad=True)).sum().backward()


def test_learned_positions_start_behind_their_offset():
    table = LearnedPositions(5, 3, offset=2)
    assert table.weight.shape == (7, 3)
    assert torch.equal(table(1, 3, None), table.weight[3:6])
    assert torch.equal(table(0, 2, torch.tensor([[0, 4]])), table.weight[[2, 6]][None])
    with pytest.raises(InvalidInput, match="positions 3 to 5"):
        table(3, 3, None)


def test_alibi_slopes_are_the_papers():
    assert alibi_slopes(8).tolist() == [2.0**-i for i in range(1, 9)]
    # Twelve heads, as BLOOM's small sibling has: those of eight, then every other of sixteen.
    expected = [2.0**-i for i in range(1, 9)] + [2.0 ** (-0.5 - i) for i in range(4)]
    torch.testing.assert_close(alibi_slopes(12), torch.tensor(expected))
    with pytest.raises(InvalidInput, match="0 heads"):
        alibi_slopes(0)


def test_alibi_falls_with_distance_and_aligns_at_the_last_key():
    bias = alibi_bias(2, 4)
    for head, slope in enumerate(alibi_slopes(2)):
        for query in range(4):
            for key in range(query + 1):
                assert bias[head, query, key] == -slope * (query - key)
    assert torch.equal(alibi_bias(2, 1, 4), bias[:, 3:])


def test_alibi_softmax_equals_the_one_with_the_papers_row_wise_bias():
    """Press et al. add slope times the key's index: the same up to a constant a row, which the softmax drops."""
    scores = torch.randn(2, 5, 5)
    ahead = torch.ones(5, 5).triu(1).bool()
    ours = (scores + alibi_bias(2, 5)).masked_fill(ahead, -torch.inf).softmax(-1)
    theirs = scores + alibi_slopes(2)[:, None, None] * torch.arange(5)
    torch.testing.assert_close(ours, theirs.masked_fill(ahead, -torch.inf).softmax(-1))
