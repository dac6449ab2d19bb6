import json
import math
import subprocess
import sys

import numpy as np
import pytest

from minillm.errors import InvalidInput
from minillm.ngram import SMOOTHINGS, UNK, DiscountWarning, NgramCounts, NgramLM, Perplexity, Vocabulary

TOY = [s.split() for s in ("the cat sat", "the cat ran", "a dog sat", "the dog", "sat")]
pytestmark = pytest.mark.filterwarnings("ignore::minillm.ngram.DiscountWarning")


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_batch_sentence_token_and_word_scores_agree(smoothing, text):
    train, heldout = text
    model = NgramLM(3, smoothing).fit(train[:800])
    sentences = [[], *heldout[:12], [], ["w1"], []]
    batch = model.score_batch(sentences)
    assert batch.shape == (len(sentences),)
    for sentence, total in zip(sentences, batch, strict=True):
        by_word = [model.logprob(word, ["<s>", *sentence[:i]]) for i, word in enumerate([*sentence, "</s>"])]
        assert model.token_logprobs(sentence) == pytest.approx(np.array(by_word), rel=1e-12)
        assert model.score(sentence) == pytest.approx(total, rel=1e-12)
        assert sum(by_word) == pytest.approx(total, rel=1e-12)


def test_a_batch_may_be_empty_or_a_generator():
    model = NgramLM(2).fit(sentence for sentence in TOY)
    assert model.score_batch([]).shape == (0,)
    assert model.score_batch(iter(TOY)) == pytest.approx(model.score_batch(TOY))
    assert model.score_batch(tuple(s) for s in TOY) == pytest.approx(model.score_batch(TOY))


def test_only_the_last_words_of_a_context_count(text):
    model = NgramLM(3).fit(text[0][:300])
    long = ["<s>", *text[0][0], "w1", "w2"]
    assert model.logprob("w3", long) == model.logprob("w3", ["w1", "w2"])
    assert model.probs(long).tolist() == model.probs(["w1", "w2"]).tolist()
    assert model.logprob("w3", ["w1", "w2"]) != model.logprob("w3", ["w5", "w2"])


def test_unknown_words_and_unk_are_the_same_word():
    model = NgramLM(3).fit([["a", "<unk>", "b"], ["a", "c"], ["a", "b"]])
    assert model.vocabulary.words.count(UNK) == 1
    assert model.counts.count([UNK]) == 1
    assert model.score(["a", "never", "b"]) == model.score(["a", UNK, "b"])


def test_min_count_and_a_given_vocabulary_bound_what_is_known():
    rare = NgramLM(2, min_count=2).fit(TOY)
    assert set(rare.vocabulary.words[3:]) == {"the", "cat", "sat", "dog"}
    assert rare.counts.count([UNK]) == 2
    closed = NgramLM(2, vocabulary=["cat", "the", "bird"]).fit(TOY)
    assert closed.vocabulary.words[3:] == ("cat", "the", "bird")
    assert closed.counts.count(["bird"]) == 0
    assert math.exp(closed.logprob("bird", ["the"])) > 0
    assert closed.probs(["the"]).sum() == pytest.approx(1, abs=1e-12)


def test_fitting_shared_counts_equals_fitting_the_text(text):
    train, heldout = text[0][:300], text[1][:50]
    counts = NgramCounts.from_sentences(train, 4)
    for order in (1, 2, 4):
        for smoothing in ("kneser_ney", "katz", "add_k"):
            from_text = NgramLM(order, smoothing).fit(train).score_batch(heldout)
            from_counts = NgramLM(order, smoothing).fit_counts(counts).score_batch(heldout)
            assert from_counts.tolist() == from_text.tolist()


def test_more_context_helps_and_add_one_is_hurt_by_it(text):
    """The duel of the book's exercise in small: a smoothing that cannot back off gets worse with the order."""
    train, heldout = text
    counts = NgramCounts.from_sentences(train, 3)

    def ppl(smoothing, order, **options):
        return NgramLM(order, smoothing, **options).fit_counts(counts).perplexity(heldout).with_oov

    assert ppl("modified_kneser_ney", 2) < 0.8 * ppl("modified_kneser_ney", 1)
    assert ppl("add_k", 3, k=1.0) > 1.5 * ppl("add_k", 2, k=1.0)
    assert ppl("kneser_ney", 2) < ppl("absolute", 2) < ppl("add_k", 2, k=1.0)


