"""A random tree of histories, and every sentence in it listed and multiplied out."""

import math
from itertools import product

import pytest

from minillm.grading.expect import close, is_true

WORDS = ["go", "on", "习惯"]
DEPTH = 3


def tree(rng):
    """A table in which every history of DEPTH words ends the sentence."""
    table = {}
    for length in range(DEPTH + 1):
        for history in product(WORDS, repeat=length):
            shares = rng.dirichlet([1.0] * 4)
            row = dict(zip([*WORDS, "</s>"], shares.tolist(), strict=True))
            table[history] = row if length < DEPTH else {"</s>": 1.0}
    return table


def factors(sentence, table, end=True):
    marked = [*sentence, "</s>"] if end else list(sentence)
    return [table[tuple(sentence[:i])][word] for i, word in enumerate(marked)]


def sentences(longest):
    return [
        list(words)
        for length in range(longest + 1)
        for words in product(WORDS, repeat=length)
    ]


def test_two_words_by_hand(submission):
    table = {
        (): {"go": 0.5, "</s>": 0.5},
        ("go",): {"on": 0.25, "</s>": 0.75},
        ("go", "on"): {"</s>": 0.5},
    }
    close(
        submission.sentence_logprob(["go", "on"], table),
        math.log(1 / 16),
        causes={"no_end": math.log(1 / 8)},
    )
    close(
        submission.sentence_logprob(["go"], table),
        math.log(3 / 8),
        causes={"no_end": math.log(1 / 2)},
    )
    close(
        submission.sentence_logprob([], table), math.log(1 / 2), causes={"no_end": 0.0}
    )


def test_every_sentence(submission, rng):
    table = tree(rng)
    total = 0.0
    for sentence in sentences(DEPTH):
        before = [(word,) for word in sentence]
        last = [
            table[before[i - 1] if i else ()][word]
            for i, word in enumerate([*sentence, "</s>"])
        ]
        causes = {
            "no_end": math.log(math.prod(factors(sentence, table, end=False))),
            "last_word_only": math.log(math.prod(last)),
        }
        got = submission.sentence_logprob(sentence, table)
        close(got, math.log(math.prod(factors(sentence, table))), causes=causes)
        total += math.exp(got)
    is_true(
        abs(total - 1) < 1e-9,
        f"the probabilities of all sentences add up to {total:.6f}, which should be 1",
    )


def test_impossible_sentences(submission, rng):
    table = tree(rng)
    close(
        submission.sentence_logprob(["go"], table),
        math.log(math.prod(factors(["go"], table))),
    )
    for sentence in (["zebra"], ["go", "zebra"], ["zebra", "go"], ["go"] * (DEPTH + 2)):
        close(submission.sentence_logprob(sentence, table), -math.inf)


def test_long_sentence(submission, rng):
    shares = rng.uniform(0.01, 0.05, size=300).tolist()
    table = {("go",) * i: {"go": share} for i, share in enumerate(shares)} | {
        ("go",) * 300: {"</s>": 0.5}
    }
    expected = math.fsum(map(math.log, [*shares, 0.5]))
    close(
        submission.sentence_logprob(["go"] * 300, table),
        expected,
        causes={"underflow": -math.inf},
    )


@pytest.mark.parametrize("kind", ["tree", "holes"])
def test_mass_reaches_one(submission, rng, kind):
    table = tree(rng)
    if kind == "holes":
        del table["go",], table["on", "go"]["on"]
    by_length = [0.0] * (DEPTH + 1)
    starts = [0.0] * (DEPTH + 1)
    for sentence in sentences(DEPTH):
        known = all(tuple(sentence[:i]) in table for i in range(len(sentence) + 1))
        if known and all(
            word in table[tuple(sentence[:i])] for i, word in enumerate(sentence)
        ):
            by_length[len(sentence)] += math.prod(factors(sentence, table))
            starts[len(sentence)] += math.prod(factors(sentence, table, end=False))
    for longest in (DEPTH, 1, 2, 0, DEPTH + 2):
        causes = {
            "one_length_short": math.fsum(by_length[:longest]),
            "ends_ignored": math.fsum(starts[: longest + 1]),
        }
        close(
            submission.mass(table, longest),
            math.fsum(by_length[: longest + 1]),
            rtol=1e-10,
            causes=causes,
        )
