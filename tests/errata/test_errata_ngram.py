"""Erratum E22b of section 2.1: without an end symbol the probabilities of strings do not sum to 1."""

import itertools
import math

import numpy as np
import pytest

from minillm.ngram import EOS, NgramLM

WORDS = ("a", "b", "c")
CORPUS = [s.split() for s in ("a", "b c", "a a b", "c", "b", "a c", "b a", "c c a", "a b c", "c b")]


def strings(length: int) -> list[list[str]]:
    return [list(string) for string in itertools.product(WORDS, repeat=length)]


def as_printed(model: NgramLM, string: list[str]) -> float:
    """Equation (2.4): relative frequencies of words after words, and nothing for the end."""
    p = 1.0
    for before, word in itertools.pairwise(["<s>", *string]):
        p *= model.counts.count([before, word]) / sum(model.counts.count([before, other]) for other in WORDS)
    return p


def test_e22b_strings_need_an_end() -> None:
    model = NgramLM(2, "mle").fit(CORPUS)
    # Wrong: the strings of each single length share a mass of 1, so all strings together have no bound.
    printed = [sum(as_printed(model, string) for string in strings(length)) for length in range(1, 6)]
    assert printed == pytest.approx([1.0] * 5, rel=1e-12)
    assert sum(printed) > 4.99, "five lengths hold a mass of 5, against the definition's 1 for all lengths"
    # Right: with </s> as an event the lengths share a mass of 1, and what is missing is the chance of a longer string.
    ended = [float(np.exp(model.score_batch(strings(length))).sum()) for length in range(10)]
    assert all(0 <= mass < 1 for mass in ended)
    assert 0.99 < sum(ended) < 1
    # The remainder shrinks geometrically: no length is left out and none is counted twice.
    remainders = 1 - np.cumsum(ended)
    ratios = remainders[5:] / remainders[4:-1]
    assert ratios == pytest.approx(np.full(5, ratios[-1]), abs=0.01)
    assert 0.3 < ratios[-1] < 0.8


def test_e22b_end_is_an_event_after_every_history() -> None:
    model = NgramLM(2, "mle").fit(CORPUS)
    for history in ("<s>", *WORDS):
        over_words = sum(math.exp(model.logprob(word, [history])) for word in WORDS)
        assert over_words + math.exp(model.logprob(EOS, [history])) == pytest.approx(1, abs=1e-12)
    assert sum(math.exp(model.logprob(word, ["a"])) for word in WORDS) < 0.9
