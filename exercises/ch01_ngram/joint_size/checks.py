"""Exact integers against lists of all strings; logarithms against those integers."""

import math
from itertools import product

from minillm.grading.expect import close, equal


def strings(size, length):
    return sum(1 for _ in product(range(size), repeat=length))


def test_the_books_figure(submission):
    # Section 2.1: 70,000 words, sentences of 20; 7 to the 20th is 79792266297612001.
    expected = int("79792266297612001" + 80 * "0")
    causes = {"float_arithmetic": int(70_000.0**20), "base_and_exponent": 20**70}
    equal(submission.joint_size(70_000, 20), expected, causes=causes)


def test_small_tables(submission, rng):
    for size, length in [
        (3, 2),
        (2, 5),
        (1, 4),
        (4, 0),
        *rng.integers(2, 6, size=(4, 2)).tolist(),
    ]:
        causes = {
            "base_and_exponent": length**size,
            "up_to_length": sum(
                strings(size, shorter) for shorter in range(length + 1)
            ),
        }
        equal(submission.joint_size(size, length), strings(size, length), causes=causes)


def test_logarithm(submission, rng):
    size = int(rng.integers(50_000, 100_000))
    for length in (0, 1, int(rng.integers(10, 30)), 1500):
        expected = math.log10(
            size**length
        )  # of an int of any size, exact to the last digits
        causes = {"base_and_exponent": size * math.log10(max(length, 1))}
        close(
            submission.log10_size(size, length),
            float(expected),
            rtol=1e-12,
            causes=causes,
        )


def test_ngram_parameters(submission, rng):
    for size, order in [(10, 3), (2, 1), *rng.integers(2, 6, size=(4, 2)).tolist()]:
        rows = strings(size, order - 1)
        causes = {"rows_add_up": rows * size, "one_table": rows * size - 1}
        equal(
            submission.ngram_parameters(size, order),
            sum(size - 1 for _ in range(rows)),
            causes=causes,
        )
    equal(submission.ngram_parameters(70_000, 3), 342_995_100_000_000)
