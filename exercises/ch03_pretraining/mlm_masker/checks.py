"""Counts on 100,000 tokens, with bounds of five standard deviations."""

import numpy as np
import torch

from minillm.grading.expect import close, equal, is_true

SPECIAL, MASK, VOCAB = [0, 1, 2], 3, 1000
PLACES = 100_000


def text(rng, rows=250, columns=400, special=0.2):
    """Ids from 5 to 499, with special tokens among them; 100,000 of them."""
    ids = rng.integers(5, 500, size=(rows, columns))
    ids = np.where(
        rng.random(ids.shape) < special, rng.integers(3, size=ids.shape), ids
    )
    return torch.from_numpy(ids)


def masked(submission, ids, seed, special=SPECIAL, mask=MASK, vocab=VOCAB, rate=0.15):
    """Two tensors of the right types and shapes, or the check ends here."""
    got = submission.mask_tokens(ids, special, mask, vocab, seed, rate=rate)
    is_true(
        type(got) is tuple and len(got) == 2,
        "a tuple of noised ids and labels is expected",
    )
    for tensor, name in zip(got, ["noised ids", "labels"], strict=True):
        is_true(type(tensor) is torch.Tensor, f"the {name} should be a tensor")
        equal(str(tensor.dtype), "torch.int64")
        equal(list(tensor.shape), list(ids.shape))
    return got


def within(count, total, share, what, cause=""):
    """A count that a binomial distribution gives, within five standard deviations."""
    low, high = bounds(total, share)
    is_true(
        low <= count <= high,
        f"{what}: {count} of {total}, where {low:.0f} to {high:.0f} are likely",
        cause=cause,
    )


def bounds(total, share):
    spread = 5 * (total * share * (1 - share)) ** 0.5 + 1
    return total * share - spread, total * share + spread


def near(count, total, share):
    low, high = bounds(total, share)
    return low <= count <= high


def ordinary_of(ids):
    return ids > max(SPECIAL)


def test_labels(submission, rng):
    """What was there, where something was chosen; and where nothing was, nothing changed."""
    for shape in [(1, 1), (3, 7), (40, 60)]:
        ids = text(rng, *shape)
        for rate in (0.0, 0.3, 1.0):
            noised, labels = masked(submission, ids, int(rng.integers(1000)), rate=rate)
            asked, ordinary = labels != -100, ordinary_of(ids)
            some = bool(asked.any())
            only_hidden = some and bool((noised == MASK)[asked].all())
            if (rate < 1 and ordinary.sum() > 10) or rate == 0:
                is_true(
                    not (some and asked[ordinary].all()),
                    f"with rate {rate} every token is asked for",
                    cause="everything_asked",
                )
            is_true(
                not ((noised != ids) & ~asked).any(),
                "a token was replaced that is not asked for",
                cause="only_mask_asked" if only_hidden else "",
            )
            right = torch.where(asked, ids, -100)
            causes = {"label_after": torch.where(asked, noised, -100)}
            close(labels, right, rtol=0, atol=0, causes=causes)
            cause = "only_mask_asked" if only_hidden else ""
            if asked[~ordinary].any():
                cause = "special_hit"
            if rate in (0.0, 1.0):
                is_true(
                    bool((asked == (ordinary & (rate == 1))).all()),
                    "with rate 1 all tokens but the special ones are asked for, with rate 0 none",
                    cause=cause,
                )


def test_share(submission, rng):
    for rate in (0.15, float(rng.uniform(0.3, 0.6))):
        ids = text(rng)
        _, labels = masked(submission, ids, int(rng.integers(10**6)), rate=rate)
        total, count = int(ordinary_of(ids).sum()), int((labels != -100).sum())
        cause = ""
        if near(count, PLACES, rate):
            cause = "all_places"
        elif count == PLACES:
            cause = "everything_asked"
        elif near(count, total, 0.8 * rate):
            cause = "only_mask_asked"
        within(count, total, rate, f"with rate {rate:.2f}, chosen", cause)
    hundred = text(rng, 1, 100, special=0)
    seeds = rng.choice(10**6, size=25, replace=False).tolist()
    counts = {int((masked(submission, hundred, s)[1] != -100).sum()) for s in seeds}
    is_true(
        len(counts) > 1,
        f"of 100 tokens {min(counts)} are chosen whatever the seed",
        cause="exact_count",
    )
    default = submission.mask_tokens(ids, SPECIAL, MASK, VOCAB, 1)[1]
    within(int((default != -100).sum()), total, 0.15, "without a rate, chosen")


def test_fates(submission, rng):
    """Of the chosen: hidden, exchanged, left. A random token is the old one, or [MASK], once in 1000 times."""
    for rate in (0.15, 0.9):
        ids = text(rng)
        noised, labels = masked(submission, ids, int(rng.integers(10**6)), rate=rate)
        asked = labels != -100
        total = int(asked.sum())
        is_true(total > 1000, f"only {total} of {PLACES} tokens are asked for")
        hidden, left = (noised == MASK) & asked, (noised == ids) & asked
        counts = [int(hidden.sum()), int(left.sum())]
        counts.append(total - sum(counts))
        shares = [0.8 + 0.1 / VOCAB, 0.1 + 0.1 / VOCAB, 0.1 - 0.2 / VOCAB]
        names = ["replaced by [MASK]", "left as they are", "replaced by a random token"]
        cause = ""
        if counts[0] == total:
            cause = "all_hidden"
        elif near(counts[0], total, 0.8) and near(counts[2], total, 0.02):
            cause = "half_random"
        for count, share, name in zip(counts, shares, names, strict=True):
            within(count, total, share, f"of the chosen, {name}", cause)


