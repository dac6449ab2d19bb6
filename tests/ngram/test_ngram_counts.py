from collections import Counter

import numpy as np
import pytest

from minillm.errors import InvalidInput
from minillm.ngram import NgramCounts, NgramLM, Vocabulary
from minillm.ngram.packing import find, group_equal, offsets, trace


def as_dictionary(counts, order):
    """Unpack one level into word tuples, through the prefix ranks."""
    texts = [(word,) for word in counts.vocabulary.words]
    for level in counts.levels[1:order]:
        texts = [
            (*texts[p], counts.vocabulary.words[key % len(counts.vocabulary)])
            for p, key in zip(level.prefix, level.keys, strict=True)
        ]
    level = counts.levels[order - 1]
    return {text: int(n) for text, n in zip(texts, level.counts, strict=True) if n}


def naive_counts(sentences, order):
    padded = [("<s>", *sentence, "</s>") for sentence in sentences]
    return Counter(p[i : i + order] for p in padded for i in range(len(p) - order + 1))


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_counts_equal_a_counter(order, text):
    train = text[0][:1000]
    assert as_dictionary(NgramCounts.from_sentences(train, 5), order) == naive_counts(train, order)


def test_packing_n_words_side_by_side_would_overflow():
    """20,000 words at order 5 need 72 bits; ranks level by level do not, and nothing collides."""
    rng = np.random.default_rng(0)
    vocabulary = [f"w{i}" for i in range(20_000)]
    sentences = [[vocabulary[j] for j in rng.integers(0, 20_000, 50)] for _ in range(60)]
    assert 20_003**5 > 2**63
    counts = NgramCounts.from_sentences([vocabulary, *sentences], 5)
    assert as_dictionary(counts, 5) == naive_counts([vocabulary, *sentences], 5)


def test_suffix_and_prefix_drop_one_word():
    counts = NgramCounts.from_sentences([["a", "b", "a", "c"], ["b", "a", "c"]], 3)
    texts = [list(as_dictionary(counts, n)) for n in (2, 3)]
    for trigram, suffix, prefix in zip(texts[1], counts.levels[2].suffix, counts.levels[2].prefix, strict=True):
        assert texts[0][suffix] == trigram[1:]
        assert texts[0][prefix] == trigram[:-1]


def test_no_ngram_crosses_from_one_sentence_into_the_next():
    counts = NgramCounts.from_sentences([["a"], ["b"]], 4)
    assert counts.count(["</s>", "<s>"]) == 0
    assert as_dictionary(counts, 3) == {("<s>", "a", "</s>"): 1, ("<s>", "b", "</s>"): 1}
    assert as_dictionary(counts, 4) == {}


def test_continuation_counts_are_the_words_before(text):
    train = text[0][:500]
    counts = NgramCounts.from_sentences(train, 3)
    bigrams, trigrams = list(as_dictionary(counts, 2)), naive_counts(train, 3)
    before = Counter(gram[1:] for gram in trigrams)
    for gram, adjusted in zip(bigrams, counts.continuation_counts(2).tolist(), strict=True):
        assert adjusted == (before[gram] if gram[0] != "<s>" else counts.count(gram))
    assert counts.continuation_counts(3).tolist() == counts.levels[2].counts.tolist()
    assert counts.continuation_counts(1)[counts.vocabulary.id("<s>")] == 0


def test_truncated_counts_are_the_counts_of_the_lower_order(text):
    train = text[0][:1000]
    four, two = NgramCounts.from_sentences(train, 4), NgramCounts.from_sentences(train, 2)
    assert as_dictionary(four.truncated(2), 2) == as_dictionary(two, 2)
    # The highest order keeps plain counts, so a model of order 2 must not see continuation counts at order 2.
    assert four.truncated(2).continuation_counts(2).tolist() == two.continuation_counts(2).tolist()
    assert four.continuation_counts(2).tolist() != two.continuation_counts(2).tolist()


def test_count_of_unknown_words_and_wrong_lengths():
    counts = NgramCounts.from_sentences([["a", "rare", "a"], ["a"]], 2, min_count=2)
    assert counts.count(["a", "never"]) == counts.count(["a", "<unk>"]) == 1
    for ngram in ([], ["a", "a", "a"]):
        with pytest.raises(InvalidInput, match="1 to 2 were counted"):
            counts.count(ngram)


@pytest.mark.parametrize("large", [False, True])
def test_grouping_equals_unique(large):
    values = np.random.default_rng(1).integers(0, 50, 1000) + (2**60 if large else 0)
    distinct, counts, place, group = group_equal(values)
    expected = np.unique(values, return_counts=True, return_inverse=True)
    assert distinct.tolist() == expected[0].tolist()
    assert counts.tolist() == expected[2].tolist()
    inverse = np.empty(len(values), dtype=int)
    inverse[place] = group
    assert inverse.tolist() == expected[1].tolist()
    assert all(len(part) == 0 for part in group_equal(np.zeros(0, dtype=np.int64)))


def test_find_is_the_same_for_few_and_for_many_queries():
    rng = np.random.default_rng(2)
    keys = np.unique(rng.integers(0, 10**6, 20_000))
    queries = rng.integers(0, 10**6, 120_000)
    known = {int(key): rank for rank, key in enumerate(keys)}
    expected = [known.get(int(query), -1) for query in queries]
    assert find(keys, queries).tolist() == expected
    assert find(keys, queries[:1000]).tolist() == expected[:1000]
    assert find(keys[:0], queries[:3]).tolist() == [-1, -1, -1]


def test_trace_and_offsets_begin_anew_with_each_sentence():
    vocabulary, tokens = Vocabulary.learn([["a", "b"], ["b"]])
    counts = NgramCounts.from_tokens(vocabulary, tokens, 3)
    ranks = trace([level.keys for level in counts.levels], len(vocabulary), tokens)
    assert offsets(tokens).tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert (ranks[1] >= 0).tolist() == [False, True, True, True, False, True, True]
    assert (ranks[2] >= 0).tolist() == [False, False, True, True, False, False, True]


def test_vocabulary_learns_by_frequency_and_cuts_rare_words():
    vocabulary, tokens = Vocabulary.learn([["b", "a", "c", "a", "c"]], min_count=2)
    assert vocabulary.words == ("<unk>", "<s>", "</s>", "a", "c")
    assert tokens.tolist() == [1, 0, 3, 4, 3, 4, 2]
    assert "a" in vocabulary
    assert "b" not in vocabulary
    assert "<unk>" not in vocabulary
    assert vocabulary.predicted == 4


def test_the_order_of_sentences_changes_no_probability(text):
    train, heldout = text
    forward, backward = NgramLM(3).fit(train), NgramLM(3).fit(train[::-1])
    assert forward.score_batch(heldout) == pytest.approx(backward.score_batch(heldout), rel=1e-12)
