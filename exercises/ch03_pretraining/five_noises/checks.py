"""What each noise may not change, on texts whose tokens are all different, and what chance has to give."""

from collections import Counter
from itertools import pairwise

import pytest

from minillm.grading.expect import equal, is_true

MASK = "<mask>"


def words(rng, count):
    """Different words; the numbers begin anywhere."""
    start = int(rng.integers(10**6))
    return [f"词{start + i}" for i in range(count)]


def listed(got):
    """A list of strings, or the check ends here."""
    is_true(
        type(got) is list and all(type(token) is str for token in got),
        "a list of strings is expected",
    )
    return got


def within(count, total, share, what, cause=""):
    spread = 5 * (total * share * (1 - share)) ** 0.5 + 1
    low, high = total * share - spread, total * share + spread
    is_true(
        low <= count <= high,
        f"{what}: {count} of {total}, where {low:.0f} to {high:.0f} are likely",
        cause=cause,
    )


def seeds(rng, count):
    return [int(seed) for seed in rng.choice(10**6, size=count, replace=False)]


def test_masking(submission, rng):
    text = words(rng, 6000)
    for rate in (0.15, float(rng.uniform(0.4, 0.8))):
        got = listed(submission.token_masking(text, rate, int(rng.integers(1000))))
        equal(len(got), len(text))
        hidden = [new == MASK for new in got]
        equal(got, [MASK if h else old for old, h in zip(text, hidden, strict=True)])
        within(sum(hidden), len(text), rate, "masked")
        pairs = sum(a and b for a, b in pairwise(hidden))
        within(pairs, len(text) - 1, rate**2, "masked together with the next token")
    for rate, right in ((0.0, text[:50]), (1.0, [MASK] * 50)):
        equal(submission.token_masking(text[:50], rate, 1), right)
    equal(submission.token_masking([], 0.5, 1), [])


def test_deletion(submission, rng):
    """Every one of these lengths is as for tokens that are deleted each on its own."""
    text = words(rng, 6000)
    for rate in (0.15, float(rng.uniform(0.4, 0.8))):
        got = listed(submission.token_deletion(text, rate, int(rng.integers(1000))))
        left = set(got)
        is_true(left <= set(text), "something stands there that was not in the text")
        is_true(
            got == [token for token in text if token in left],
            "the tokens that are left are in another order",
            cause="order_lost",
        )
        within(len(text) - len(got), len(text), rate, "deleted")
        gone = [token not in left for token in text]
        pairs = sum(a and b for a, b in pairwise(gone))
        within(pairs, len(text) - 1, rate**2, "deleted together with the next token")
    for rate, right in ((0.0, text[:50]), (1.0, [])):
        equal(submission.token_deletion(text[:50], rate, 1), right)
    equal(submission.token_deletion([], 0.5, 1), [])


def gaps(text, got):
    """For each gap between tokens that are left: how many tokens are gone there, and how many masks stand there."""
    place = {token: i for i, token in enumerate(text)}
    found, masks, last = [], 0, -1
    for token in [*got, None]:
        if token == MASK:
            masks += 1
            continue
        here = len(text) if token is None else place[token]
        found.append((here - last - 1, masks))
        masks, last = 0, here
    return found


def filled(submission, text, rate, mean_span, seed):
    """A result whose tokens are those of the text, in order, as many as should be left."""
    got = listed(submission.text_infilling(text, rate, mean_span, seed))
    left = [token for token in got if token != MASK]
    is_true(set(left) <= set(text), "something stands there that was not in the text")
    is_true(len(left) == len(set(left)), "a token comes twice")
    wanted, gone = round(rate * len(text)), len(text) - len(left)
    is_true(
        gone == wanted,
        f"of {len(text)} tokens {gone} are gone, where {wanted} should be",
        cause="not_the_share",
    )
    known = set(left)
    is_true(
        left == [token for token in text if token in known],
        "the tokens that are left are in another order",
        cause="order_lost",
    )
    return got


