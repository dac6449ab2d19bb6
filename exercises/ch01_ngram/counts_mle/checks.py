"""Counts by a loop over every position of every sentence; shares as exact fractions."""

from collections import Counter
from fractions import Fraction

from minillm.grading.expect import close, equal, is_true

WORDS = ["a", "b", "c", "d", "习惯", "</S>"]


def text(rng, sentences=12, longest=7):
    lengths = [0, 1, 2, *rng.integers(0, longest + 1, size=sentences).tolist()]
    return [
        rng.choice(WORDS, size=length, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1]).tolist()
        for length in lengths
    ]


def windows(words, n):
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def tally(ngrams):
    return dict(Counter(ngrams))


def counted(sentences, n):
    marked = [["<s>", *sentence, "</s>"] for sentence in sentences]
    return tally(
        [ngram for words in marked for ngram in windows(words, n) if ngram[-1] != "<s>"]
    )


def wrong_counts(sentences, n):
    marked = [["<s>", *sentence, "</s>"] for sentence in sentences]
    right = [
        ngram for words in marked for ngram in windows(words, n) if ngram[-1] != "<s>"
    ]
    joined = [word for words in marked for word in words]
    padded = [["<s>"] * max(n - 1, 1) + [*sentence, "</s>"] for sentence in sentences]
    return {
        "across_sentences": tally(
            [g for g in windows(joined, n) if n > 1 or g != ("<s>",)]
        ),
        "no_marks": tally(
            [ngram for sentence in sentences for ngram in windows(sentence, n)]
        ),
        "start_is_predicted": tally(
            [ngram for words in marked for ngram in windows(words, n)]
        ),
        "padded": tally(
            [
                ngram
                for words in padded
                for ngram in windows(words, n)
                if ngram[-1] != "<s>"
            ]
        ),
        "kinds": dict.fromkeys(right, 1),
        "short_of_end": tally([ngram for ngram in right if ngram[-1] != "</s>"]),
    }


def test_a_small_text(submission):
    sentences = [["b", "a"], ["b"], ["a", "a"]]
    expected = {
        ("<s>", "b"): 2,
        ("b", "a"): 1,
        ("a", "</s>"): 2,
        ("b", "</s>"): 1,
        ("<s>", "a"): 1,
        ("a", "a"): 1,
    }
    equal(
        submission.ngram_counts(sentences, 2),
        expected,
        causes=wrong_counts(sentences, 2),
    )
    close(
        submission.mle(expected, ("b",)),
        {"a": 0.5, "</s>": 0.5},
        causes={"joint": {"a": 1 / 8, "</s>": 1 / 8}},
    )


def test_counts(submission, rng):
    for n in (1, 2, 3, 4):
        sentences = text(rng)
        equal(
            submission.ngram_counts(sentences, n),
            counted(sentences, n),
            causes=wrong_counts(sentences, n),
        )


def test_how_many(submission, rng):
    """Every word and every end is predicted once, where enough words stand before it."""
    sentences = [*text(rng, sentences=40), ["a"] * 6]
    for n in (1, 2, 3, 5):
        got = submission.ngram_counts(sentences, n)
        expected = sum(
            max(0, len(sentence) + 1 - max(n - 2, 0)) for sentence in sentences
        )
        total = sum(got.values())
        is_true(
            total == expected,
            f"for n = {n} all counts add up to {total}, there are {expected} predictions",
        )
        is_true(("a",) * n in got, f"for n = {n} the n-gram of n times 'a' is missing")
    equal(submission.ngram_counts([[]], 3), {})


def test_shares(submission, rng):
    for n in (1, 2, 3):
        counts = counted(text(rng, sentences=30), n)
        histories = sorted({ngram[:-1] for ngram in counts})
        for history in [histories[i] for i in rng.integers(len(histories), size=4)]:
            after = {
                ngram[-1]: count
                for ngram, count in counts.items()
                if ngram[: n - 1] == history
            }
            shares = {
                word: float(Fraction(count, sum(after.values())))
                for word, count in after.items()
            }
            causes = {
                "joint": {
                    word: count / sum(counts.values()) for word, count in after.items()
                }
            }
            causes["kinds"] = dict.fromkeys(after, 1 / len(after))
            close(submission.mle(counts, history), shares, rtol=1e-12, causes=causes)
        equal(
            submission.mle(counts, ("never",) * (n - 1)),
            {} if n > 1 else submission.mle(counts, ()),
        )


def test_rows_sum_to_one(submission, rng):
    counts = submission.ngram_counts(text(rng, sentences=60, longest=9), 3)
    histories = sorted({ngram[:-1] for ngram in counts})
    is_true(
        len(histories) > 10,
        f"only {len(histories)} histories were counted in 63 sentences",
    )
    for history in [histories[i] for i in rng.integers(len(histories), size=50)]:
        total = sum(submission.mle(counts, history).values())
        is_true(
            abs(total - 1) < 1e-12,
            f"after {history} the probabilities add up to {total:.6f}, not to 1",
        )
