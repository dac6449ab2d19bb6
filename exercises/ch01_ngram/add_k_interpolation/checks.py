"""Rows of exact fractions, and the sum over the vocabulary after seen and unseen histories."""

from collections import Counter
from fractions import Fraction

from minillm.grading.expect import close, is_true

WORDS = ["a", "b", "c", "习惯", "</s>"]


def counted(rng, order, sentences=14):
    """N-grams of orders 1 to `order` of random sentences; the last word of the vocabulary is never seen in them."""
    counts = [Counter() for _ in range(order)]
    for length in rng.integers(0, 7, size=sentences):
        words = [
            "<s>",
            *rng.choice(WORDS[:3], size=length, p=[0.6, 0.3, 0.1]).tolist(),
            "</s>",
        ]
        for last in range(1, len(words)):
            for n in range(1, min(order, last + 1) + 1):
                counts[n - 1][tuple(words[last - n + 1 : last + 1])] += 1
    return [dict(ngrams) for ngrams in counts]


def histories(rng, counts):
    """Some that were seen in full, and some of which only the end or nothing was seen."""
    seen = sorted({ngram[:-1] for ngram in counts[-1]})
    length = len(counts) - 1
    some = [seen[i] for i in rng.integers(len(seen), size=3)]
    return [
        *some,
        ("习惯",) * length,
        ("习惯", *["a"] * (length - 1)),
        ("a", *["习惯"] * (length - 1)),
    ]


def mixture(counts, history, word, weights, lost=False, reverse=False, wrong_end=False):
    """The definition as a recursion from the longest history down."""
    order = len(counts)
    if order == 0:
        return Fraction(1, len(WORDS))
    row = {
        ngram[-1]: count for ngram, count in counts[-1].items() if ngram[:-1] == history
    }
    options = {"lost": lost, "reverse": reverse, "wrong_end": wrong_end}
    used = weights[1:] if reverse else weights[:-1]
    shorter = history[:-1] if wrong_end else history[1:]
    below = mixture(counts[:-1], shorter, word, used, **options)
    weight = Fraction(weights[0] if reverse else weights[-1])
    if not row:
        return (1 - weight) * below if lost else below
    return weight * Fraction(row.get(word, 0), sum(row.values())) + (1 - weight) * below


def side_by_side(counts, history, word, weights):
    """Every order's ratio times its weight, and what is left of 1 for the uniform distribution."""
    p = (1 - sum(map(Fraction, weights))) / len(WORDS)
    for length, (ngrams, weight) in enumerate(zip(counts, weights, strict=True)):
        seen = history[len(history) - length :]
        row = {
            ngram[-1]: count for ngram, count in ngrams.items() if ngram[:-1] == seen
        }
        p += Fraction(weight) * Fraction(row.get(word, 0), sum(row.values()) or 1)
    return p


def plus_k(counts, history, word, k):
    row = [counts.get((*history, other), 0) for other in WORDS]
    count, k = counts.get((*history, word), 0), Fraction(k)
    causes = {
        "seen_words_only": float(
            (count + k) / (sum(row) + k * sum(n > 0 for n in row) or 1)
        )
    }
    causes["added_once"] = float((count + k) / (sum(row) + k))
    causes["k_ignored"] = (count + 1) / (sum(row) + len(row))
    return float((count + k) / sum(n + k for n in row)), causes


def is_a_row(row, history, seen):
    """A distribution without zeros, and after a seen history not the same for all: one word is seen nowhere."""
    is_true(
        min(row) > 0,
        f"after {history} a word of the vocabulary has probability {min(row)}",
    )
    is_true(
        abs(sum(row) - 1) < 1e-9,
        f"the row after {history} adds up to {sum(row):.6f}, not to 1",
    )
    is_true(
        not seen or max(row) > min(row),
        f"all words are equally probable after {history}, which was seen",
    )


def test_add_k_by_hand(submission):
    bigrams = {("a", "b"): 3, ("a", "a"): 1, ("b", "a"): 2}
    vocabulary = ["a", "b", "c", "</s>"]
    got = submission.add_k(bigrams, ("a",), "b", 0.5, vocabulary)
    close(
        got,
        3.5 / 6,
        causes={
            "added_once": 3.5 / 4.5,
            "seen_words_only": 3.5 / 5,
            "k_ignored": 4 / 8,
        },
    )
    close(submission.add_k(bigrams, ("c",), "b", 0.5, vocabulary), 1 / 4)


def test_add_k(submission, rng):
    for order in (1, 2, 3):
        counts = counted(rng, order)
        k = float(rng.uniform(0.01, 2))
        for history in histories(rng, counts) if order > 1 else [()]:
            for word in rng.choice(WORDS, size=2).tolist():
                expected, causes = plus_k(counts[-1], history, word, k)
                close(
                    submission.add_k(counts[-1], history, word, k, WORDS),
                    expected,
                    rtol=1e-9,
                    causes=causes,
                )


def test_add_k_sums_to_one(submission, rng):
    counts = counted(rng, 2)
    for history in histories(rng, counts):
        for k in (1e-3, 1.0, 50.0):
            row = [
                submission.add_k(counts[-1], history, word, k, WORDS) for word in WORDS
            ]
            is_a_row(
                row, history, seen=any(ngram[:-1] == history for ngram in counts[-1])
            )


def test_interpolation(submission, rng):
    for order in (1, 2, 3):
        counts = counted(rng, order)
        weights = rng.uniform(0.1, 0.9, size=order).tolist()
        for history in histories(rng, counts) if order > 1 else [()]:
            for word in rng.choice(WORDS, size=2).tolist():
                wrong = {
                    "weight_lost": "lost",
                    "weights_reversed": "reverse",
                    "wrong_end": "wrong_end",
                }
                causes = {
                    cause: float(
                        mixture(counts, history, word, weights, **{option: True})
                    )
                    for cause, option in wrong.items()
                }
                causes["flat"] = float(side_by_side(counts, history, word, weights))
                expected = float(mixture(counts, history, word, weights))
                got = submission.interpolated(counts, history, word, weights, WORDS)
                close(got, expected, rtol=1e-9, causes=causes)


def test_interpolation_sums_to_one(submission, rng):
    counts = counted(rng, 3)
    weights = rng.uniform(0.1, 0.9, size=3).tolist()
    for history in histories(rng, counts):
        row = [
            submission.interpolated(counts, history, word, weights, WORDS)
            for word in WORDS
        ]
        is_a_row(row, history, seen=any(ngram[:-1] == history for ngram in counts[-1]))


def test_weights_at_their_ends(submission, rng):
    """All weights 0: uniform. All 1: the relative frequency of the longest history that was seen."""
    counts = counted(rng, 3)
    seen = sorted({ngram[:-1] for ngram in counts[-1]})
    history = seen[int(rng.integers(len(seen)))]
    row = {
        ngram[-1]: count for ngram, count in counts[-1].items() if ngram[:-1] == history
    }
    for word in WORDS:
        close(
            submission.interpolated(counts, history, word, [0.0] * 3, WORDS),
            1 / len(WORDS),
            rtol=1e-9,
        )
        share = row.get(word, 0) / sum(row.values())
        causes = {"flat": float(side_by_side(counts, history, word, [1.0] * 3))}
        close(
            submission.interpolated(counts, history, word, [1.0] * 3, WORDS),
            share,
            rtol=1e-9,
            causes=causes,
        )
