"""Every smoothing against the slow reference, word by word, after every kind of context; and one model by hand."""

import itertools
import math
import random
import warnings

import numpy as np
import pytest
from slow_ngram import Slow

from minillm.ngram import EOS, UNK, DiscountWarning, NgramCounts, NgramLM
from minillm.ngram.good_turing import katz_ratios
from minillm.ngram.jelinek_mercer import BUCKETS, estimate_weights, jelinek_mercer

pytestmark = pytest.mark.filterwarnings("ignore::minillm.ngram.DiscountWarning")

METHODS = {
    "mle": ({"smoothing": "mle"}, lambda slow, model: slow.mle),
    "add_k": ({"smoothing": "add_k", "k": 0.3}, lambda slow, model: lambda w, h: slow.add_k(w, h, 0.3)),
    "good_turing": ({"smoothing": "good_turing"}, lambda slow, model: slow.good_turing),
    "jelinek_mercer": (
        {"smoothing": "jelinek_mercer", "weights": [0.9, 0.7, 0.6, 0.5]},
        lambda slow, model: lambda w, h: slow.jelinek_mercer(w, h, [0.9, 0.7, 0.6, 0.5]),
    ),
    "katz": (
        {"smoothing": "katz"},
        lambda slow, model: lambda w, h: slow.katz(w, h, _katz_ratios_of(model.counts)),
    ),
    "absolute": (
        {"smoothing": "absolute", "discount": 0.6},
        lambda slow, model: lambda w, h: slow.absolute(w, h, 0.6),
    ),
    "kneser_ney": (
        {"smoothing": "kneser_ney", "discount": 0.7},
        lambda slow, model: lambda w, h: slow.kneser_ney(w, h, 0.7),
    ),
    "modified_kneser_ney": (
        {"smoothing": "modified_kneser_ney"},
        lambda slow, model: lambda w, h: slow.modified_kneser_ney(w, h, model.discounts),
    ),
}


def _katz_ratios_of(counts):
    return {n: dict(enumerate(katz_ratios(counts.predicted_counts(n), n), start=1)) for n in range(1, counts.order + 1)}


def _corpus(seed, sentences=12):
    rng = random.Random(seed)
    return [rng.choices("abcd", weights=[8, 4, 2, 1], k=rng.randint(0, 7)) for _ in range(sentences)] + [["a", "b"]]


def _contexts(order):
    """All contexts of up to order - 1 words, with <s> first, with <unk> inside, seen or not."""
    for n in range(order):
        yield from itertools.product("abcd", repeat=n)
        if n:
            yield from (("<s>", *rest) for rest in itertools.product("abcd", repeat=n - 1))
    yield (UNK, "a", UNK)[: order - 1]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [1, 2, 4])
def test_equals_the_slow_reference_after_every_context(method, order):
    options, reference = METHODS[method]
    options = {name: value[:order] if name == "weights" else value for name, value in options.items()}
    corpus = _corpus(seed=order)
    model = NgramLM(order, **options).fit(corpus)
    expected = reference(Slow(corpus, order), model)
    compared = 0
    for context in _contexts(order):
        fast = model.probs(context)
        for word in ("a", "b", "c", "d", EOS, UNK):
            slow = expected(word, tuple(context))
            assert fast[model.vocabulary.id(word)] == pytest.approx(slow, rel=1e-9, abs=1e-14), (context, word)
            assert math.exp(model.logprob(word, context)) == pytest.approx(slow, rel=1e-9, abs=1e-14)
            compared += slow > 0
    assert compared > 6


@pytest.fixture(scope="module")
def references(text):
    return {order: Slow(text[0], order) for order in (2, 3)}