def test_special_tokens(submission, rng):
    """Never chosen, never changed; and which they are is as the list says."""
    ids = text(rng, 100, 100, special=0.5)
    for special in ([0, 1, 2], [1], [7, 300, 8], []):
        apart = torch.isin(ids, torch.tensor(special, dtype=torch.int64))
        noised, labels = masked(submission, ids, 3, special=special, rate=1.0)
        is_true(
            not (labels != -100)[apart].any(),
            "a special token is asked for",
            cause="special_hit",
        )
        is_true(
            not (noised != ids)[apart].any(),
            "a special token was replaced",
            cause="special_hit",
        )
        close((labels != -100), ~apart, rtol=0, atol=0)
        moved = int((noised != ids)[~apart].sum())
        within(moved, int((~apart).sum()), 0.9 - 0.1 / VOCAB, "of all others, replaced")


def test_random_tokens(submission, rng):
    """Any id of the vocabulary, the first, the last and the special ones included, all equally likely."""
    vocab, mask = 8, int(rng.integers(3, 8))
    for old in (5, 6):
        ids = torch.full((200, 500), old)
        noised, labels = masked(
            submission,
            ids,
            int(rng.integers(10**6)),
            special=[0, 1],
            mask=mask,
            vocab=vocab,
            rate=0.9,
        )
        total = int((labels != -100).sum())
        within(total, PLACES, 0.9, "chosen")
        counts = torch.bincount(
            noised.clamp(0, vocab).flatten(), minlength=vocab + 1
        ).tolist()
        is_true(
            counts[vocab] == 0 and bool((noised >= 0).all()),
            f"the vocabulary has {vocab} ids, and another one appears",
        )
        for token in set(range(vocab)) - {mask, old}:
            within(counts[token], total, 0.1 / vocab, f"random tokens that are {token}")


def test_each_on_its_own(submission, rng):
    """How much the chosen vary from row to row and from column to column is as for tokens that know nothing of each other."""
    ids = text(rng, 250, 400, special=0)
    rate = float(rng.uniform(0.2, 0.5))
    noised, labels = masked(submission, ids, int(rng.integers(10**6)), rate=rate)
    asked = labels != -100
    chosen = asked.double()
    is_true(bool(asked.any()), "nothing is asked for")
    rows, columns = ids.shape
    for axis, length, count, cause in [
        (0, rows, columns, "rows_alike"),
        (1, columns, rows, "whole_rows"),
    ]:
        variance = chosen.sum(axis).var().item() / (length * rate * (1 - rate))
        spread = 5 * (2 / count) ** 0.5
        what = ["columns", "rows"][axis]
        if axis == 0 and variance < 0.01:  # all columns alike
            cause = "whole_rows"
        elif variance < 2:
            cause = ""
        is_true(
            1 - spread < variance < 1 + 1.5 * spread,
            f"the number of the chosen varies {variance:.2f} times as much between {what} as it should",
            cause=cause,
        )
    hidden = ((noised == MASK) & asked).double()
    share = (hidden.sum() / chosen.sum()).item()
    is_true(0.6 < share < 0.95, f"a share of {share:.2f} of the chosen is hidden")
    for axis, cause in [(0, "rows_alike"), (1, "whole_rows")]:
        number = chosen.sum(axis)
        excess = (hidden.sum(axis) - 0.8 * number) / (0.16 * number).sqrt()
        variance = excess.square().mean().item()
        what = ["columns", "rows"][axis]
        is_true(
            0.5 < variance < 1.7,
            f"what becomes of the chosen is not drawn for each: between {what} it varies {variance:.2f} times as much",
            cause=cause if variance > 2 else "",
        )
    within(int(asked.sum()), PLACES, rate, "chosen")


def test_seed(submission, rng):
    ids = text(rng, 50, 40)
    seeds = [0, 1, *rng.integers(2, 10**6, size=3).tolist()]
    first = {seed: masked(submission, ids, seed) for seed in seeds}
    for seed in reversed(seeds):
        again = masked(submission, ids, seed)
        close(list(again), list(first[seed]), rtol=0, atol=0)
    places = {
        tuple((labels != -100).flatten().tolist()) for _, labels in first.values()
    }
    is_true(
        len(places) == len(seeds),
        "two seeds choose the same tokens",
        cause="seed_ignored",
    )
    both = (first[0][1] != -100) & (first[1][1] != -100)
    total = int(ordinary_of(ids).sum())
    within(
        int(both.sum()), total, 0.15**2, "chosen with seed 0 and with seed 1 as well"
    )
