"""Reformer's attention: queries that are keys too attend within the buckets of a few rounds of hashing."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from minillm.nn.sparse.checks import require_at_least
from minillm.nn.sparse.lsh import lsh_hash

_SELF = -1e5
"""Score of a position with itself: a last resort, since shared queries and keys would fit themselves best."""


def lsh_attention(
    shared: Float[Tensor, "*batch length head_width"],
    value: Float[Tensor, "*batch length value_width"],
    rotations: Float[Tensor, "rounds head_width half"],
    chunk: int,
    causal: bool = False,
) -> Float[Tensor, "*batch length value_width"]:
    r"""Attention within hash buckets, at a cost of :math:`O(T\cdot\text{chunk})` a round.

    In every round positions are sorted by bucket and cut into chunks; a query sees the positions of its bucket that
    stand in its own chunk and the neighboring ones: the one before, and without causality the one after too. Buckets
    no larger than a chunk are therefore seen in full. Rounds are joined so that the whole is one softmax over all
    pairs that any round lets through, each counted once.

    Args:
        shared: Queries; scaled to length 1 they are the keys.
        value: Values.
        rotations: From :func:`lsh_rotations`, one for each round.
        chunk: Positions a chunk; the paper takes twice the mean size of a bucket.
        causal: Let a query see only keys up to its own position.

    Returns:
        The mixed values. A position sees itself only where it sees nothing else.

    Raises:
        InvalidInput: ``chunk`` is below 1.

    Example:
        >>> from minillm.nn.sparse import lsh_rotations
        >>> x = torch.randn(2, 64, 16)
        >>> rotations = lsh_rotations(16, buckets=8, rounds=2, generator=torch.Generator().manual_seed(0))
        >>> lsh_attention(x, x, rotations, chunk=16).shape
        torch.Size([2, 64, 16])

    Source:
        Book section 2.4.2; Kitaev et al. 2020, section 2 and appendix A, https://arxiv.org/abs/2001.04451.
    """
    require_at_least(1, chunk=chunk)
    with torch.no_grad():
        chunks = _Chunks(lsh_hash(shared, rotations), chunk, causal)
        rounds_met = chunks.rounds_met()
    keys = chunks.seen_by_each(chunks.sorted(F.normalize(shared, dim=-1)))
    scores = chunks.sorted(shared * shared.shape[-1] ** -0.5) @ keys.transpose(-2, -1)
    scores = scores.masked_fill(chunks.query[..., :, None] == chunks.key[..., None, :], _SELF)
    # A pair that several rounds let through weighs as much as any other.
    scores = (scores - rounds_met.clamp(min=1).to(scores).log()).masked_fill(rounds_met == 0, -torch.inf)
    peak = scores.amax(dim=-1, keepdim=True).detach()
    weights = (scores - peak).exp()
    mixed = chunks.unsorted(weights @ chunks.seen_by_each(chunks.sorted(value)))
    total, peak = chunks.unsorted(weights.sum(dim=-1, keepdim=True)), chunks.unsorted(peak)
    share = (peak - peak.amax(dim=-3, keepdim=True)).exp()
    return (mixed * share).sum(dim=-3) / (total * share).sum(dim=-3)


class _Chunks:
    """Positions sorted by bucket and cut into chunks, in every round.

    The sequence is filled up to whole chunks with positions in a bucket of their own, which no other position sees.

    Attributes:
        query: Positions of each chunk: (..., rounds, chunks, chunk).
        key: Positions that each chunk can see: the same of its neighbors.
    """

    def __init__(self, buckets: Tensor, chunk: int, causal: bool) -> None:
        self.length, self.chunk, self.causal = buckets.shape[-1], chunk, causal
        self.offsets = (-1, 0) if causal else (-1, 0, 1)
        self.buckets = F.pad(buckets, (0, -self.length % chunk), value=int(buckets.max()) + 1)
        # A stable sort keeps the positions of a bucket in their order, so that a causal query looks only backwards.
        self.order = self.buckets.argsort(dim=-1, stable=True)
        self.rank = self.order.argsort(dim=-1)
        self.query = self.order.unflatten(-1, (-1, chunk))
        self.key = self.seen_by_each(self.query[..., None])[..., 0]

    def sorted(self, x: Tensor) -> Tensor:
        """Vectors in every round's order, in chunks: (..., rounds, chunks, chunk, width)."""
        padded = F.pad(x, (0, 0, 0, self.order.shape[-1] - self.length)).unsqueeze(-3)
        index = self.order[..., None].expand(*self.order.shape, x.shape[-1])
        return padded.expand_as(index).gather(-2, index).unflatten(-2, (-1, self.chunk))

    def unsorted(self, x: Tensor) -> Tensor:
        """Back to the sequence's order: (..., rounds, length, width)."""
        index = self.rank[..., : self.length, None]
        return x.flatten(-3, -2).gather(-2, index.expand(*index.shape[:-1], x.shape[-1]))

    def seen_by_each(self, chunks: Tensor) -> Tensor:
        """For each chunk what stands in its neighbors and itself, side by side; round the ends it wraps."""
        return torch.cat([chunks.roll(-offset, dims=-3) for offset in self.offsets], dim=-2)

    def rounds_met(self) -> Tensor:
        """In how many rounds the pairs of ``query`` and ``key`` share a bucket and can see each other."""
        count = torch.zeros((), dtype=torch.long, device=self.query.device)
        chunk_of = self.rank // self.chunk
        for round_ in range(self.order.shape[-2]):
            query, key = (
                [x[..., round_, :].gather(-1, where.flatten(-3)).view_as(where) for x in (self.buckets, chunk_of)]
                for where in (self.query, self.key)
            )
            away = key[1][..., None, :] - query[1][..., :, None]
            met = (
                (key[0][..., None, :] == query[0][..., :, None])
                & (away >= self.offsets[0])
                & (away <= self.offsets[-1])
            )
            count = count + met.long()
        # A round shows pairs of one bucket only, and nothing of what wrapped round an end beside a chunk.
        bucket = self.buckets.gather(-1, self.order).unflatten(-1, (-1, self.chunk))
        shown = bucket[..., :, None] == self.seen_by_each(bucket[..., None])[..., None, :, 0]
        number = torch.arange(self.query.shape[-2], device=self.query.device)
        beside = torch.cat([(number + offset)[:, None].expand(-1, self.chunk) for offset in self.offsets], dim=-1)
        shown &= ((beside >= 0) & (beside < len(number)))[:, None, :]
        if self.causal:
            shown &= self.key[..., None, :] <= self.query[..., :, None]
        return count * shown
