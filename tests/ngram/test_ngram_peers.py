"""The same figures as nltk.lm and KenLM, where these can be asked."""

import math
from itertools import chain

import numpy as np
import pytest

from minillm.ngram import EOS, SMOOTHINGS, UNK, NgramCounts, NgramLM

ARPA_METHODS = [name for name in SMOOTHINGS if name not in ("add_k", "good_turing")]


def _nltk_grams(sentences, order):
    """What our counting calls a sentence, one <s> and one </s>, as nltk's everygrams."""
    util = pytest.importorskip("nltk.util")
    return (util.everygrams(("<s>", *s, "</s>"), max_len=order) for s in sentences)


@pytest.fixture(scope="module")
def nltk_lm():
    return pytest.importorskip("nltk.lm")


def test_counts_equal_nltk(nltk_lm, text):
    train = text[0][:150]
    counter = nltk_lm.NgramCounter(_nltk_grams(train, 3))
    ours = NgramCounts.from_sentences(train, 3)
    assert counter.N() > 3000
    for order in (2, 3):
        compared = 0
        for context, followers in counter[order].items():
            for word, count in followers.items():
                assert ours.count([*context, word]) == count
                compared += 1
        assert compared == len(ours.levels[order - 1])
    for word, count in counter.unigrams.items():
        assert ours.count([word]) == count


@pytest.mark.parametrize("order", [2, 3])
def test_mle_equals_nltk(nltk_lm, text, order):
    train = text[0][:120]
    peer = nltk_lm.MLE(order)
    peer.fit(_nltk_grams(train, order), chain.from_iterable(("<s>", *s, "</s>") for s in train))
    ours = NgramLM(order, "mle").fit(train)
    compared = 0
    for sentence in train[:20]:
        padded = ["<s>", *sentence, "</s>"]
        for i in range(1, len(padded)):
            context = padded[max(i - order + 1, 0) : i]
            for word in (padded[i], "w0", EOS):
                theirs = peer.score(word, context)
                assert math.exp(ours.logprob(word, context)) == pytest.approx(theirs, rel=1e-12, abs=1e-12)
                compared += theirs > 0
    assert compared > 200


@pytest.mark.parametrize("order", [2, 3])
def test_add_one_equals_nltk_laplace(nltk_lm, text, order):
    """nltk counts <s> among the words that can be predicted; leaving it out of its vocabulary makes it <UNK>."""
    train = text[0][:120]
    peer = nltk_lm.Laplace(order)
    peer.fit(_nltk_grams(train, order), chain.from_iterable((*s, "</s>") for s in train))
    ours = NgramLM(order, "add_k", k=1.0).fit(train)
    assert len(peer.vocab) == ours.vocabulary.predicted
    compared = 0
    for sentence in train[:20]:
        padded = ["<s>", *sentence, "</s>"]
        for i in range(1, len(padded)):
            context = padded[max(i - order + 1, 0) : i]
            theirs_context = ["<UNK>" if word == "<s>" else word for word in context]
            for word in (padded[i], "w0", "w77", EOS):
                theirs = peer.score(word, theirs_context)
                assert math.exp(ours.logprob(word, context)) == pytest.approx(theirs, rel=1e-12, abs=1e-12)
                compared += 1
    assert compared > 600


@pytest.mark.filterwarnings("ignore::minillm.ngram.DiscountWarning")
@pytest.mark.parametrize(
    ("smoothing", "order", "sentences"),
    [*((name, 3, 1000) for name in ARPA_METHODS), ("katz", 2, 100), ("modified_kneser_ney", 5, 100)],
)
def test_kenlm_reads_our_file_and_agrees(smoothing, order, sentences, text, tmp_path):
    kenlm = pytest.importorskip("kenlm")
    train, heldout = text[0][:1000], text[1][:sentences]
    model = NgramLM(order, smoothing).fit(train)
    model.save_arpa(tmp_path / "model.arpa")
    peer = kenlm.Model(str(tmp_path / "model.arpa"))
    assert peer.order == order
    assert len(heldout) == sentences
    tokens = unknown = 0
    for sentence in heldout:
        ours = model.token_logprobs(sentence) / math.log(10)
        theirs = list(peer.full_scores(" ".join(sentence)))
        assert len(theirs) == len(ours)
        for mine, (score, _, oov) in zip(ours, theirs, strict=True):
            if mine == -math.inf:  # written as -99, the format's log of zero
                assert score < -90
            else:
                assert mine == pytest.approx(score, abs=1e-5)
            unknown += oov
        tokens += len(ours)
    ours = model.perplexity(heldout)
    assert (ours.tokens, ours.oov) == (tokens, unknown)
    assert unknown > 0.05 * tokens


def test_perplexities_with_and_without_unknown_words_equal_kenlm(text, tmp_path):
    kenlm = pytest.importorskip("kenlm")
    train, heldout = text
    model = NgramLM(3).fit(train)
    model.save_arpa(tmp_path / "model.arpa")
    peer = kenlm.Model(str(tmp_path / "model.arpa"))
    scores = [score for s in heldout for score in peer.full_scores(" ".join(s))]
    including = 10 ** -np.mean([score for score, _, _ in scores])
    excluding = 10 ** -np.mean([score for score, _, oov in scores if not oov])
    ours = model.perplexity(heldout)
    assert ours.with_oov == pytest.approx(including, rel=1e-4)
    assert ours.without_oov == pytest.approx(excluding, rel=1e-4)
    # The two are far apart here, so that confusing them could not pass.
    assert abs(ours.with_oov / ours.without_oov - 1) > 0.05


def test_what_breaks_kneser_ney_in_nltk_holds_here(text):
    """nltk#2332: an unseen context divided by zero. nltk#2709: lower orders without continuation counts."""
    train, _ = text
    model = NgramLM(3, "kneser_ney").fit(train)
    assert math.isfinite(model.logprob("w1", ["never", "seen"]))
    assert math.isfinite(model.logprob(UNK, ["never", "seen"]))
    plain, continuation = NgramLM(3, "absolute", discount=0.7), NgramLM(3, "kneser_ney", discount=0.7)
    assert not np.allclose(plain.fit(train).probs(["w1"]), continuation.fit(train).probs(["w1"]), rtol=1e-3)