class TestPerplexity:
    def test_of_a_uniform_model_is_the_number_of_words_it_can_predict(self):
        words = [f"w{i}" for i in range(98)]
        model = NgramLM(3, "add_k", k=1e15, vocabulary=words).fit([["w1", "w2"]])
        assert model.vocabulary.predicted == 100
        result = model.perplexity([["w5", "w1", "w9"], []])
        assert result.with_oov == pytest.approx(100, rel=1e-9)
        assert result.bits == pytest.approx(math.log2(100), rel=1e-9)

    def test_of_a_half_a_quarter_and_an_eighth_is_four(self):
        result = Perplexity.of(np.log([1 / 2, 1 / 4, 1 / 8]), np.zeros(3, dtype=bool), sentences=1)
        assert result.with_oov == pytest.approx(4, rel=1e-12)

    def test_counts_ends_of_sentences_and_unknown_words(self, text):
        train, heldout = text[0], text[1][:200]
        model = NgramLM(2).fit(train)
        result = model.perplexity(heldout)
        assert result.sentences == 200
        assert result.tokens == sum(len(s) + 1 for s in heldout)
        assert result.oov == sum(w not in model.vocabulary for s in heldout for w in s)
        logs = [model.token_logprobs(s) for s in heldout]
        known = [[w in model.vocabulary for w in s] + [True] for s in heldout]
        everything, mask = np.concatenate(logs), np.concatenate(known)
        assert result.with_oov == pytest.approx(math.exp(-everything.mean()), rel=1e-12)
        assert result.without_oov == pytest.approx(math.exp(-everything[mask].mean()), rel=1e-12)
        assert result.log_likelihood == pytest.approx(everything.sum(), rel=1e-12)

    def test_is_infinite_where_something_impossible_happens(self):
        model = NgramLM(2, "mle").fit(TOY)
        assert model.perplexity([["the", "ran"]]).with_oov == math.inf
        assert math.isfinite(model.perplexity([["the", "cat", "ran"]]).with_oov)

    def test_needs_a_sentence(self):
        with pytest.raises(InvalidInput, match="there are no sentences"):
            NgramLM(1).fit(TOY).perplexity([])


class TestSampling:
    def test_frequencies_are_the_probabilities(self):
        model = NgramLM(2, "add_k", k=0.5).fit(TOY)
        rng = np.random.default_rng(0)
        draws = 1500
        firsts = [(model.sample(rng, max_words=1) or ["</s>"])[0] for _ in range(draws)]
        p = model.probs(["<s>"])
        for number, word in enumerate(model.vocabulary.words):
            deviation = math.sqrt(p[number] * (1 - p[number]) / draws)
            assert firsts.count(word) / draws == pytest.approx(p[number], abs=4 * deviation + 1e-12), word

    def test_every_sample_of_an_unsmoothed_model_was_possible(self):
        model = NgramLM(3, "mle").fit(TOY)
        rng = np.random.default_rng(1)
        samples = [model.sample(rng) for _ in range(200)]
        assert np.isfinite(model.score_batch(samples)).all()
        assert len({tuple(s) for s in samples}) >= 4

    def test_continues_a_prefix_and_stops_in_time(self):
        model = NgramLM(3, "mle").fit([["a", "b", "c"]])
        rng = np.random.default_rng(2)
        assert model.sample(rng, ["a", "b"]) == ["a", "b", "c"]
        assert model.sample(rng, ["a"], max_words=1) == ["a", "b"]
        assert model.sample(rng, ["other"], max_words=0) == ["other"]

    def test_the_same_seed_gives_the_same_text(self, text):
        model = NgramLM(3).fit(text[0][:300])
        first, second = ([model.sample(np.random.default_rng(3)) for _ in range(3)] for _ in range(2))
        assert first == second


