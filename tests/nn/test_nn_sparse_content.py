"""Attention by content: Routing Transformer's clusters, Reformer's buckets, Linformer's projections."""

import math

import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from minillm.errors import InvalidInput
from minillm.nn.sparse import (
    LowRankAttention,
    RoutingCentroids,
    bucket_mask,
    cluster_mask,
    lsh_attention,
    lsh_hash,
    lsh_rotations,
    masked_attention,
    routing_attention,
)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def assert_same_gradients(ours: torch.Tensor, reference: torch.Tensor, *leaves: torch.Tensor) -> None:
    upstream = normal(*reference.shape, seed=99)
    for a, b in zip(*(torch.autograd.grad(x, leaves, upstream) for x in (ours, reference)), strict=True):
        torch.testing.assert_close(a, b, atol=1e-10, rtol=0)


# Routing Transformer


def centers(clusters: int, width: int, decay: float, seed: int = 0) -> RoutingCentroids:
    torch.manual_seed(seed)
    return RoutingCentroids(clusters, width, decay).double()


def test_centroids_follow_the_three_equations() -> None:
    centroids = centers(4, 8, decay=0.7)
    sums, counts = centroids.sums.clone(), centroids.counts.clone()
    for step in range(3):
        q, k = normal(2, 15, 8, seed=step), normal(2, 10, 8, seed=50 + step)
        unit_q, unit_k = (F.normalize(x, dim=-1).flatten(0, 1) for x in (q, k))
        means = sums / counts[:, None]
        for c in range(4):
            # The nearest centroid, written out.
            mine_q = torch.stack([(x - means).square().sum(-1).argmin() == c for x in unit_q])
            mine_k = torch.stack([(x - means).square().sum(-1).argmin() == c for x in unit_k])
            sums[c] = 0.7 * sums[c] + 0.3 * (unit_q[mine_q].sum(0) + unit_k[mine_k].sum(0))
            counts[c] = 0.7 * counts[c] + 0.3 * float(mine_q.sum() + mine_k.sum())
        centroids.update(q, k)
        torch.testing.assert_close(centroids.sums, sums, atol=1e-12, rtol=0)
        torch.testing.assert_close(centroids.counts, counts, atol=1e-12, rtol=0)
        torch.testing.assert_close(centroids.centroids, sums / counts[:, None], atol=1e-12, rtol=0)


def test_without_decay_centroids_are_the_means_of_their_members() -> None:
    centroids = centers(3, 4, decay=0.0)
    x = normal(60, 4)
    chosen = centroids.assign(x)
    centroids.update(x[:35], x[35:])
    for c in range(3):
        torch.testing.assert_close(centroids.centroids[c], F.normalize(x, dim=-1)[chosen == c].mean(0))


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_an_empty_cluster_keeps_its_centroid(decay: float) -> None:
    centroids = centers(2, 2, decay)
    centroids.sums.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    one_side = torch.tensor([[1.0, 0.1], [1.0, -0.1]], dtype=torch.float64)
    for _ in range(600):
        centroids.update(one_side, one_side)
    torch.testing.assert_close(centroids.centroids[1], torch.tensor([-1.0, 0.0], dtype=torch.float64))
    centroids.update(-one_side, -one_side)
    assert centroids.centroids.isfinite().all()