def test_what_infilling_leaves(submission, rng):
    """As many tokens as wanted, in order; a mask wherever something is gone, and far fewer masks than tokens gone."""
    for size, rate, mean_span in [
        (40, 0.3, 3.0),
        (int(rng.integers(50, 90)), 0.5, 2.0),
    ]:
        text = words(rng, size)
        for seed in seeds(rng, 20):
            got = filled(submission, text, rate, mean_span, seed)
            for gone, masks in gaps(text, got):
                is_true(
                    not gone or masks > 0,
                    f"{gone} tokens are gone and no mask stands there",
                )
    text = words(rng, 3000)
    got = filled(submission, text, 0.3, 5.0, 1)
    masks = got.count(MASK)
    is_true(masks < 600, f"{masks} masks for 900 tokens", cause="mask_each")
    equal(submission.text_infilling(text, 0.0, 3.0, 1), text)
    equal(set(submission.text_infilling(text, 1.0, 3.0, 1)), {MASK})
    equal(submission.text_infilling([], 0.3, 3.0, 1), [])


def test_infilling_spans(submission, rng):
    """Number and lengths of the spans. Where one mask stands alone, its length can be read off."""
    for mean in (3.0, float(rng.uniform(4, 6))):
        text = words(rng, 20_000)
        total = 5000
        got = filled(submission, text, 0.25, mean, int(rng.integers(1000)))
        spans = got.count(MASK)
        alone = [gone for gone, masks in gaps(text, got) if masks == 1]
        is_true(
            spans < 0.95 * total, f"{spans} masks for {total} tokens", cause="mask_each"
        )
        # As many lengths as it takes to reach a sum: 5 standard deviations, and some room for the two ends.
        room = 5 * (total / mean**2) ** 0.5 + 4
        is_true(
            abs(spans - total / mean) < room,
            f"{spans} spans for {total} tokens, where {total / mean:.0f} ± {room:.0f} are likely",
            cause="no_empty_spans"
            if mean == 3 and not alone.count(0)
            else "wrong_mean",
        )
        if mean == 3:
            share = alone.count(0) / len(alone)
            is_true(
                0.015 < share < 0.1,
                f"{share:.1%} of the spans have length 0, where exp(-3) = 5 % are likely",
                cause="" if share else "no_empty_spans",
            )
            share = sum(length >= 6 for length in alone) / len(alone)
            is_true(
                0.03 < share < 0.14,
                f"{share:.1%} of the spans have 6 tokens or more, where 8 % are likely",
                cause="fixed_spans" if share < 0.01 else "",
            )


def test_infilling_places(submission, rng):
    """Over many seeds every token is hit about as often."""
    text = words(rng, 10)
    tries = seeds(rng, 200)
    hit, front, back = Counter(), 0, 0
    for seed in tries:
        got = filled(submission, text, 0.3, 3.0, seed)
        hit.update(set(text) - set(got))
        front += got[0] == MASK
        back += got[-1] == MASK
    for place, token in enumerate(text):
        share = hit[token] / len(tries)
        is_true(
            0.08 < share < 0.6,
            f"token {place} of {len(text)} is hit in {share:.1%} of the texts, where about 30 % are likely",
        )
    is_true(
        front > 0.05 * len(tries) and back > 0.05 * len(tries),
        "a mask hardly ever stands at the beginning, or at the end",
    )