class TestBadInput:
    @pytest.mark.parametrize(
        ("message", "make"),
        [
            ("whole number of at least 1", lambda: NgramLM(0)),
            ("whole number of at least 1", lambda: NgramLM(-2)),
            ("whole number of at least 1", lambda: NgramLM(True)),
            ("choose one of mle", lambda: NgramLM(2, "laplace")),
            ("k is 0", lambda: NgramLM(2, "add_k", k=0.0)),
            ("k is nan", lambda: NgramLM(2, "add_k", k=math.nan)),
            ("k belongs to add_k", lambda: NgramLM(2, "katz", k=1.0)),
            ("discount is 1.5", lambda: NgramLM(2, "absolute", discount=1.5)),
            ("discount belongs to", lambda: NgramLM(2, "modified_kneser_ney", discount=0.5)),
            ("weights belongs to", lambda: NgramLM(2, "mle", weights=[0.5, 0.5])),
            ("give 2 numbers from 0 to 1", lambda: NgramLM(2, "jelinek_mercer", weights=[0.5])),
            ("give 2 numbers from 0 to 1", lambda: NgramLM(2, "jelinek_mercer", weights=[0.5, 1.1])),
            ("min_count is 0", lambda: NgramLM(2, min_count=0)),
            ("lists a word twice", lambda: NgramLM(2, vocabulary=["a", "b", "a"])),
            ("has not been fitted", lambda: NgramLM(2).score(["a"])),
            ("has not been fitted", lambda: NgramLM(2).save_arpa("nowhere.arpa")),
        ],
    )
    def test_when_making_a_model(self, message, make):
        with pytest.raises(InvalidInput, match=message):
            make()

    @pytest.mark.parametrize(
        ("message", "corpus"),
        [
            ("holds no words", []),
            ("holds no words", [[], []]),
            ("plain string", ["the cat sat"]),
            ("one string where sentences", "the cat sat"),
            ("<s> is reserved", [["a", "<s>", "b"]]),
            ("</s> is reserved", [["a", "</s>"]]),
            ("empty string", [["a", ""]]),
        ],
    )
    def test_when_fitting(self, message, corpus):
        with pytest.raises(InvalidInput, match=message):
            NgramLM(2).fit(corpus)
        if message not in ("holds no words",):
            with pytest.raises(InvalidInput, match=message):
                NgramLM(2, vocabulary=["a", "b"]).fit(corpus)
            with pytest.raises(InvalidInput, match=message):
                NgramLM(2).fit(TOY).score_batch(corpus)

    def test_an_empty_corpus_with_a_given_vocabulary(self):
        with pytest.raises(InvalidInput, match="holds no words"):
            NgramLM(2, vocabulary=["a"]).fit([[]])

    def test_in_contexts(self):
        model = NgramLM(3).fit(TOY)
        for context in (["the", "<s>"], ["</s>"], ["<s>", "<s>"]):
            with pytest.raises(InvalidInput, match="may only stand first"):
                model.logprob("cat", context)
        with pytest.raises(InvalidInput, match="plain string"):
            model.probs("the cat")

    def test_with_counts_and_heldout_text(self):
        counts = NgramCounts.from_sentences(TOY, 2)
        with pytest.raises(InvalidInput, match="only orders 1 to 2 were counted"):
            NgramLM(3).fit_counts(counts)
        with pytest.raises(InvalidInput, match="leave it out"):
            NgramLM(2, "katz").fit_counts(counts, heldout=TOY)
        with pytest.raises(InvalidInput, match="held-out text to set them on"):
            NgramLM(2, "jelinek_mercer").fit_counts(counts)
        with pytest.raises(InvalidInput, match="there are no sentences"):
            NgramLM(2, "jelinek_mercer").fit_counts(counts, heldout=[])

    def test_too_few_sentences_to_hold_some_out_is_said(self):
        with pytest.warns(DiscountWarning, match="fewer than 10 sentences"):
            model = NgramLM(2, "jelinek_mercer").fit(TOY)
        assert np.all(model.weights == 0.5)

    def test_wrong_types_without_a_type_checker(self):
        """The tests check types at run time before our own checks can speak, so these run in a plain interpreter."""
        calls = {
            "NgramLM('3')": "order is '3'",
            "NgramLM(2.0)": "order is 2.0",
            "NgramLM(2, min_count=1.5)": "min_count is 1.5",
            "NgramLM(2).fit([['a', 3]])": "the word 3 is of type int",
            "NgramLM(2).fit([['a', None]])": "the word None is of type NoneType",
            "NgramLM(2).fit([[b'a']])": "the word b'a' is of type bytes",
            "NgramLM(2).fit([[['a']]])": "must be a sequence of strings",
            "NgramLM(2).fit([3])": "must be a sequence of strings",
            "NgramLM(2).fit([b'abc'])": "is a plain string",
            "NgramLM(2).fit(3)": "must be a sequence of strings",
            "NgramLM(2, vocabulary=[3])": "the word 3 is of type int",
            "model.logprob(3, [])": "the word 3 is of type int",
            "model.logprob(['a'], [])": "is of type list",
            "model.logprob('a', [3])": "the word 3 is of type int",
            "model.score([3])": "the word 3 is of type int",
            "model.score('a b')": "is a plain string",
            "model.score_batch([['a'], [None]])": "the word None is of type NoneType",
        }
        script = (
            "import json, sys, warnings\n"
            "from minillm.errors import InvalidInput\n"
            "from minillm.ngram import NgramLM\n"
            "warnings.simplefilter('ignore')\n"
            "model = NgramLM(2).fit([['a', 'b']])\n"
            "answers = {}\n"
            "for call in json.load(sys.stdin):\n"
            "    try:\n"
            "        answers[call] = repr(eval(call))\n"
            "    except InvalidInput as error:\n"
            "        answers[call] = 'InvalidInput: ' + str(error)\n"
            "    except Exception as error:\n"
            "        answers[call] = repr(error)\n"
            "json.dump(answers, sys.stdout)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], input=json.dumps(list(calls)), capture_output=True, text=True, check=True
        )
        answers = json.loads(done.stdout)
        for call, message in calls.items():
            assert answers[call].startswith("InvalidInput: "), (call, answers[call])
            assert message in answers[call], (call, answers[call])


def test_an_ngram_model_needs_no_torch():
    script = "import sys, minillm.ngram; assert 'torch' not in sys.modules, 'torch was imported'"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_representations():
    assert repr(NgramLM(2)) == "NgramLM(order=2, smoothing='modified_kneser_ney', not fitted)"
    assert repr(NgramLM(1, "mle").fit([["a"]])) == "NgramLM(order=1, smoothing='mle', 4 words)"
    assert repr(Vocabulary(["a"])) == "Vocabulary(1 words and <unk> <s> </s>)"
