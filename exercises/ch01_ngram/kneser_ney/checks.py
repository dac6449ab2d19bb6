"""Formulas spelled out for bigrams and trigrams by sets of words; rows of random text."""

from fractions import Fraction

from minillm.grading.expect import close, equal, is_true

WORDS = ["a", "b", "c", "d", "习惯", "</s>"]


def counted(rng, n, sentences=25):
    """N-grams of one order; 习惯 is in the vocabulary and never in the text."""
    counts = {}
    for length in rng.integers(n, 9, size=sentences):
        words = [
            "<s>",
            *rng.choice(WORDS[:4], size=length, p=[0.5, 0.3, 0.15, 0.05]).tolist(),
            "</s>",
        ]
        for i in range(len(words) - n + 1):
            ngram = tuple(words[i : i + n])
            counts[ngram] = counts.get(ngram, 0) + 1
    return counts


def level(row, word, discount, below):
    """One step of the recursion on the counts after one history."""
    total = sum(row.values())
    if not total:
        return below
    freed = Fraction(discount) * len(row) / total
    return (
        max(Fraction(row.get(word, 0)) - Fraction(discount), 0) / total + freed * below
    )


def unigram(pairs, word, discount):
    """From the set of different bigrams."""
    row = {w: len({u for u, x in pairs if x == w}) for _, w in pairs}
    return level(row, word, discount, Fraction(1, len(WORDS)))


def bigram(counts, history, word, discount):
    row = {w: count for (u, w), count in counts.items() if u == history[0]}
    return level(row, word, discount, unigram(set(counts), word, discount))


def trigram(counts, history, word, discount):
    pairs = {(v, w) for _, v, w in counts}
    middle = {
        w: len({u for u, v, x in counts if (v, x) == (history[1], w)})
        for v, w in pairs
        if v == history[1]
    }
    row = {w: count for (u, v, w), count in counts.items() if (u, v) == history}
    return level(
        row,
        word,
        discount,
        level(middle, word, discount, unigram(pairs, word, discount)),
    )


def absolute(counts, history, word, discount):
    """The same with plain counts below."""
    row = {w: count for (u, w), count in counts.items() if u == history[0]}
    plain = {}
    for (_, w), count in counts.items():
        plain[w] = plain.get(w, 0) + count
    return level(
        row, word, discount, level(plain, word, discount, Fraction(1, len(WORDS)))
    )


def histories(rng, counts, n):
    seen = sorted({ngram[:-1] for ngram in counts})
    return [seen[i] for i in rng.integers(len(seen), size=2)] + [
        ("习惯",) * (n - 2) + ("a",),
        ("习惯",) * (n - 1),
    ]


def test_continuation_counts(submission, rng):
    for n in (2, 3, 4):
        counts = counted(rng, n)
        right = {
            ngram[1:]: sum(other[1:] == ngram[1:] for other in counts)
            for ngram in counts
        }
        tokens = {
            g: sum(count for other, count in counts.items() if other[1:] == g)
            for g in right
        }
        after = {
            ngram[:-1]: sum(other[:-1] == ngram[:-1] for other in counts)
            for ngram in counts
        }
        equal(
            submission.continuation_counts(counts),
            right,
            causes={"tokens_before": tokens, "words_after": after},
        )


def mistakes(counts, history, word, discount):
    """What each usual mistake gives for bigrams, made at both orders."""
    row = {w: count for (u, w), count in counts.items() if u == history[0]}
    places = {w: len({u for u, x in counts if x == w}) for _, w in counts}
    single = level(places, word, discount, Fraction(0))
    freed = level(row, word, discount, single) - level(row, word, discount, Fraction(0))
    kept = level(row, word, discount, Fraction(0))
    wrong = {
        "plain_counts_below": absolute(counts, history, word, discount),
        "no_uniform": level(
            row, word, discount, Fraction(places.get(word, 0), len(counts))
        ),
        "unseen_is_zero": kept if not row else None,
        "discount_not_given_back": kept if row else single,
        "backs_off_only": single if not row else kept if word in row else freed,
    }
    return {cause: float(value) for cause, value in wrong.items() if value is not None}


def test_bigrams(submission, rng):
    counts, discount = counted(rng, 2), float(rng.uniform(0.3, 0.9))
    for history in [("d",), *histories(rng, counts, 2)]:
        row = {w for u, w in counts if u == history[0]}
        for word in sorted(
            [*WORDS[:4], "</s>"], key=lambda w: w in row
        ):  # first those that tell mistakes apart
            right = float(bigram(counts, history, word, discount))
            causes = mistakes(counts, history, word, discount)
            close(
                submission.kneser_ney(counts, history, word, discount, WORDS),
                right,
                rtol=1e-9,
                causes=causes,
            )


def test_trigrams(submission, rng):
    counts, discount = counted(rng, 3), float(rng.uniform(0.3, 0.9))
    for history in histories(rng, counts, 3):
        for word in ("a", "d", "习惯"):
            right = float(trigram(counts, history, word, discount))
            close(
                submission.kneser_ney(counts, history, word, discount, WORDS),
                right,
                rtol=1e-9,
            )


def test_sums_to_one(submission, rng):
    for n in (2, 3):
        counts, discount = counted(rng, n, sentences=10), float(rng.uniform(0.3, 0.9))
        for history in histories(rng, counts, n):
            row = [
                submission.kneser_ney(counts, history, word, discount, WORDS)
                for word in WORDS
            ]
            nothing = "a word that was never seen has probability 0"
            is_true(
                row[4] > 0,
                nothing,
                cause="no_uniform" if row[4] == 0 and sum(row) > 0.99 else "",
            )
            is_true(
                abs(sum(row) - 1) < 1e-9,
                f"the row after {history} adds up to {sum(row):.6f}, not to 1",
            )
            is_true(
                row[0] > row[4],
                "a frequent word is no more probable than one that was never seen",
            )


def test_no_discount_is_maximum_likelihood(submission, rng):
    for n in (2, 3):
        counts = counted(rng, n)
        seen = sorted({ngram[:-1] for ngram in counts})
        history = seen[int(rng.integers(len(seen)))]
        row = {
            ngram[-1]: count for ngram, count in counts.items() if ngram[:-1] == history
        }
        for word in WORDS:
            got = submission.kneser_ney(counts, history, word, 0.0, WORDS)
            close(got, row.get(word, 0) / sum(row.values()), rtol=1e-9)


def test_francisco(submission, rng):
    """Frequent after one word, against rare after several: where neither was seen, the second must win."""
    places = int(rng.integers(3, 8))
    counts = {("san", "francisco"): 100} | {
        (f"place{i}", "tea"): 1 for i in range(places)
    }
    vocabulary = ["francisco", "tea", "san"]
    after = {
        w: submission.kneser_ney(counts, ("my",), w, 0.5, vocabulary)
        for w in vocabulary[:2]
    }
    shared = 0.5 * 2 / (places + 1) / 3
    right = {
        "francisco": 0.5 / (places + 1) + shared,
        "tea": (places - 0.5) / (places + 1) + shared,
    }
    plain = {"francisco": 99.5 + 1 / 3, "tea": places - 0.5 + 1 / 3}
    plain = {word: value / (places + 100) for word, value in plain.items()}
    close(after, right, rtol=1e-9, causes={"plain_counts_below": plain})