def test_sentences(submission, rng):
    for unfinished in (False, True):
        parts = [[*words(rng, size), "."] for size in (0, 1, 2, 5)]
        parts.append(words(rng, 3) + ["."] * (not unfinished))
        text = [token for part in parts for token in part]
        for seed in seeds(rng, 10):
            got = listed(submission.sentence_permutation(text, seed))
            is_true(
                Counter(got) == Counter(text),
                "the tokens are not those of the text",
                cause="end_lost"
                if Counter(got) == Counter(text[:-3])
                else "stop_lost"
                if [t for t in got if t == "."] != [t for t in text if t == "."]
                else "",
            )
            where = {token: i for i, token in enumerate(got)}
            for part in parts:
                own = part[: -1 if part[-1] == "." else None]
                if not own:
                    continue
                start = where[own[0]]
                is_true(
                    got[start : start + len(own)] == own,
                    f"the sentence {own} has come apart",
                    cause="sentences_reversed" if len(own) > 1 else "",
                )
                if part[-1] == ".":
                    is_true(
                        got[start + len(own)] == ".",
                        f"the sentence {own} has lost its full stop",
                        cause="stop_lost",
                    )
    a, b, c = ([word, "."] for word in words(rng, 3))
    tries = seeds(rng, 300)
    orders = Counter(
        tuple(submission.sentence_permutation(a + b + c, seed)) for seed in tries
    )
    equal(len(orders), 6, causes={"never_the_same": 5})
    for order, count in orders.items():
        within(count, len(tries), 1 / 6, f"the order {' '.join(order)}")
    equal(submission.sentence_permutation([], 1), [])
    single = words(rng, 4)
    equal(submission.sentence_permutation(single, 1), single, causes={"end_lost": []})


def test_rotation(submission, rng):
    text = words(rng, 5)
    tries, starts = seeds(rng, 250), Counter()
    for seed in tries:
        got = listed(submission.document_rotation(text, seed))
        shifts = [text[i:] + text[:i] for i in range(len(text))]
        is_true(
            got in shifts, "this is no cyclic shift of the text", cause="no_rotation"
        )
        starts[shifts.index(got)] += 1
    for start in range(len(text)):
        cause = "never_the_same" if not starts[0] else ""
        within(
            starts[start],
            len(tries),
            1 / len(text),
            f"token {start} comes first",
            cause,
        )
    equal(submission.document_rotation([], 1), [])
    equal(submission.document_rotation(["a"], 1), ["a"])


NAMES = {
    "sentence_permutation": {},
    "text_infilling": {"rate": 0.3, "mean_span": 3.0},
    "token_masking": {"rate": 0.3},
    "document_rotation": {},
    "token_deletion": {"rate": 0.4},
}


def by_hand(submission, tokens, plan, seed, step=1):
    for number, (name, options) in enumerate(plan):
        call = getattr(submission, name)
        tokens = listed(call(tokens, **options, seed=seed + step * number))
    return tokens


def test_composition(submission, rng):
    """The same as calling the noises by hand."""
    text = []
    for size in (4, 7, 5, 6):
        text += [*words(rng, size), "."]
    for _ in range(4):
        names = rng.permutation(list(NAMES)).tolist()[: int(rng.integers(3, 6))]
        names.append("token_masking")
        plan = [(name, NAMES[name]) for name in names]
        seed = int(rng.integers(10**6))

        right = by_hand(submission, text, plan, seed)
        is_true(right != text and len(right) > 1, "the noises leave the text as it was")
        causes = {
            "backwards": by_hand(submission, text, plan[::-1], seed),
            "one_seed": by_hand(submission, text, plan, seed, 0),
        }
        equal(submission.spoil(text, plan, seed), right, causes=causes)
    equal(submission.spoil(text, [], 1), text)
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        submission.spoil(text, [("token_masking", {"rate": 0.1}), ("upper", {})], 1)


def test_seeds(submission, rng):
    text = []
    for _ in range(12):
        text += [*words(rng, 8), "."]
    for name, options in NAMES.items():
        call = getattr(submission, name)
        results = {}
        for seed in [0, 1, 2, *seeds(rng, 3)] * 2:
            got = listed(call(text, **options, seed=seed))
            equal(got, results.setdefault(seed, got))
        different = len({tuple(got) for got in results.values()})
        is_true(
            different > len(results) // 2,
            f"{name} with {len(results)} seeds has {different} results",
            cause="seed_ignored",
        )
