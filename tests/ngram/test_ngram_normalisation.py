"""Probabilities sum to 1 over all words, <unk> and </s>, after every context, for every smoothing, on any corpus."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm.ngram import SMOOTHINGS, NgramLM

pytestmark = pytest.mark.filterwarnings("ignore::minillm.ngram.DiscountWarning")

words = st.sampled_from(["a", "b", "c", "d", "e"])
corpora = st.lists(st.lists(words, max_size=8), min_size=1, max_size=14).filter(any)
contexts = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "<unk>", "other"]), max_size=4)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@settings(max_examples=30, deadline=None)
@given(
    corpus=corpora,
    order=st.integers(1, 4),
    context=contexts,
    start=st.booleans(),
    min_count=st.integers(1, 3),
)
def test_sums_to_one(smoothing, corpus, order, context, start, min_count):
    model = NgramLM(order, smoothing, min_count=min_count).fit(corpus)
    context = ["<s>", *context] if start else context
    p = model.probs(context)
    assert p.sum() == pytest.approx(1, abs=1e-10)
    assert p.min() >= 0
    assert p[1] == 0
    for number in range(len(p)):
        word = model.vocabulary.words[number]
        assert np.exp(model.logprob(word, context)) == pytest.approx(p[number], rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_sums_to_one_on_real_sizes(smoothing, text):
    train, heldout = text
    model = NgramLM(4, smoothing).fit(train)
    for sentence in [*train[:6], *heldout[:6]]:
        for i in range(len(sentence)):
            assert model.probs(["<s>", *sentence[:i]]).sum() == pytest.approx(1, abs=1e-10)
            assert model.probs(sentence[:i]).sum() == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("smoothing", [s for s in SMOOTHINGS if s != "mle"])
def test_nothing_is_impossible_once_smoothed(smoothing, text):
    train, _ = text
    for corpus in (train, [["a"]], [["a"] * 40], [["a", "b", "c", "d", "e", "f"]] * 9):
        model = NgramLM(3, smoothing).fit(corpus)
        for context in ([], ["<s>"], ["a"], ["a", "a"], ["b", "c"], ["never", "seen"]):
            p = np.delete(model.probs(context), 1)
            assert p.min() > 0, (context, corpus[0][:5])
