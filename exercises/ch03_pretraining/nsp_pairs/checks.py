"""Sentences that can be told apart, coins counted by the hundred, and rows written out place by place."""

from collections import Counter
from itertools import pairwise

import pytest

from minillm.grading.expect import equal, is_true


def draw_documents(rng, sizes):
    """Documents of the given numbers of sentences; every id occurs once."""
    start, documents = int(rng.integers(10, 10**6)), []
    for size in sizes:
        documents.append([])
        for length in rng.integers(1, 4, size=size).tolist():
            documents[-1].append(list(range(start, start + length)))
            start += length
    return documents


def homes(documents):
    """From a sentence to its document and its place there."""
    return {
        tuple(sentence): (d, i)
        for d, document in enumerate(documents)
        for i, sentence in enumerate(document)
    }


def found(submission, documents, seed):
    """Triples of two whole sentences and a label, or the check ends here."""
    got = submission.sentence_pairs(documents, seed)
    is_true(type(got) is list, "a list is expected")
    known = homes(documents)
    for triple in got:
        is_true(
            type(triple) is tuple and len(triple) == 3,
            "each pair should be a tuple of three",
        )
        first, second, label = triple
        is_true(
            type(first) is list and type(second) is list, "sentences should be lists"
        )
        is_true(
            tuple(first) in known and tuple(second) in known,
            f"{first} or {second} is no whole sentence of the documents",
        )
        is_true(type(label) is int and label in (0, 1), "a label should be 0 or 1")
    return got


def bounds(total, share):
    spread = 5 * (total * share * (1 - share)) ** 0.5 + 1
    return total * share - spread, total * share + spread


def within(count, total, share, what, cause=""):
    """A count that a binomial distribution gives, within five standard deviations."""
    low, high = bounds(total, share)
    is_true(
        low <= count <= high,
        f"{what}: {count} of {total}, where {low:.0f} to {high:.0f} are likely",
        cause=cause,
    )


