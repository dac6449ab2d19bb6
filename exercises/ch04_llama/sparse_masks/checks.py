"""Masks pair by pair, counts from small masks and in closed form, reach by search."""

from collections import deque

import torch

from minillm.grading.expect import close, equal, is_true

SIZES = [(1, 3, 1), (6, 1, 2), (9, 3, 2), (12, 5, 3), (10, 7, 1), (5, 9, 4)]


def mask_of(length, rule):
    rows = [[bool(rule(i, j)) for j in range(length)] for i in range(length)]
    return torch.tensor(rows, dtype=torch.bool)


def dilated(length, width, step):
    keys = [k * step for k in range(-(width // 2), width // 2 + 1)]
    return mask_of(length, lambda i, j: j - i in keys)


def globally(length, count):
    return mask_of(length, lambda i, j: i < count or j < count)


def blocks(length, block):
    return mask_of(length, lambda i, j: i // block == j // block)


def longformer(length, width, count):
    return dilated(length, width, 1) | globally(length, count)


def distances(mask, start):
    """Layers until start has heard of each place; by breadth first."""
    found, queue = {start: 0}, deque([start])
    rows = mask.tolist()
    while queue:
        i = queue.popleft()
        for j, seen in enumerate(rows[i]):
            if seen and j not in found:
                found[j] = found[i] + 1
                queue.append(j)
    return found


def layers(mask):
    all_found = [distances(mask, i) for i in range(len(mask))]
    if any(len(found) < len(mask) for found in all_found):
        return None
    return max(max(found.values()) for found in all_found)


def same(got, right, causes=None):
    close(got, right, rtol=0, atol=0, causes=causes)


def test_band_and_dilated(submission, rng):
    drawn = [int(i) for i in rng.integers(8, 15, size=2)]
    for length, width, step in [*SIZES, (drawn[0], 3, 5), (drawn[1], 5, 2)]:
        causes = {"width_is_reach": dilated(length, 2 * width + 1, 1)}
        right = dilated(length, width, 1)
        same(submission.band_mask(length, width), right, causes)
        causes = {
            "width_is_reach": dilated(length, 2 * width + 1, step),
            "reach_not_stretched": mask_of(
                length,
                lambda i, j, w=width, s=step: abs(i - j) <= w // 2 and (i - j) % s == 0,
            ),
        }
        right = dilated(length, width, step)
        same(submission.dilated_mask(length, width, step), right, causes)


def test_global_and_block_local(submission, rng):
    for length in (1, 5, int(rng.integers(6, 12))):
        for size in (1, 2, 3, length, length + 4):
            for count in (0, size):
                right = globally(length, count)
                causes = {
                    "rows_only": mask_of(length, lambda i, j, c=count: i < c),
                    "columns_only": mask_of(length, lambda i, j, c=count: j < c),
                    "sees_itself": right | torch.eye(length, dtype=torch.bool),
                }
                same(submission.global_mask(length, count), right, causes)
            same(submission.block_local_mask(length, size), blocks(length, size))


def test_unions(submission, rng):
    for length in (1, 2, 8, int(rng.integers(9, 14))):
        right = longformer(length, 3, 1)
        causes = {
            "width_is_reach": longformer(length, 7, 1),
            "rows_only": dilated(length, 3, 1) | mask_of(length, lambda i, j: i < 1),
            "columns_only": dilated(length, 3, 1) | mask_of(length, lambda i, j: j < 1),
        }
        same(submission.star_mask(length), right, causes)
        for width, count in [(1, 2), (5, 1), (3, 3), (3, 0), (1, 20)]:
            got = submission.longformer_mask(length, width, count)
            same(got, longformer(length, width, count))


def test_random_keys(submission, rng):
    length, width, count, extra = 24, 3, 2, 3
    base = longformer(length, width, count)
    masks = []
    for seed in rng.choice(10_000, size=120, replace=False).tolist():
        got = submission.bigbird_mask(length, width, count, extra, seed)
        if not masks:
            same(submission.bigbird_mask(length, width, count, extra, seed), got)
            equal(
                [str(getattr(got, "dtype", "")), [*base.shape]],
                ["torch.bool", [*got.shape]],
            )
        same(got & base, base)
        close(
            got.sum(dim=1), (base.sum(dim=1) + extra).clamp(max=length), rtol=0, atol=0
        )
        masks.append(got)
    different = {tuple(mask.flatten().tolist()) for mask in masks}
    is_true(len(different) > 110, "other seeds should draw other keys")
    added = torch.stack(masks) & ~base
    # 120 draws: the share of a key that may be drawn is near extra / hidden, about 0.16.
    share = added.double().mean(dim=0)[count:] / (
        extra / (~base).double().sum(dim=1, keepdim=True)[count:]
    )
    hidden = ~base[count:]
    is_true(
        bool((share[hidden] > 0.1).all() and (share[hidden] < 2.6).all()),
        "over many seeds every hidden key of a row should be drawn about equally often",
    )
    by_column = (share * hidden).sum(dim=0) / hidden.sum(dim=0).clamp(min=1)
    is_true(
        bool((by_column[count:] > 0.7).all() and (by_column[count:] < 1.3).all()),
        "over many seeds some keys are drawn more often than others",
    )
    together = torch.stack([a[5] & ~base[5] for a in masks]).double()
    other = torch.stack([a[15] & ~base[15] for a in masks]).double()
    common = (together * other)[:, 18:].sum() + (together * other)[:, 8:13].sum()
    is_true(
        common < 0.5 * (together[:, 18:].sum() + together[:, 8:13].sum()),
        "two rows draw the same keys: every row draws by itself",
    )
    few = submission.bigbird_mask(6, 3, 1, 4, 7)
    right = (longformer(6, 3, 1).sum(dim=1) + 4).clamp(max=6)
    close(few.sum(dim=1), right, rtol=0, atol=0)
    same(submission.bigbird_mask(6, 3, 1, 0, 7), longformer(6, 3, 1))


def test_pairs(submission, rng):
    drawn = [tuple(int(i) for i in rng.integers(1, 20, size=3)) for _ in range(4)]
    for length, width, step in [*SIZES, *((n, 2 * w + 1, s) for n, w, s in drawn)]:
        band = dilated(length, width, 1)
        causes = {"edges_forgotten": width * length}
        right = int(dilated(length, width, step).sum())
        equal(submission.dilated_pairs(length, width, step), right, causes=causes)
        equal(
            submission.dilated_pairs(length, width, 1), int(band.sum()), causes=causes
        )
        for count in (0, 1, 2, length, length + 3):
            full = globally(length, count)
            causes = {"counted_twice": int(band.sum() + full.sum())}
            right = int((band | full).sum())
            got = submission.longformer_pairs(length, width, count)
            equal(got, right, causes=causes)
        for block in (1, 2, step, width, length, length + 2):
            whole = length // block
            causes = {
                "rest_forgotten": whole * block**2,
                "edges_forgotten": length * block,
            }
            right = int(blocks(length, block).sum())
            equal(submission.block_local_pairs(length, block), right, causes=causes)


def test_pairs_of_long_sequences(submission, rng):
    for n in (10**6 + 3, 10**12):
        half, step = int(rng.integers(2, 400)), int(rng.integers(1, 50))
        right = n * (2 * half + 1) - step * half * (half + 1)
        equal(submission.dilated_pairs(n, 2 * half + 1, step), right)
        count = int(rng.integers(2, 10**4))
        rest = n - count
        right = 2 * n * count - count**2 + rest * (2 * half + 1) - half * (half + 1)
        equal(submission.longformer_pairs(n, 2 * half + 1, count), right)
        block = int(rng.integers(10, 10**5))
        right = n // block * block**2 + (n % block) ** 2
        equal(submission.block_local_pairs(n, block), right)


def off(right):
    return {"one_too_many": right + 1}


def test_hops_of_the_patterns(submission, rng):
    full = torch.ones(7, 7, dtype=torch.bool)
    masks = [
        torch.ones(1, 1, dtype=torch.bool),
        torch.zeros(1, 1, dtype=torch.bool),
        full,
        ~torch.eye(7, dtype=torch.bool),
        longformer(30, 3, 1),
        globally(12, 1),
        dilated(11, 5, 1),
        dilated(int(rng.integers(10, 40)), 3, 1),
        dilated(16, 3, 3) | dilated(16, 3, 1),
        longformer(20, 3, 0) | blocks(20, 5),
    ]
    for mask in masks:
        right = layers(mask)
        got = submission.hops(mask)
        equal(got, right, causes=off(right))
    long = torch.arange(150)
    band = (long[:, None] - long).abs() <= 1
    equal(submission.hops(band), 149, causes={"overflow": None, "one_too_many": 150})


def test_never(submission, rng):
    two = int(rng.integers(2, 6))
    masks = [
        blocks(12, two),
        dilated(10, 5, 2),
        torch.eye(3, dtype=torch.bool),
        torch.zeros(4, 4, dtype=torch.bool),
        torch.ones(5, 5, dtype=torch.bool).tril(),
        globally(6, 1) & mask_of(6, lambda i, j: j < 5),
    ]
    for mask in masks:
        size = len(mask)
        got = submission.hops(mask)
        is_true(
            got is None,
            f"{size} places never mix here, and the answer is {got!r}",
            cause="never_is_none",
        )
    equal(submission.hops(blocks(12, 11) | globally(12, 1)), 2)


def test_one_way(submission, rng):
    """Rings and shortcuts that lead in one direction only."""
    for length in (2, 9):
        ring = mask_of(length, lambda i, j, n=length: (j - i) % n == 1)
        for mask in (ring, ring.T.clone(), ring | torch.eye(length, dtype=torch.bool)):
            equal(submission.hops(mask), length - 1, causes=off(length - 1))
    for _ in range(6):
        mask = torch.from_numpy(rng.random((10, 10)) < 0.2)
        right = layers(mask)
        both = layers(mask | mask.T)
        causes = off(right) if right else {"never_is_none": both}
        if both != right:
            causes = {"direction": both} | causes
        equal(submission.hops(mask), right, causes=causes)
    tail = mask_of(6, lambda i, j: j == i + 1 or j == 0)
    equal(
        submission.hops(tail), layers(tail), causes={"direction": layers(tail | tail.T)}
    )
