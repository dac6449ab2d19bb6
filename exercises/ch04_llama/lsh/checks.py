"""Vectors one by one, in double precision; chances by counting over many rounds."""

import math

import pytest
import torch

from minillm.grading.expect import close, equal, is_true

EXACT = {"rtol": 1e-9, "atol": 1e-10}


def draw(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape))


def hashed(x, rotations):
    """By the definition, with the rounds in front of the length."""
    rows = x.reshape(-1, *x.shape[-2:])
    found = [
        [
            [
                max(range(2 * len(y)), key=[*y, *(-z for z in y)].__getitem__)
                for y in turned
            ]
            for turned in ((row @ matrix).tolist() for matrix in rotations)
        ]
        for row in rows
    ]
    return torch.tensor(found).reshape(*x.shape[:-2], len(rotations), x.shape[-2])


def same(got, right, causes=None):
    close(got, right, rtol=0, atol=0, causes=causes)


def test_rotations(submission, rng):
    seeds = rng.choice(10**6, size=3, replace=False).tolist()
    sizes = [(5, 2, 1), (4, 6, 3), (40, 30, 50)]
    for seed, (width, buckets, rounds) in zip(seeds, sizes, strict=True):
        got = submission.draw_rotations(width, buckets, rounds, seed)
        is_true(isinstance(got, torch.Tensor), "a torch tensor is expected")
        equal(
            [*got.shape, str(got.dtype)], [rounds, width, buckets // 2, "torch.float64"]
        )
        again = submission.draw_rotations(width, buckets, rounds, seed)
        same(again, got)
        other = submission.draw_rotations(width, buckets, rounds, seed + 1)
        is_true(
            not bool((other == got).any()), "another seed should give other numbers"
        )
    is_true(
        not bool((got[0] == got[1]).any()),
        "two rounds have numbers in common: every round has a matrix of its own",
    )
    moments = [float((got**k).mean()) for k in (1, 2, 4)]
    near = all(
        abs(a - b) < c
        for a, b, c in zip(moments, (0, 1, 3), (0.05, 0.08, 0.5), strict=True)
    )
    shown = ", ".join(f"{moment:.2f}" for moment in moments)
    is_true(
        near,
        f"mean, second and fourth moment are {shown}; standard normal numbers have 0, 1 and 3",
        cause="not_normal",
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_buckets(submission, rng, dtype):
    for lead, length, width, half, rounds in [
        ((), 1, 1, 1, 1),
        ((), 20, 5, 3, 1),
        ((2,), 12, 4, 1, 4),
        ((2, 3), 6, 3, 4, 2),
    ]:
        x = draw(rng, *lead, length, width).to(dtype)
        rotations = draw(rng, rounds, width, half).to(dtype)
        right = hashed(x, rotations)
        turned = x.unsqueeze(-3) @ rotations
        causes = {
            "half_only": turned.argmax(dim=-1),
            "absolute": turned.abs().argmax(dim=-1),
            "negatives_first": (right + half) % (2 * half),
            "rounds_last": right.mT.contiguous(),
        }
        same(submission.lsh_buckets(x, rotations), right, causes)


def test_length_and_direction(submission, rng):
    x, rotations = draw(rng, 50, 6), draw(rng, 3, 6, 4)
    right = hashed(x, rotations)
    lengths = torch.from_numpy(10.0 ** rng.uniform(-6, 6, size=(50, 1)))
    same(submission.lsh_buckets(lengths * x, rotations), right)
    opposite = (right + 4) % 8
    causes = {"absolute": (x @ rotations).abs().argmax(dim=-1)}
    same(submission.lsh_buckets(-x, rotations), opposite, causes)


def test_chance_of_a_common_bucket(submission, rng):
    """Two buckets: the border is a random plane, and parts an angle with a chance of angle / pi."""
    pairs, rounds = 50, 2000
    for angle in (0.3, math.pi / 3, math.pi / 2, 2.6):
        planes = torch.linalg.qr(draw(rng, pairs, 3, 2)).Q.mT
        turn = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
        x = torch.stack([planes[:, 0], 7 * turn @ planes], dim=1).flatten(0, 1)
        seed = int(rng.integers(10**6))
        rotations = submission.draw_rotations(3, 2, rounds, seed)
        found = submission.lsh_buckets(x, rotations)
        is_true(
            isinstance(found, torch.Tensor) and [*found.shape] == [rounds, 2 * pairs],
            "lsh_buckets gives no buckets of shape (rounds, length)",
        )
        share = float((found[:, ::2] == found[:, 1::2]).double().mean())
        right = 1 - angle / math.pi
        is_true(
            abs(share - right) < 0.01,
            f"vectors at an angle of {angle:.2f} share a bucket in {share:.3f} of the rounds, not in {right:.3f}",
        )
        both = float(found.double().mean())
        is_true(abs(both - 0.5) < 0.02, "the two buckets should be hit equally often")


def test_mask(submission, rng):
    for lead, rounds, queries, keys in [
        ((), 1, 4, 6),
        ((), 3, 5, 5),
        ((2,), 2, 6, 4),
        ((2, 3), 4, 3, 7),
    ]:
        q = torch.from_numpy(rng.integers(0, 4, size=(*lead, rounds, queries)))
        k = torch.from_numpy(rng.integers(0, 4, size=(*lead, rounds, keys)))
        pairs = q[..., :, None] == k[..., None, :]
        right = torch.zeros(*lead, queries, keys, dtype=torch.bool)
        for r in range(rounds):
            right |= pairs[..., r, :, :]
        anywhere = q.mT[..., :, None, :, None] == k.mT[..., None, :, None, :]
        causes = {
            "every_round": pairs.all(dim=-3),
            "one_round": pairs[..., 0, :, :],
            "across_rounds": anywhere.flatten(-2).any(dim=-1),
        }
        same(submission.bucket_mask(q, k), right, causes)


def clusters(rng, number, width, n):
    """Centroids of different lengths far apart, and vectors near all but the last of them."""
    counts = torch.from_numpy(rng.uniform(0.5, 4, size=number))
    centroids = torch.cat(
        [torch.zeros(1, width).double(), 5 * draw(rng, number - 1, width)]
    )
    centroids[-1] += 40
    chosen = torch.from_numpy(rng.integers(0, number - 1, size=n))
    chosen[: number - 1] = torch.arange(number - 1)
    return (
        counts[:, None] * centroids,
        counts,
        centroids[chosen] + 0.5 * draw(rng, n, width),
    )


def nearest(sums, counts, x):
    centroids = sums / counts[:, None]
    return [
        min(range(len(counts)), key=lambda c, v=v: float((v - centroids[c]).norm()))
        for v in x
    ]


def updated(sums, counts, x, decay, chosen=None, mean=False, empty_kept=True):
    chosen = nearest(sums, counts, x) if chosen is None else chosen
    sums, counts = sums.clone(), counts.clone()
    for c in range(len(counts)):
        own = x[[i for i, other in enumerate(chosen) if other == c]]
        if len(own) or not empty_kept:
            total = own.mean(dim=0) if mean and len(own) else own.sum(dim=0)
            sums[c] = decay * sums[c] + (1 - decay) * total
            counts[c] = decay * counts[c] + (1 - decay) * len(own)
    return sums, counts


def mistakes(sums, counts, x, decay):
    inner = (x @ (sums / counts[:, None]).T).argmax(dim=1).tolist()
    return {
        "inner_product": updated(sums, counts, x, decay, chosen=inner),
        "decay_swapped": updated(sums, counts, x, 1 - decay),
        "mean_of_members": updated(sums, counts, x, decay, mean=True),
        "empty_changed": updated(sums, counts, x, decay, empty_kept=False),
    }


def test_clusters(submission, rng):
    for number, width, n in [(2, 1, 3), (3, 2, 12), (6, 4, 60)]:
        sums, counts, x = clusters(rng, number, width, n)
        sums[-1] += 10 * x[-1] * counts[-1]
        for decay in (0.25, float(rng.uniform(0.6, 0.99))):
            right = updated(sums, counts, x, decay)
            got = submission.update_clusters(sums, counts, x, decay)
            close(got, right, causes=mistakes(sums, counts, x, decay), **EXACT)
        single = submission.update_clusters(
            *(y.float() for y in (sums, counts, x)), 0.5
        )
        right = tuple(y.float() for y in updated(sums, counts, x, 0.5))
        close(single, right, rtol=1e-4, atol=1e-4)


def test_means(submission, rng):
    """Without memory the centroids become the means, and stay where they have none."""
    sums, counts, x = clusters(rng, 4, 3, 30)
    right_sums, right_counts = updated(sums, counts, x, 0.0)
    new_sums, new_counts = submission.update_clusters(sums, counts, x, 0.0)
    close(new_counts, right_counts, **EXACT)
    right = right_sums / right_counts[:, None]
    close(new_sums / new_counts[:, None], right, **EXACT)


def test_empty_clusters(submission, rng):
    """However often nothing comes, an empty cluster stays what it is."""
    for decay in (0.0, 0.9):
        sums, counts, x = clusters(rng, 5, 2, 20)
        state = right = sums, counts
        for _ in range(4):
            right = updated(*right, x, decay)
            wrong = updated(*state, x, decay, empty_kept=False)
            state = submission.update_clusters(*state, x, decay)
            close(state, right, causes={"empty_changed": wrong}, **EXACT)