@pytest.mark.parametrize("method", METHODS)
def test_equals_the_slow_reference_where_no_discount_falls_back(method, text, references):
    """On 20,000 words all estimates are in range, so a fallback cannot hide a wrong formula."""
    options, reference = METHODS[method]
    train, heldout = text
    order = 2 if method == "katz" else 3  # this text has too few frequent trigrams for Katz's n5 and n6
    options = {name: value[:order] if name == "weights" else value for name, value in options.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error", DiscountWarning)
        model = NgramLM(order, **options).fit(train)
    expected = reference(references[order], model)
    known = [w if w in model.vocabulary else UNK for w in heldout[0][:6]]
    for i, word in enumerate(known):
        context = ("<s>", *known[:i])[1 - order :]
        assert math.exp(model.logprob(word, context)) == pytest.approx(expected(word, context), rel=1e-9)


def test_modified_kneser_ney_by_hand():
    """Five sentences worked through on paper, every probability of the model.

    Bigram counts: <s>a 2, <s>c 2, <s>b 1, a</s> 3, ca 1, b</s> 1, c</s> 1, so n1..n4 = 4, 2, 1, 0 and Y = 4/8:
        D1 = 1 - 2(1/2)(2/4) = 1/2,  D2 = 2 - 3(1/2)(1/2) = 5/4,  D3 = 3.
    Words before: a 2 (<s>, c), b 1, c 1, </s> 3, total 7, so n1..n4 = 2, 1, 1, 0 and Y = 2/4:
        D1 = 1 - 2(1/2)(1/2) = 1/2,  D2 = 2 - 3(1/2)(1/1) = 1/2,  D3 = 3.
    Freed at the unigrams: (1/2 + 1/2 + 1/2 + 3)/7 = 4.5/7, a fifth of it to each of <unk>, </s>, a, b, c: 0.9/7.
    """
    model = NgramLM(2).fit([s.split() for s in ("a", "c a", "b", "a", "c")])
    assert model.discounts == [(0.5, 0.5, 3.0), (0.5, 1.25, 3.0)]
    unigrams = {"a": 2.4 / 7, "b": 1.4 / 7, "c": 1.4 / 7, EOS: 0.9 / 7, UNK: 0.9 / 7}
    first_terms = {  # context: freed share, first terms
        "<s>": (3 / 5, {"a": 0.75 / 5, "c": 0.75 / 5, "b": 0.5 / 5}),
        "a": (3 / 3, {EOS: 0.0}),
        "b": (0.5, {EOS: 0.5}),
        "c": (0.5, {"a": 0.25, EOS: 0.25}),
        UNK: (1.0, {}),
    }
    for word, p in unigrams.items():
        assert math.exp(model.logprob(word)) == pytest.approx(p, rel=1e-12)
    for context, (freed, terms) in first_terms.items():
        for word, below in unigrams.items():
            expected = terms.get(word, 0.0) + freed * below
            assert math.exp(model.logprob(word, [context])) == pytest.approx(expected, rel=1e-12), (context, word)


def test_a_word_of_one_context_is_rarely_backed_off_to():
    """Kneser and Ney's point: "francisco" is frequent, but only after "san"; elsewhere "glasses" is likelier."""
    corpus = [["san", "francisco"]] * 50 + [[w, "glasses"] for w in ("my", "her", "his", "new", "old", "thick")]
    assert NgramLM(2, "absolute").fit(corpus).probs(["francisco"])[3] > 0  # the model is fitted and answers
    backed_off = {
        name: np.exp(
            NgramLM(2, name, discount=0.75).fit(corpus).logprob("francisco")
            - NgramLM(2, name, discount=0.75).fit(corpus).logprob("glasses")
        )
        for name in ("absolute", "kneser_ney")
    }
    assert backed_off["absolute"] > 5
    assert backed_off["kneser_ney"] < 0.2


@pytest.mark.parametrize("name", METHODS)
def test_begin_is_never_predicted_and_end_is(name, text):
    options, _ = METHODS[name]
    options = {key: value[:3] if key == "weights" else value for key, value in options.items()}
    model = NgramLM(3, **options).fit(text[0])
    for context in ([], ["<s>"], ["w1"], ["w1", "w2"], ["no", "such"]):
        p = model.probs(context)
        assert p[model.vocabulary.id("<s>")] == 0
        assert model.logprob("<s>", context) == -math.inf
    assert math.exp(model.logprob(EOS, ["w1"])) > 0.001


def test_no_discount_is_maximum_likelihood_on_what_was_seen(text):
    train, _ = text
    mle, plain = NgramLM(3, "mle").fit(train), NgramLM(3, "kneser_ney", discount=0.0).fit(train)
    assert plain.score_batch(train) == pytest.approx(mle.score_batch(train), rel=1e-12)


def test_heldout_weights_raise_the_likelihood_to_a_maximum(text):
    train, heldout = text
    counts = NgramCounts.from_sentences(train, 3)
    tokens = counts.vocabulary.encode(heldout)
    weights, likelihood = estimate_weights(counts, tokens, iterations=200)
    assert np.all(np.diff(likelihood) >= -1e-12)
    assert likelihood[-1] > likelihood[0] + 0.05
    model = NgramLM(3, "jelinek_mercer").fit_counts(counts, heldout)
    best = model.perplexity(heldout).log_likelihood
    assert best / model.perplexity(heldout).tokens == pytest.approx(likelihood[-1], abs=1e-3)
    for other in ([0.99] * 3, [0.5] * 3, [0.9, 0.6, 0.3]):
        fixed = NgramLM(3, "jelinek_mercer", weights=other).fit_counts(counts)
        assert fixed.perplexity(heldout).log_likelihood < best

    # At a maximum no weight can be moved, up or down, to any gain.
    def likelihood_of(changed):
        logp = jelinek_mercer(counts, changed).score(tokens)[tokens != counts.vocabulary.id("<s>")]
        return logp.mean()

    for order, trusted in ((0, 15), (1, 0), (1, 3), (1, 6)):
        for step in (-0.02, 0.02):
            changed = weights.copy()
            changed[order, trusted] += step
            assert likelihood_of(changed) < likelihood_of(weights), (order, trusted, step)
    # A context seen often is trusted more than one seen once.
    assert weights.shape == (3, BUCKETS)
    assert weights[1, 6] > weights[1, 0] + 0.05


def test_weights_without_heldout_text_come_from_every_tenth_sentence(text):
    train, _ = text
    model = NgramLM(2, "jelinek_mercer").fit(iter(train))
    vocabulary = model.vocabulary
    rest = vocabulary.encode(s for i, s in enumerate(train, start=1) if i % 10)
    weights, _ = estimate_weights(NgramCounts.from_tokens(vocabulary, rest, 2), vocabulary.encode(train[9::10]))
    assert model.weights == pytest.approx(weights, abs=1e-12)
    assert model.counts.total == sum(len(s) + 1 for s in train)


def test_katz_adds_small_remainders_up_instead_of_subtracting(monkeypatch, text):
    """Both ways agree where both are exact enough; the slow one is taken where 1 - sum would lose digits."""
    train, heldout = text
    usual = NgramLM(3, "katz").fit(train[:500])
    monkeypatch.setattr("minillm.ngram.katz._SMALL", 2.0)
    added = NgramLM(3, "katz").fit(train[:500])
    assert added.score_batch(heldout) == pytest.approx(usual.score_batch(heldout), rel=1e-9)
    monkeypatch.undo()
    # "a" is followed by "b" 3,000 times and by "c" 7 times: after "x a" all but a speck of the mass is spoken for.
    corpus = [["a", "b"]] * 3000 + [["a", "c"]] * 7 + [["x", "a", "b"], ["x", "a", "c"], ["y", "b"]]
    model = NgramLM(3, "katz").fit(corpus)
    assert model.probs(["x", "a"]).sum() == pytest.approx(1, abs=1e-14)