def test_every_sentence_once(submission, rng):
    for sizes in ([2, 1], [0, 4, 3, 1, 0, 6], [5] * int(rng.integers(3, 9))):
        documents = draw_documents(rng, sizes)
        firsts = [sentence for document in documents for sentence in document[:-1]]
        causes = {
            "disjoint": [
                s
                for document in documents
                for s in document[: len(document) // 2 * 2 : 2]
            ],
            "across_documents": [s for document in documents for s in document],
        }
        got = found(submission, documents, int(rng.integers(1000)))
        equal([first for first, _, _ in got], firsts, causes=causes)


def test_half(submission, rng):
    """As many of both kinds as coins give, and no order in them."""
    documents = draw_documents(rng, rng.integers(5, 30, size=60).tolist())
    labels = [
        label for _, _, label in found(submission, documents, int(rng.integers(1000)))
    ]
    changes = sum(a != b for a, b in pairwise(labels))
    is_true(len(labels) > 200, f"only {len(labels)} pairs")
    within(sum(labels), len(labels), 0.5, "pairs with label 1")
    within(
        changes,
        len(labels) - 1,
        0.5,
        "pairs with another label than the one before",
        cause="alternating" if changes == len(labels) - 1 else "",
    )


def test_second_sentences(submission, rng):
    """With label 0 the next sentence, with label 1 one of another document."""
    documents = draw_documents(rng, [7, 2, 3, 1, 9])
    known, seen = homes(documents), Counter()
    for seed in rng.integers(10**6, size=25).tolist():
        for first, second, label in found(submission, documents, seed):
            (home, place), (other, where) = known[tuple(first)], known[tuple(second)]
            next_one = (other, where) == (home, place + 1)
            seen[label] += 1
            if label == 0:
                is_true(
                    next_one,
                    f"sentence {place} of document {home} has label 0 with sentence {where} of document {other}",
                    cause="labels_swapped" if other != home else "",
                )
            else:
                is_true(
                    other != home,
                    f"sentence {place} of document {home} has label 1 with sentence {where} of the same document",
                    cause="labels_swapped" if next_one else "same_document",
                )
    is_true(min(seen[0], seen[1]) > 50, "there should be pairs of both kinds")


def test_all_are_likely(submission, rng):
    """A document of one sentence is taken as often as one of eight; and in a document every sentence is."""
    documents = draw_documents(rng, [2, 0, 8, 1, 4])
    known, taken = homes(documents), Counter()
    tries = rng.choice(10**6, size=60, replace=False).tolist()
    first_of = Counter()
    for seed in tries:
        for first, second, label in found(submission, documents, seed):
            if label == 1:
                taken[known[tuple(first)][0], known[tuple(second)]] += 1
                first_of[known[tuple(first)][0]] += 1
    for home in (2, 4):
        total = first_of[home]
        is_true(total > 50, f"document {home} begins only {total} pairs of label 1")
        for other in sorted({0, 2, 3, 4} - {home}, key=lambda d: d != 3):
            size = len(documents[other])
            counts = [taken[home, (other, place)] for place in range(size)]
            share = size / sum(len(documents[d]) for d in {0, 2, 3, 4} - {home})
            low, high = bounds(total, share)
            by_sentences = low <= sum(counts) <= high
            within(
                sum(counts),
                total,
                1 / 3,
                f"second sentences for document {home} from document {other}",
                cause="by_sentences" if by_sentences else "",
            )
    for other in (2, 4):
        total = sum(first_of[home] for home in (0, 2, 4) if home != other)
        for place in range(len(documents[other])):
            count = sum(taken[home, (other, place)] for home in (0, 2, 4))
            share = 1 / 3 / len(documents[other])
            within(
                count,
                total,
                share,
                f"sentence {place} of document {other} comes second",
            )
            is_true(
                other == 2 or count > 0,
                f"sentence {place} of document {other} never comes second, in {total} pairs",
            )


def test_too_few_documents(submission, rng):
    for size in (1, 5):
        (single, other) = draw_documents(rng, [size, 3])
        for few in ([], [[]], [single], [[], single, []]):
            with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
                submission.sentence_pairs(few, 1)
        got = found(submission, [[], single, [], other], 1)
        equal(len(got), size - 1 + 2)


def row(first, second, marks, length):
    cls, sep, pad = marks
    a, b = len(first), len(second)
    while a + b + 3 > length:
        a, b = (a - 1, b) if a > b else (a, b - 1)
    ids = [cls, *first[:a], sep, *second[:b], sep]
    segments = [int(a + 2 <= i < len(ids)) for i in range(length)]
    real = [i < len(ids) for i in range(length)]
    return ids + [pad] * (length - len(ids)), segments, real


def mistakes(first, second, marks, length):
    ids, segments, real = right = row(first, second, marks, length)
    whole = [marks[0], *first, marks[1], *second, marks[1]]
    end = sum(real)
    short = len(segments) - sum(segments) - (length - end)
    room = max(length - 3 - len(first), 0)
    return {
        "no_last_mark": (
            ids[: end - 1] + [marks[2]] * (length - end + 1),
            segments[: end - 1] + [0] * (length - end + 1),
            real[: end - 1] + [False] * (length - end + 1),
        ),
        "mark_of_the_second": (
            ids,
            [*segments[: short - 1], 1, *segments[short:]],
            real,
        ),
        "padding_of_the_second": (ids, segments[:end] + [1] * (length - end), real),
        "all_segments_zero": (ids, [0] * length, real),
        "cut_off": (
            whole[:length],
            ([0] * (len(first) + 2) + [1] * length)[:length],
            [True] * length,
        )
        if len(whole) > length
        else right,
        "second_only": row(first[: length - 3 - room], second[:room], marks, length),
    }


def sentences(rng, *sizes):
    marks = tuple(int(x) for x in rng.choice(10, size=3, replace=False))
    return [rng.integers(10, 1000, size=size).tolist() for size in sizes], marks


def test_layout(submission, rng):
    for sizes in [
        (1, 1),
        (3, 2),
        (2, 5),
        (int(rng.integers(3, 9)), int(rng.integers(3, 9))),
    ]:
        (first, second), marks = sentences(rng, *sizes)
        for more in (0, 1, 4):
            length = sum(sizes) + 3 + more
            right = row(first, second, marks, length)
            causes = mistakes(first, second, marks, length)
            got = submission.lay_out(first, second, *marks, length)
            equal(got, right, causes=causes)


def test_too_long(submission, rng):
    for sizes, length in [
        ((4, 3), 7),
        ((1, 6), 7),
        ((8, 2), 9),
        ((5, 5), 12),
        ((9, 9), 5),
        ((1, 9), 5),
        ((30, 40), 32),
    ]:
        (first, second), marks = sentences(rng, *sizes)
        right = row(first, second, marks, length)
        causes = mistakes(first, second, marks, length)
        got = submission.lay_out(first, second, *marks, length)
        equal(got, right, causes=causes)


def test_pair_seeds(submission, rng):
    documents = draw_documents(rng, [10, 12, 8])
    seeds = [0, 1, 2, *rng.integers(3, 10**6, size=3).tolist()]
    results = {}
    for seed in seeds * 2:
        got = found(submission, documents, seed)
        equal(len(got), 27)
        equal(got, results.setdefault(seed, got))
    different = len({str(got) for got in results.values()})
    is_true(
        different == len(results),
        f"{len(results)} seeds have {different} results",
        cause="seed_ignored",
    )
