"""Sparse and low-rank attention: patterns of positions, patterns of content, and their execution in tiles.

Patterns by position are boolean matrices (:mod:`.patterns`, :mod:`.compounds`); :mod:`.connectivity` says how many
layers they need to mix. :mod:`.block_sparse` computes only the tiles a pattern touches. :mod:`.routing` and
:mod:`.lsh_attention` choose the pairs by content, :mod:`.linformer` projects keys and values to fewer.
"""

from minillm.nn.sparse.block_mask import BlockMask
from minillm.nn.sparse.block_sparse import block_sparse_attention
from minillm.nn.sparse.compounds import bigbird_mask, etc_mask, longformer_mask, star_transformer_mask
from minillm.nn.sparse.connectivity import hops_to_mix, reach
from minillm.nn.sparse.dense import masked_attention, masked_softmax
from minillm.nn.sparse.linformer import LowRankAttention
from minillm.nn.sparse.lsh import bucket_mask, lsh_hash, lsh_rotations
from minillm.nn.sparse.lsh_attention import lsh_attention
from minillm.nn.sparse.patterns import band_mask, block_local_mask, density, dilated_mask, global_mask, random_mask
from minillm.nn.sparse.routing import RoutingCentroids, cluster_mask, routing_attention

__all__ = [
    "BlockMask",
    "LowRankAttention",
    "RoutingCentroids",
    "band_mask",
    "bigbird_mask",
    "block_local_mask",
    "block_sparse_attention",
    "bucket_mask",
    "cluster_mask",
    "density",
    "dilated_mask",
    "etc_mask",
    "global_mask",
    "hops_to_mix",
    "longformer_mask",
    "lsh_attention",
    "lsh_hash",
    "lsh_rotations",
    "masked_attention",
    "masked_softmax",
    "random_mask",
    "reach",
    "routing_attention",
    "star_transformer_mask",
]