def test_online_clusters_find_separate_groups() -> None:
    groups = F.normalize(normal(5, 16), dim=-1) * 4
    x = (groups[:, None] + 0.3 * normal(5, 40, 16, seed=1)).flatten(0, 1)
    centroids = centers(5, 16, decay=0.9)
    centroids.sums.copy_(F.normalize(x[::40] + normal(5, 16, seed=2), dim=-1))
    for _ in range(40):
        centroids.update(x, x)
    assert centroids.assign(x).tolist() == [i // 40 for i in range(200)]


def test_equal_clusters_give_the_books_pattern() -> None:
    # Eight clusters of four positions each, scattered over the sequence, and pairs of batch and head.
    centroids = centers(8, 16, decay=0.9)
    axes = torch.eye(16, dtype=torch.float64)[:8]
    centroids.sums.copy_(axes)
    order = torch.randperm(32, generator=torch.Generator().manual_seed(4)) % 8
    q, k = (5 * axes[order] + 0.2 * normal(2, 3, 32, 16, seed=s) for s in (1, 2))
    q, k, v = (x.requires_grad_() for x in (q, k, normal(2, 3, 32, 6, seed=3)))
    same = cluster_mask(centroids.assign(q), centroids.assign(k))
    assert same.sum(-1).unique().tolist() == [4]
    for causal in (False, True):
        mask = same.tril() if causal else same
        ours, full = routing_attention(q, k, v, centroids, causal=causal), masked_attention(q, k, v, mask)
        torch.testing.assert_close(ours, full, atol=1e-12, rtol=0)
        assert_same_gradients(ours, full, q, k, v)


@pytest.mark.parametrize("causal", [False, True])
def test_unequal_clusters_written_out(causal: bool) -> None:
    centroids = centers(3, 8, decay=0.9)
    q, k, v = normal(20, 8), normal(20, 8, seed=1), normal(20, 5, seed=2)
    total, taken = torch.zeros(20, 5, dtype=torch.float64), torch.zeros(20)
    for c in range(3):
        queries, keys = (centroids.scores(x)[:, c].topk(9).indices for x in (q, k))
        for i in queries.tolist():
            seen = [j for j in keys.tolist() if not causal or j <= i]
            taken[i] += 1
            if seen:
                total[i] += F.softmax(k[seen] @ q[i] / math.sqrt(8), dim=0) @ v[seen]
    assert taken.max() > 1, "the test should see a query that two clusters take"
    assert taken.min() == 0, "and one that none takes"
    expected = total / taken.clamp(min=1)[:, None]
    torch.testing.assert_close(routing_attention(q, k, v, centroids, 9, causal), expected, atol=1e-12, rtol=0)


def test_one_cluster_of_all_is_full_attention() -> None:
    q, k, v = (normal(2, 12, 8, seed=s) for s in range(3))
    ours = routing_attention(q, k, v, centers(1, 8, 0.9), causal=True)
    torch.testing.assert_close(ours, F.scaled_dot_product_attention(q, k, v, is_causal=True), atol=1e-12, rtol=0)


def test_routing_costs_the_root_of_the_square() -> None:
    def products(length: int) -> int:
        x, centroids = normal(length, 8), centers(math.isqrt(length), 8, 0.9)
        with FlopCounterMode(display=False) as counter:
            routing_attention(x, x, x, centroids)
        return counter.get_total_flops()

    # sqrt(T) clusters of sqrt(T) members: as much for the scores with the centroids as for the scores inside.
    assert products(1024) == 2 * 4 * 1024**1.5 * 8
    assert products(4096) == 8 * products(1024)


# Reformer


@pytest.mark.parametrize("angle", [15, 45, 90, 120, 170])
def test_two_buckets_collide_with_one_minus_angle_over_pi(angle: int) -> None:
    theta = math.radians(angle)
    pair = torch.tensor([[1.0, 0.0, 0.0], [math.cos(theta), math.sin(theta), 0.0]])
    hashes = lsh_hash(pair, lsh_rotations(3, 2, 40_000, torch.Generator().manual_seed(angle)))
    rate = float((hashes[:, 0] == hashes[:, 1]).double().mean())
    # Four standard deviations of 40,000 draws.
    assert rate == pytest.approx(1 - theta / math.pi, abs=0.01)


def test_eight_buckets_collide_as_measured() -> None:
    generator = torch.Generator().manual_seed(0)
    rates = []
    for angle in (15, 30, 45, 60, 90):
        theta = math.radians(angle)
        pair = torch.zeros(2, 16)
        pair[0, 0], pair[1, 0], pair[1, 1] = 1, math.cos(theta), math.sin(theta)
        hashes = lsh_hash(pair, lsh_rotations(16, 8, 40_000, generator))
        rates.append(float((hashes[:, 0] == hashes[:, 1]).double().mean()))
    assert rates == pytest.approx([0.79, 0.61, 0.46, 0.32, 0.125], abs=0.015)


def test_hash_depends_on_direction_only() -> None:
    x, rotations = normal(50, 8), lsh_rotations(8, 6, 3, torch.Generator().manual_seed(1))
    hashes = lsh_hash(x, rotations)
    assert hashes.shape == (3, 50)
    assert hashes.unique().tolist() == list(range(6))
    assert torch.equal(lsh_hash(x * torch.rand(50, 1).double().add(0.1), rotations), hashes)
    # The opposite direction falls into the opposite bucket.
    assert torch.equal(lsh_hash(-x, rotations), (hashes + 3) % 6)


def shared_reference(x: torch.Tensor, v: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Shared queries and keys in full: keys of length 1, oneself only where there is nobody else."""
    scores = x @ F.normalize(x, dim=-1).transpose(-2, -1) / math.sqrt(x.shape[-1])
    scores = scores.masked_fill(torch.eye(x.shape[-2], dtype=torch.bool), -1e5).masked_fill(~mask, -torch.inf)
    return F.softmax(scores, dim=-1) @ v


# The last case has two chunks, each of which is the other's neighbor on both sides.
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("length", "rounds", "count"), [(40, 1, 12), (40, 3, 12), (37, 2, 12), (5, 2, 12), (24, 1, 4)])
def test_buckets_no_larger_than_a_chunk_are_seen_in_full(length: int, rounds: int, count: int, causal: bool) -> None:
    x, v = normal(2, 3, length, 16).requires_grad_(), normal(2, 3, length, 5, seed=1).requires_grad_()
    rotations = lsh_rotations(16, count, rounds, torch.Generator().manual_seed(2))
    buckets = lsh_hash(x.detach(), rotations)
    chunk = max(int(F.one_hot(buckets).sum(-2).max()), length // 2 if count == 4 else 0)
    ours, full = lsh_attention(x, v, rotations, chunk, causal), shared_reference(x, v, bucket_mask(buckets, causal))
    torch.testing.assert_close(ours, full, atol=1e-12, rtol=0)
    assert_same_gradients(ours, full, x, v)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("chunk", [2, 4, 7])
def test_never_across_buckets(chunk: int, causal: bool) -> None:
    # Values that name their position show where the weight of each query goes, buckets larger than a chunk or not.
    x, rotations = normal(30, 8), lsh_rotations(8, 4, 2, torch.Generator().manual_seed(3))
    weights = lsh_attention(x, torch.eye(30, dtype=torch.float64), rotations, chunk, causal)
    allowed = bucket_mask(lsh_hash(x, rotations), causal)
    assert not weights[~allowed].any()
    torch.testing.assert_close(weights.sum(-1), torch.ones(30, dtype=torch.float64))
    seen = int((weights > 0).sum())
    assert 60 < seen < int(allowed.sum()), "a chunk smaller than the buckets must lose pairs, and not most of them"


def test_more_rounds_see_more() -> None:
    x = normal(64, 8)
    seen = []
    for rounds in (1, 2, 4, 8):
        rotations = lsh_rotations(8, 8, rounds, torch.Generator().manual_seed(0))
        weights = lsh_attention(x, torch.eye(64, dtype=torch.float64), rotations, chunk=64)
        seen.append(int((weights > 0).sum()))
    assert seen == sorted(set(seen))


def test_one_bucket_pair_in_one_chunk_is_everything_of_its_half_space() -> None:
    x = normal(16, 4)
    rotations = lsh_rotations(4, 2, 1, torch.Generator().manual_seed(0))
    side = x @ rotations[0].double()[:, 0] >= 0
    mask = side[:, None] == side[None, :]
    torch.testing.assert_close(lsh_attention(x, x, rotations, 16), shared_reference(x, x, mask), atol=1e-12, rtol=0)


def test_lsh_cost_grows_with_the_length_not_its_square() -> None:
    def products(length: int) -> int:
        x = normal(length, 8)
        rotations = lsh_rotations(8, length // 16, 1, torch.Generator().manual_seed(0))
        with FlopCounterMode(display=False) as counter:
            lsh_attention(x, x, rotations, chunk=32)
        hashing = 2 * length * 8 * (length // 32)
        return counter.get_total_flops() - hashing

    assert products(512) == 4 * 512 * 3 * 32 * 8
    assert products(1024) == 2 * products(512)


# Linformer


def test_low_rank_attention_written_out() -> None:
    torch.manual_seed(0)
    attention = LowRankAttention(length=20, rank=6).double()
    q, k, v = (normal(2, 3, 20, 8, seed=s) for s in range(3))
    e, f = attention.key_projection, attention.value_projection
    expected = F.scaled_dot_product_attention(q, e @ k, f @ v)
    torch.testing.assert_close(attention(q, k, v), expected, atol=1e-12, rtol=0)
    short = F.scaled_dot_product_attention(q, e[:, :11] @ k[:, :, :11], f[:, :11] @ v[:, :, :11])
    torch.testing.assert_close(attention(q, k[:, :, :11], v[:, :, :11]), short, atol=1e-12, rtol=0)


def test_full_rank_identity_is_full_attention() -> None:
    attention = LowRankAttention(length=20, rank=20).double()
    for p in attention.parameters():
        torch.nn.init.eye_(p)
    q, k, v = (normal(20, 8, seed=s) for s in range(3))
    torch.testing.assert_close(attention(q, k, v), F.scaled_dot_product_attention(q, k, v), atol=1e-12, rtol=0)


def test_low_rank_cost_grows_with_the_length_and_sharing_halves_the_parameters() -> None:
    def products(length: int) -> int:
        x = normal(length, 8).float()
        with FlopCounterMode(display=False) as counter:
            LowRankAttention(length, rank=4)(x, x, x)
        return counter.get_total_flops()

    assert products(256) == 8 * 256 * 4 * 8
    assert products(512) == 2 * products(256)
    counts = [sum(p.numel() for p in LowRankAttention(30, 5, share).parameters()) for share in (False, True)]
    assert counts == [300, 150]


@pytest.mark.parametrize(
    "call",
    [
        lambda: RoutingCentroids(0, 4),
        lambda: RoutingCentroids(2, 4, decay=1.0),
        lambda: routing_attention(*[torch.ones(4, 2)] * 3, RoutingCentroids(2, 2), members=5),
        lambda: lsh_rotations(4, 3, 1, torch.Generator()),
        lambda: lsh_attention(torch.ones(4, 2), torch.ones(4, 2), torch.ones(1, 2, 1), chunk=0),
        lambda: LowRankAttention(4, 5),
        lambda: LowRankAttention(4, 2)(*[torch.ones(5, 2)] * 3),
    ],
)
def test_bad_numbers_are_refused(call) -> None:
    with pytest.raises(InvalidInput):
        call()
