"""The definition in exact fractions, grouped by count instead of word by word."""

from fractions import Fraction

from minillm.grading.expect import close, equal, is_true


def zipf(rng, kinds=40):
    """Counts like those of words in a text: many ones, fewer twos, gaps above."""
    drawn = rng.zipf(1.7, size=kinds).clip(max=60).tolist()
    return {f"w{i}": count for i, count in enumerate([1, 1, 1, 2, 2, 3, *drawn])}


def groups(counts):
    values = list(counts.values())
    return {r: values.count(r) for r in values}


def expected(
    counts, vocabulary, cutoff, adjust=True, scaled=True, shared=True, set_aside=False
):
    """The probability of each word; options are the usual mistakes."""
    n, length = groups(counts), sum(counts.values())
    unseen = len(set(vocabulary) - set(counts))
    p0 = Fraction(n.get(1, 0), length) if unseen or set_aside else Fraction(0)
    star = {
        r: Fraction((r + 1) * n[r + 1], n[r])
        if adjust and r <= cutoff and r + 1 in n
        else Fraction(r)
        for r in n
    }
    whole = sum(n[r] * star[r] for r in n)
    by_count = {
        r: float((1 - p0) * star[r] / whole if scaled else star[r] / length) for r in n
    }
    rest = float(p0 / (unseen if shared else 1)) if unseen else 0.0
    return {
        word: by_count[counts[word]] if word in counts else rest for word in vocabulary
    }


def mistakes(counts, vocabulary, cutoff):
    return {
        "not_scaled": expected(counts, vocabulary, cutoff, scaled=False),
        "all_to_each": expected(counts, vocabulary, cutoff, shared=False),
        "not_adjusted": expected(counts, vocabulary, cutoff, adjust=False),
        "cutoff_ignored": expected(counts, vocabulary, 10**9),
        "cutoff_excluded": expected(counts, vocabulary, cutoff - 1),
        "set_aside_for_nobody": expected(counts, vocabulary, cutoff, set_aside=True),
    }


def test_counts_of_counts(submission, rng):
    for counts in ({"a": 3, "b": 2, "c": 1, "d": 1}, {"x": 7}, zipf(rng)):
        n = groups(counts)
        equal(
            submission.counts_of_counts(counts),
            n,
            causes={"tokens_not_words": {r: r * n[r] for r in n}},
        )


def test_fish_by_hand(submission):
    # 20 fish: n1 = 3, n2 = 1, n3 = 1; the eel and the catfish have not been caught yet.
    counts = {
        "carp": 12,
        "perch": 3,
        "whitefish": 2,
        "trout": 1,
        "salmon": 1,
        "pike": 1,
    }
    names = [*counts, "eel", "catfish"]
    got = submission.good_turing(counts, names, 5)
    # Adjusted: 12, 3, 3, 2/3, 2/3, 2/3, together 20.
    seen = {
        "carp": 12,
        "perch": 3,
        "whitefish": 3,
        "trout": 2 / 3,
        "salmon": 2 / 3,
        "pike": 2 / 3,
    }
    right = {name: 0.85 * seen[name] / 20 for name in seen} | {
        "eel": 0.075,
        "catfish": 0.075,
    }
    close(got, right, causes=mistakes(counts, names, 5))


def test_share_of_the_unseen(submission, rng):
    counts = zipf(rng)
    for unseen in (1, int(rng.integers(2, 50))):
        vocabulary = [*(f"new{i}" for i in range(unseen)), *counts]
        got = submission.good_turing(counts, vocabulary, 5)
        share = sum(got.get(f"new{i}", 0.0) for i in range(unseen))
        right = groups(counts)[1] / sum(counts.values())
        close(float(share), right, rtol=1e-9, causes={"all_to_each": right * unseen})


def test_adjusted_counts(submission, rng):
    for cutoff in (2, int(rng.integers(3, 8)), 1, 1000):
        counts = zipf(rng)
        vocabulary = [*counts, "new", "newer"]
        right = expected(counts, vocabulary, cutoff)
        got = submission.good_turing(counts, vocabulary, cutoff)
        close(got, right, rtol=1e-9, causes=mistakes(counts, vocabulary, cutoff))


def test_everything_seen(submission, rng):
    counts = zipf(rng)
    vocabulary = list(counts)
    got = submission.good_turing(counts, vocabulary, 5)
    close(
        got,
        expected(counts, vocabulary, 5),
        rtol=1e-9,
        causes=mistakes(counts, vocabulary, 5),
    )


def test_sums_to_one(submission, rng):
    for counts in (
        zipf(rng),
        {"a": 1, "b": 1},
        {"a": 5, "b": 9},
        {"a": 1, "b": 3, "c": 3, "d": 4},
    ):
        for cutoff in (2, 8):
            got = submission.good_turing(counts, [*counts, "new"], cutoff)
            total = sum(got.values())
            is_true(
                abs(total - 1) < 1e-9,
                f"the probabilities add up to {total:.6f}, not to 1",
            )
            singles = sum(count == 1 for count in counts.values())
            is_true(
                (got["new"] > 0) == (singles > 0)
                and abs(got["new"] * sum(counts.values()) - singles) < 1e-9,
                f"with n1 = {singles} the one unseen word has probability {got['new']:.6f}",
            )
