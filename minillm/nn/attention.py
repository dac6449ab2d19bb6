"""Scaled dot-product attention, and the multi-head layer around it.

One class serves multi-head, grouped-query and multi-query attention (``kv_heads``), self- and cross-attention
(``memory``), training and cached decoding (``cache``).

Source: book sections 2.2.2 and 2.4.2; Vaswani et al. 2017; Shazeer 2019 (MQA); Ainslie et al. 2023 (GQA).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from minillm.errors import InvalidInput
from minillm.nn.cache import KeysValues, LayerCache
from minillm.nn.norms import RMSNorm
from minillm.nn.rotary import Rotation, rotate_half_split


def attention_weights(
    query: Float[Tensor, "batch heads queries head_width"],
    key: Float[Tensor, "batch heads keys head_width"],
    mask: Bool[Tensor, "..."] | None = None,
    bias: Float[Tensor, "..."] | None = None,
) -> Float[Tensor, "batch heads queries keys"]:
    """The attention map, softmax(Q K^T / sqrt(d_k)), by the formula.

    Args:
        query: Queries.
        key: Keys, as many heads as the queries have.
        mask: True where attention is allowed; broadcastable to (batch, heads, queries, keys).
        bias: Added to the scores before the softmax (ALiBi).

    Returns:
        Rows that sum to one; a row which may attend to nothing is zero, never NaN.

    Example:
        >>> attention_weights(torch.zeros(1, 1, 1, 4), torch.zeros(1, 1, 2, 4)).tolist()
        [[[[0.5, 0.5]]]]

    Source: book equation (2.7), with the square root of d_k, not of d (errata E7).
    """
    scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
    if bias is not None:
        scores = scores + bias
    if mask is None:
        return scores.softmax(-1)
    # The lowest finite number instead of minus infinity: a fully masked row has no NaN, nor has its gradient.
    weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
    return weights.masked_fill(~mask, 0.0)


def attend(
    query: Float[Tensor, "batch heads queries head_width"],
    key: Float[Tensor, "batch kv_heads keys head_width"],
    value: Float[Tensor, "batch kv_heads keys head_width"],
    *,
    mask: Bool[Tensor, "..."] | None = None,
    causal: bool = False,
    bias: Float[Tensor, "..."] | None = None,
    dropout: float = 0.0,
    weights: list[Tensor] | None = None,
) -> Float[Tensor, "batch heads queries head_width"]:
    """Scaled dot-product attention, by PyTorch's fused kernel or, where the map is wanted, by the formula.

    Args:
        query: Queries.
        key: Keys; ``heads`` must be a multiple of ``kv_heads``, and query head ``i`` uses key head ``i // group``.
        value: Values.
        mask: True where attention is allowed; broadcastable to (batch, heads, queries, keys).
        causal: Hide the future as well; aligned at the last query and the last key.
        bias: Added to the scores (ALiBi); broadcastable like ``mask``.
        dropout: Probability with which an attention weight is dropped.
        weights: A list to which the attention map is appended, as it is before dropout.

    Returns:
        The mixed values. Rows that may attend to nothing are zero.

    Example:
        >>> q, k, v = torch.randn(3, 1, 2, 5, 8)
        >>> attend(q, k, v, causal=True).shape
        torch.Size([1, 2, 5, 8])

    Source: book equation (2.7); Dao et al. 2022 for the fused kernel.
    """
    queries, keys = query.shape[2], key.shape[2]
    if causal and (weights is not None or mask is not None or bias is not None or queries != keys):
        # The kernel aligns at the first query and key and takes no mask beside causality, so spell it out.
        lower = torch.ones(queries, keys, dtype=torch.bool, device=query.device).tril(keys - queries)
        mask, causal = (lower if mask is None else mask & lower), False
    if weights is None:
        return fused_attention(query, key, value, mask, causal, bias, dropout)
    group = query.shape[1] // key.shape[1]
    attention = attention_weights(query, key.repeat_interleave(group, dim=1), mask, bias)
    weights.append(attention)
    return F.dropout(attention, dropout) @ value.repeat_interleave(group, dim=1)


def fused_attention(
    query: Float[Tensor, "batch heads queries head_width"],
    key: Float[Tensor, "batch kv_heads keys head_width"],
    value: Float[Tensor, "batch kv_heads keys head_width"],
    mask: Bool[Tensor, "..."] | None,
    causal: bool,
    bias: Float[Tensor, "..."] | None,
    dropout: float,
) -> Float[Tensor, "batch heads queries head_width"]:
    """Attention by ``F.scaled_dot_product_attention``.

    Args:
        query: Queries.
        key: Keys.
        value: Values.
        mask: True where attention is allowed.
        causal: Hide the future; needs as many queries as keys and neither mask nor bias.
        bias: Added to the scores.
        dropout: Probability of dropping a weight.

    Returns:
        The mixed values.

    Example:
        >>> q = torch.randn(1, 2, 3, 4)
        >>> fused_attention(q, q, q, None, True, None, 0.0).shape
        torch.Size([1, 2, 3, 4])

    Source: PyTorch's documentation of ``scaled_dot_product_attention``.
    """
    if query.device.type == "cpu" and value.dtype == torch.bfloat16 and torch.is_grad_enabled():
        # PyTorch's kernel for CPUs takes twice as long on the way back in bfloat16 as in float32.
        with torch.autocast("cpu", enabled=False):
            exact = fused_attention(query.float(), key.float(), value.float(), mask, causal, bias, dropout)
        return exact.to(value.dtype)
    added: Tensor | None = mask
    if bias is not None:
        added = bias.to(query.dtype)
        added = added if mask is None else added.masked_fill(~mask, float("-inf"))
    batch, heads, queries, head_width = query.shape
    kv_heads = key.shape[1]
    shared = heads != kv_heads
    if shared and queries == 1 and (added is None or added.shape[1] == 1):
        # One new token: the heads that share keys become rows of one product, and no key is copied.
        grouped = query.reshape(batch, kv_heads, heads // kv_heads, head_width)
        mixed = F.scaled_dot_product_attention(grouped, key, value, attn_mask=added, dropout_p=dropout)
        return mixed.reshape(batch, heads, 1, head_width)
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask=added, dropout_p=dropout, is_causal=causal, enable_gqa=shared
    )


class Attention(nn.Module):
    """Multi-head attention with its four projections.

    Args:
        width: Model width d.
        heads: Query heads h.
        kv_heads: Key and value heads: h by default (multi-head), 1 for multi-query, a divisor of h for grouped-query.
        head_width: Width of a head; ``width / heads`` by default.
        bias: Give the query, key and value projections a bias.
        output_bias: Give the output projection a bias; like ``bias`` by default.
        qk_norm: Normalize every query and key by RMSNorm before it is rotated (Qwen3).
        norm_eps: The epsilon of that norm.
        dropout: Probability of dropping an attention weight in training.

    Raises:
        InvalidInput: The heads do not divide.

    Example:
        >>> Attention(width=8, heads=2)(torch.randn(1, 5, 8), causal=True).shape
        torch.Size([1, 5, 8])

    Source: book sections 2.2.2 and 2.4.2, equation (2.7).
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        kv_heads: int | None = None,
        head_width: int | None = None,
        bias: bool = True,
        output_bias: bool | None = None,
        qk_norm: bool = False,
        norm_eps: float = 1e-6,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        kv_heads = heads if kv_heads is None else kv_heads
        if heads < 1 or kv_heads < 1 or heads % kv_heads:
            raise InvalidInput(f"{heads} heads cannot share {kv_heads} key/value heads; give a divisor of the heads.")
        if head_width is None and width % heads:
            raise InvalidInput(f"width {width} is no multiple of {heads} heads; change one or give head_width.")
        self.heads, self.kv_heads = heads, kv_heads
        self.head_width = width // heads if head_width is None else head_width
        self.dropout = dropout
        self.query = nn.Linear(width, heads * self.head_width, bias=bias)
        self.key = nn.Linear(width, kv_heads * self.head_width, bias=bias)
        self.value = nn.Linear(width, kv_heads * self.head_width, bias=bias)
        self.output = nn.Linear(heads * self.head_width, width, bias=bias if output_bias is None else output_bias)
        self.query_norm = RMSNorm(self.head_width, norm_eps) if qk_norm else None
        self.key_norm = RMSNorm(self.head_width, norm_eps) if qk_norm else None

    def forward(
        self,
        x: Float[Tensor, "batch queries width"],
        memory: Float[Tensor, "batch keys width"] | KeysValues | None = None,
        *,
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        bias: Float[Tensor, "..."] | None = None,
        rotation: Rotation | None = None,
        cache: LayerCache | None = None,
        weights: list[Tensor] | None = None,
    ) -> Float[Tensor, "batch queries width"]:
        """Attend from ``x`` to itself, or to ``memory``.

        Args:
            x: Hidden states.
            memory: What to attend to instead of ``x``: hidden states, or their keys and values.
            mask: True where attention is allowed; broadcastable to (batch, heads, queries, keys).
            causal: Hide the future.
            bias: Added to the scores (ALiBi).
            rotation: Cosines and sines by which queries and keys are rotated.
            cache: Earlier keys and values; the new ones are written behind them.
            weights: A list to which the attention map is appended.

        Returns:
            As many hidden states as came in.

        Source: book equation (2.7) and the text that follows it.
        """
        query = self._by_head(self.query(x), self.heads)
        if self.query_norm is not None:
            query = self.query_norm(query)
        if rotation is not None:
            query = rotate_half_split(query, rotation)
        key, value = (
            memory if isinstance(memory, tuple) else self.keys_values(x if memory is None else memory, rotation)
        )
        if cache is not None:
            key, value = cache.append(key, value)
        dropout = self.dropout if self.training else 0.0
        mixed = attend(query, key, value, mask=mask, causal=causal, bias=bias, dropout=dropout, weights=weights)
        return self.output(mixed.transpose(1, 2).flatten(2))

    def keys_values(self, memory: Float[Tensor, "batch keys width"], rotation: Rotation | None = None) -> KeysValues:
        """Project what is attended to into keys and values.

        Args:
            memory: Hidden states of a source text, or of the text itself.
            rotation: Cosines and sines by which the keys are rotated.

        Returns:
            Keys and values by head.

        Example:
            >>> Attention(8, 4, kv_heads=2).keys_values(torch.randn(1, 3, 8)).keys.shape
            torch.Size([1, 2, 3, 2])

        Source: book section 2.2.5 (keys and values of the encoder).
        """
        key = self._by_head(self.key(memory), self.kv_heads)
        value = self._by_head(self.value(memory), self.kv_heads)
        if self.key_norm is not None:
            key = self.key_norm(key)
        if rotation is not None:
            key = rotate_half_split(key, rotation)
        return KeysValues(key, value)

    def _by_head(self, x: Tensor, heads: int) -> Tensor:
        """(batch, time, heads * head_width) to (batch, heads, time, head_width); plain views cost least."""
        return x.view(x.shape[0], x.shape[1], heads, self.head_width).transpose(1, 2)
