"""Routing Transformer: attention within clusters of queries and keys, their centroids learned by moving averages."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from minillm.errors import InvalidInput
from minillm.nn.sparse.checks import require_at_least
from minillm.nn.sparse.dense import masked_attention

_LEAST_COUNT = 1e-6


class RoutingCentroids(nn.Module):
    r"""Cluster centers that follow the queries and keys assigned to them.

    Two running averages are kept for each cluster: of the sum of its members (2.39) and of their number (2.40). Their
    ratio (2.41) is the centroid. Counting members in both sums, queries and keys alike, is what makes the ratio a
    mean; a cluster without members keeps its centroid, for both averages shrink alike.

    Args:
        clusters: Number of clusters; the root of the sequence's length balances the costs.
        width: Width of queries and keys.
        decay: The averages' :math:`\lambda`, at least 0 and below 1.

    Attributes:
        sums: Running average of the sums of the members.
        counts: Running average of the number of members.

    Raises:
        InvalidInput: A number is out of its range.

    Example:
        >>> centroids = RoutingCentroids(clusters=4, width=8, decay=0.9)
        >>> centroids.assign(torch.randn(2, 16, 8)).shape
        torch.Size([2, 16])

    Source:
        Book equations 2.39 to 2.41; Roy et al. 2021, section 4.1, https://arxiv.org/abs/2003.05997. In the book's
        (2.39) the letter k means a key and the number of clusters.
    """

    sums: Tensor
    counts: Tensor

    def __init__(self, clusters: int, width: int, decay: float = 0.999) -> None:
        super().__init__()
        require_at_least(1, clusters=clusters, width=width)
        if not 0 <= decay < 1:
            raise InvalidInput(f"decay={decay} was given; allowed are 0 up to, but not including, 1.")
        self.decay = decay
        self.register_buffer("sums", F.normalize(torch.randn(clusters, width), dim=-1))
        self.register_buffer("counts", torch.ones(clusters))

    @property
    def centroids(self) -> Float[Tensor, "clusters width"]:
        """The centers, equation 2.41."""
        return self.sums / self.counts[:, None]

    def scores(self, x: Float[Tensor, "*batch length width"]) -> Float[Tensor, "*batch length clusters"]:
        """How near vectors, scaled to length 1, are to the centroids.

        Args:
            x: Queries or keys.

        Returns:
            Falls with the squared distance: the inner product less half the centroid's squared length.
        """
        centroids = self.centroids.to(x.dtype)
        return F.normalize(x, dim=-1) @ centroids.T - centroids.square().sum(dim=-1) / 2

    def assign(self, x: Float[Tensor, "*batch length width"]) -> Int[Tensor, "*batch length"]:
        """The nearest cluster of each vector.

        Args:
            x: Queries or keys.

        Returns:
            Numbers of clusters.
        """
        return self.scores(x).argmax(dim=-1)

    @torch.no_grad()
    def update(self, query: Float[Tensor, "*batch queries width"], key: Float[Tensor, "*batch keys width"]) -> None:
        """Move the centroids towards the members they have now; once a training step.

        Args:
            query: Queries of the batch.
            key: Keys of the batch.
        """
        members = F.normalize(torch.cat([x.flatten(0, -2) for x in (query, key)]), dim=-1).to(self.sums.dtype)
        chosen = F.one_hot(self.assign(members), len(self.counts)).to(self.sums.dtype)
        number = chosen.sum(dim=0)
        # Both averages of an empty cluster shrink alike, which leaves their ratio; not down to 0/0, though.
        vanishing = (number == 0) & (self.decay * self.counts < _LEAST_COUNT)
        kept = torch.full_like(number, self.decay).masked_fill(vanishing, 1.0)
        self.sums.copy_(kept[:, None] * self.sums + (1 - kept)[:, None] * (chosen.T @ members))
        self.counts.copy_(kept * self.counts + (1 - kept) * number)


def cluster_mask(
    query_clusters: Int[Tensor, "*batch queries"], key_clusters: Int[Tensor, "*batch keys"]
) -> Bool[Tensor, "*batch queries keys"]:
    """Which pairs fall into one cluster: the pattern that the book describes.

    Args:
        query_clusters: Cluster of each query.
        key_clusters: Cluster of each key.

    Returns:
        True where query and key have the same cluster.

    Example:
        >>> cluster_mask(torch.tensor([0, 1]), torch.tensor([1, 1])).tolist()
        [[False, False], [True, True]]

    Source:
        Book section 2.4.2; Roy et al. 2021, equation 11.
    """
    return query_clusters[..., :, None] == key_clusters[..., None, :]


def routing_attention(
    query: Float[Tensor, "*batch length head_width"],
    key: Float[Tensor, "*batch length head_width"],
    value: Float[Tensor, "*batch length value_width"],
    centroids: RoutingCentroids,
    members: int | None = None,
    causal: bool = False,
) -> Float[Tensor, "*batch length value_width"]:
    r"""Attention within clusters of equal size, which is how the paper computes it.

    Each centroid takes the ``members`` queries and the ``members`` keys that fit it best, so that all clusters cost
    alike: with :math:`\sqrt T` clusters of :math:`\sqrt T` members :math:`O(T^{1.5}d)`. A query that several clusters
    take gets the mean of their outputs; one that none takes, or that sees no key, gets zero. Where the nearest
    centroids split queries and keys into clusters of exactly this size, the result is that of ``cluster_mask``.

    Args:
        query: Queries.
        key: Keys.
        value: Values.
        centroids: The clusters' centers; ``centroids.update(query, key)`` moves them, which this function does not.
        members: Queries, and keys, a cluster; the default shares the sequence out evenly, rounded up.
        causal: Let a query see only keys up to its own position.

    Returns:
        The mixed values. No gradient flows through the choice of members.

    Raises:
        InvalidInput: ``members`` is below 1 or above the length.

    Example:
        >>> x = torch.randn(2, 64, 16)
        >>> routing_attention(x, x, x, RoutingCentroids(clusters=8, width=16)).shape
        torch.Size([2, 64, 16])

    Source:
        Book section 2.4.2; Roy et al. 2021, section 4.1 and algorithm 1, https://arxiv.org/abs/2003.05997.
    """
    length, clusters = query.shape[-2], len(centroids.counts)
    members = -(-length // clusters) if members is None else members
    require_at_least(1, members=members)
    if members > length:
        raise InvalidInput(f"members={members} a cluster were asked for; there are {length} positions.")
    with torch.no_grad():
        queries, keys = (
            centroids.scores(x).topk(members, dim=-2).indices.transpose(-2, -1).sort(dim=-1).values
            for x in (query, key)
        )
    mask = keys[..., None, :] <= queries[..., :, None] if causal else torch.ones((), dtype=torch.bool).expand(1, 1)
    mixed = masked_attention(
        _pick(query, queries),
        _pick(key, keys),
        _pick(value, keys),
        mask.to(query.device).expand(*queries.shape, members),
    )
    where = queries.flatten(-2)[..., None]
    total = value.new_zeros(value.shape).scatter_add(
        -2, where.expand(*where.shape[:-1], value.shape[-1]), mixed.flatten(-3, -2)
    )
    taken = value.new_zeros(*value.shape[:-1], 1).scatter_add(-2, where, value.new_ones(where.shape))
    return total / taken.clamp(min=1)


def _pick(x: Tensor, where: Tensor) -> Tensor:
    """The vectors at some positions of every cluster: (..., clusters, members, width)."""
    flat = where.flatten(-2)[..., None]
    return x.gather(-2, flat.expand(*flat.shape[:-1], x.shape[-1])).unflatten(-2, where.shape[-2:])
