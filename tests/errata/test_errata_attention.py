"""Errata of the book's section 2.4.2 (efficient attention): the printed version fails, the corrected one holds."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from minillm.nn.flash import flash_attention
from minillm.nn.traffic import Traffic, standard_attention, tile_sizes

LENGTH, WIDTH, MEMORY = 64, 8, 512


def tensors(length: int = LENGTH) -> list[Tensor]:
    """Queries, keys and values."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(length, WIDTH, dtype=torch.float64, generator=generator) for _ in range(3)]


def exact(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention by PyTorch."""
    return F.scaled_dot_product_attention(query[None], key[None], value[None])[0]


def tiled(
    query: Tensor, key: Tensor, value: Tensor, memory: int, *, counted: int = LENGTH, reload: bool = True
) -> Tensor:
    """The book's algorithm 2.1 with the scale put in, and two of its faults to choose from.

    Args:
        query: Queries.
        key: Keys.
        value: Values.
        memory: Size M of the fast memory, in elements.
        counted: What the numbers of tiles are computed from: the length, or as printed the memory.
        reload: Load the tile of queries and of results in the inner loop; as printed, that line is missing.
    """
    rows, columns = tile_sizes(memory, WIDTH)
    output, total = torch.zeros_like(query), query.new_zeros(len(query), 1)
    peak = torch.full_like(total, -torch.inf)
    held = None
    for j in range(math.ceil(counted / columns)):
        k, v = (x[j * columns : (j + 1) * columns] for x in (key, value))
        for i in range(math.ceil(counted / rows)):
            tile = slice(i * rows, (i + 1) * rows)
            if reload or held is None:
                held = query[tile], output[tile], total[tile], peak[tile]
            q, o, l, m = held
            s = q @ k.T / WIDTH**0.5
            new = torch.maximum(m, s.amax(dim=1, keepdim=True))
            p, kept = (s - new).exp(), l * (m - new).exp()
            sums = kept + p.sum(dim=1, keepdim=True)
            held = q, (kept * o + p @ v) / sums, sums, new
            output[tile], total[tile], peak[tile] = held[1:]
    return output


def test_e41a_keys_are_transposed() -> None:
    query, key, value = tensors()
    with pytest.raises(RuntimeError):
        query @ key
    torch.testing.assert_close(standard_attention(query, key, value, Traffic()), exact(query, key, value))


def test_e41b_scores_are_scaled() -> None:
    query, key, value = tensors()
    printed = (query @ key.T).softmax(-1) @ value
    right = exact(query, key, value)
    torch.testing.assert_close(standard_attention(query, key, value, Traffic()), right)
    assert (printed - right).abs().max() > 0.1


def test_e41c_the_algorithm_scales_too() -> None:
    query, key, value = tensors()
    rows, columns = tile_sizes(MEMORY, WIDTH)
    right = exact(query, key, value)
    torch.testing.assert_close(flash_attention(query, key, value, rows=rows, columns=columns), right)
    printed = flash_attention(query, key, value, rows=rows, columns=columns, scale=1.0)
    torch.testing.assert_close(printed, (query @ key.T).softmax(-1) @ value)
    assert (printed - right).abs().max() > 0.1


def test_e42a_the_length_gives_the_number_of_tiles() -> None:
    memory = LENGTH // 2
    query, key, value = tensors()
    right = exact(query, key, value)
    torch.testing.assert_close(tiled(query, key, value, memory), right)
    rows, columns = tile_sizes(memory, WIDTH)
    torch.testing.assert_close(flash_attention(query, key, value, rows=rows, columns=columns), right)
    printed = tiled(query, key, value, memory, counted=memory)
    assert torch.equal(printed[memory:], torch.zeros(LENGTH - memory, WIDTH, dtype=torch.float64)), "never written"
    torch.testing.assert_close(printed[:memory], exact(query[:memory], key[:memory], value[:memory]))
    assert (printed[:memory] - right[:memory]).abs().max() > 0.1, "half of the keys were never read"
    # A memory larger than the text has tiles of no row.
    rows, _ = tile_sizes(MEMORY, WIDTH)
    assert math.ceil(MEMORY / rows) > math.ceil(LENGTH / rows)


def test_e42b_the_inner_loop_loads_its_tile() -> None:
    query, key, value = tensors()
    right = exact(query, key, value)
    torch.testing.assert_close(tiled(query, key, value, MEMORY), right)
    printed = tiled(query, key, value, MEMORY, reload=False)
    rows, _ = tile_sizes(MEMORY, WIDTH)
    assert (printed - right).abs().max() > 0.1
    torch.testing.assert_close(printed[-rows:], right[:rows])  # the last tile written holds the first tile's result


def test_e42c_a_tile_is_written_where_it_belongs() -> None:
    query, key, value = tensors()
    rows, columns = tile_sizes(MEMORY, WIDTH)
    output = torch.zeros_like(query)
    for i in range(0, LENGTH, rows):
        tile = flash_attention(query[i : i + rows], key, value, rows=rows, columns=columns)
        output[i : i + rows] = tile
        printed = tile
    right = exact(query, key, value)
    torch.testing.assert_close(output, right)
    assert printed.shape != right.shape
    torch.testing.assert_close(printed, right[-rows:])


def test_e42d_scores_are_never_written() -> None:
    query, key, value = tensors()
    stored = {}
    for name, attention in (("standard", standard_attention), ("flash", flash_attention)):
        traffic = Traffic()
        attention(query, key, value, traffic=traffic)
        stored[name] = traffic.stored
    assert stored["standard"] == 2 * LENGTH**2 + LENGTH * WIDTH
    assert stored["flash"] == LENGTH * WIDTH + 2 * LENGTH, "one tile of keys: the result, and two numbers a row"
