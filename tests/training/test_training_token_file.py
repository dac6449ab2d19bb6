import random

import numpy as np
import pytest

from minillm.errors import FormatError, InvalidInput
from minillm.training import read_tokens, write_tokens


@pytest.mark.parametrize(("vocab_size", "dtype"), [(1 << 16, "uint16"), ((1 << 16) + 1, "uint32"), (1, "uint16")])
def test_what_is_written_is_read_in_the_smallest_type(tmp_path, vocab_size, dtype):
    ids = np.random.default_rng(0).integers(vocab_size, size=1000)
    ids[-1] = vocab_size - 1
    assert write_tokens(tmp_path / "a.bin", iter([ids[:1], [], ids[1:].tolist()]), vocab_size) == 1000
    found, size = read_tokens(tmp_path / "a.bin")
    assert found.dtype == dtype
    assert size == vocab_size
    np.testing.assert_array_equal(found, ids)
    assert isinstance(found, np.memmap)


def test_no_tokens_are_no_error(tmp_path):
    assert write_tokens(tmp_path / "a.bin", [], 10) == 0
    assert len(read_tokens(tmp_path / "a.bin")[0]) == 0


@pytest.mark.parametrize("piece", [[10], [-1], np.array([0.5]), [65536 + 3]])
def test_an_id_outside_leaves_the_old_file(tmp_path, piece):
    write_tokens(tmp_path / "a.bin", [[1, 2]], 10)
    with pytest.raises(InvalidInput, match="from 0 to 9"):
        write_tokens(tmp_path / "a.bin", [[3], piece], 10)
    assert read_tokens(tmp_path / "a.bin")[0].tolist() == [1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("size", [0, -1, (1 << 32) + 1])
def test_a_vocabulary_has_a_size(tmp_path, size):
    with pytest.raises(InvalidInput, match="vocab_size"):
        write_tokens(tmp_path / "a.bin", [], size)


def test_a_file_that_is_cut_or_grown_is_refused(tmp_path):
    path = tmp_path / "a.bin"
    write_tokens(path, [range(100)], 100)
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:-200], whole[:300], b"", whole + b"\0\0"):
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"a\.bin"):
            read_tokens(path)


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "a.bin"
    for foreign in (b"x" * 2000, np.arange(1000, dtype=np.uint16).tobytes(), b"MINITOKS\n" + b"{}".ljust(600)):
        path.write_bytes(foreign)
        with pytest.raises(FormatError, match=r"a\.bin"):
            read_tokens(path)


def test_a_damaged_header_is_refused_or_says_the_same(tmp_path):
    """500 mutations of the header: an error of ours, or nothing that matters was hit."""
    path = tmp_path / "a.bin"
    write_tokens(path, [range(100)], 100)
    whole, chance = path.read_bytes(), random.Random(0)
    refused = 0
    for _ in range(500):
        damaged = bytearray(whole)
        damaged[chance.randrange(100)] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            ids, _ = read_tokens(path)
        except FormatError:
            refused += 1
        else:
            assert ids.tolist() == list(range(100))
    assert refused > 300
