import itertools

import numpy as np
import pytest


def zipf_sentences(words, seed, vocabulary=20_000, length=8):
    """Sentences with a Zipf vocabulary and some habit of following, so that all discounts are in range."""
    rng = np.random.default_rng(seed)
    p = 1 / np.arange(1, vocabulary + 1)
    drawn = rng.choice(vocabulary, size=words, p=p / p.sum())
    follows = rng.random(words) < 0.5
    drawn[1:] = np.where(follows[1:], (drawn[:-1] * 7 + rng.integers(0, 3, words - 1)) % vocabulary, drawn[1:])
    text = iter(f"w{number}" for number in drawn)
    sentences = []
    while sentence := list(itertools.islice(text, int(rng.integers(1, 2 * length)))):
        sentences.append(sentence)
    return sentences


@pytest.fixture(scope="session")
def text():
    """About 30,000 words to train on and 1,000 other sentences, with words in them that training never saw."""
    heldout = zipf_sentences(14_000, seed=2)[:1000]
    assert len(heldout) == 1000
    return zipf_sentences(30_000, seed=1), heldout
