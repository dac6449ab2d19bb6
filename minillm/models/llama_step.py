"""One new token at a time, with as few operations as that takes.

With a small model the time of a decoding step goes into the overhead of its operations rather than into arithmetic.
This step joins what the layers keep apart: queries, keys and values are one product, so are gate and up; the norms'
weights are multiplied into the matrices that follow; sums ride on products. The result is the same up to rounding.

Source: this project; the fusions are those of inference engines (Pope et al. 2022, section 3.3).
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from minillm.models.llama_config import LlamaConfig
from minillm.nn import Attention, Block, GatedFeedForward, KVCache, RMSNorm, Rotation

LARGEST = 2**24
"""Parameters above which arithmetic outweighs overhead, and joined copies of the weights take too much memory."""


class JoinedLayer(NamedTuple):
    """A block's weights, joined and transposed.

    Attributes:
        qkv: (width, queries + keys + values).
        qkv_bias: Their biases, where there are any.
        output: (heads * head_width, width).
        gate_up: (width, 2 * hidden).
        down: (hidden, width).
        qk_norm: (heads + kv_heads, head_width), weights of the norms of queries and keys, where there are any.
    """

    qkv: Tensor
    qkv_bias: Tensor | None
    output: Tensor
    gate_up: Tensor
    down: Tensor
    qk_norm: Tensor | None


def _join(block: Block) -> JoinedLayer:
    attention, feedforward = block.attention, block.feedforward
    assert isinstance(feedforward, GatedFeedForward)
    before, between = block.attention_norm, block.feedforward_norm
    assert isinstance(before, RMSNorm)
    assert isinstance(between, RMSNorm)
    parts = (attention.query, attention.key, attention.value)
    bias = None if attention.query.bias is None else torch.cat([part.bias for part in parts])
    qk_norm = None
    if attention.query_norm is not None and attention.key_norm is not None:
        query_norm = attention.query_norm.weight.expand(attention.heads, -1)
        qk_norm = torch.cat((query_norm, attention.key_norm.weight.expand(attention.kv_heads, -1)))
    return JoinedLayer(
        qkv=(torch.cat([part.weight for part in parts]) * before.weight).t().contiguous(),
        qkv_bias=bias,
        output=attention.output.weight.t().contiguous(),
        gate_up=(torch.cat((feedforward.gate.weight, feedforward.up.weight)) * between.weight).t().contiguous(),
        down=feedforward.down.weight.t().contiguous(),
        qk_norm=qk_norm,
    )


def can_join(config: LlamaConfig, blocks: nn.ModuleList) -> bool:
    """Whether the layers are what :class:`LlamaStep` joins, untouched and small enough for it to pay.

    Args:
        config: The model's sizes and switches.
        blocks: Its blocks.

    Returns:
        False also where a layer was replaced (adapters, quantization, parallelism) or has a hook that must be run.

    Example:
        >>> from minillm.models import Llama
        >>> can_join(LlamaConfig.tiny(), Llama(LlamaConfig.tiny()).blocks)
        True

    Source: this project.
    """
    usual = config.norm == "rms" and config.positions == "rotary" and config.gated and config.activation == "silu"
    if not usual or config.parallel or sum(weight.numel() for weight in blocks.parameters()) > LARGEST:
        return False
    known = (nn.Linear, RMSNorm, Attention, GatedFeedForward, Block, nn.ModuleList)
    return all(
        type(part) in known and not part._forward_hooks and not part._forward_pre_hooks for part in blocks.modules()
    )


class LlamaStep:
    """Joined weights of a LLaMA, good for as long as those do not change.

    Args:
        config: The model's sizes.
        blocks: Its blocks; see :func:`can_join`.

    Example:
        >>> from minillm.models import Llama
        >>> model = Llama(LlamaConfig.tiny())
        >>> len(LlamaStep(model.config, model.blocks).layers)
        2

    Source: this project.
    """

    def __init__(self, config: LlamaConfig, blocks: nn.ModuleList) -> None:
        self.config = config
        with torch.no_grad():
            self.layers = [_join(block) for block in blocks if isinstance(block, Block)]
            self.eps = self.layers[0].qkv.new_tensor(config.norm_eps)

    def __call__(
        self,
        x: Float[Tensor, "batch width"],
        cache: KVCache,
        turn: Rotation,
        mask: Bool[Tensor, "batch 1 1 keys"] | None,
    ) -> Float[Tensor, "batch width"]:
        """Pass one new token of every row through the blocks.

        Args:
            x: Embeddings.
            cache: Grows by one position.
            turn: Rotation of the new position, (1, head_width) or (batch, 1, 1, head_width).
            mask: True at the keys that are seen.

        Returns:
            Hidden states before the final norm.

        Source: book section 2.4.1.
        """
        hidden = self.config.ffn_size
        if turn.cos.dim() == 4:
            turn = Rotation(turn.cos[:, 0], turn.sin[:, 0])
        for layer, keys, values in zip(self.layers, cache.keys, cache.values, strict=True):
            normed = self._normalize(x)
            joined = normed @ layer.qkv if layer.qkv_bias is None else torch.addmm(layer.qkv_bias, normed, layer.qkv)
            x = torch.addmm(x, self._attend(joined, layer, keys, values, cache.length, turn, mask), layer.output)
            inner = self._normalize(x) @ layer.gate_up
            x = torch.addmm(x, F.silu(inner[:, :hidden]).mul_(inner[:, hidden:]), layer.down)
        cache.advance(1)
        return x

    def _normalize(self, x: Tensor) -> Tensor:
        """RMSNorm without its weights, in four operations."""
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return x * torch.addcmul(self.eps, length, length, value=1 / x.shape[-1]).rsqrt_()

    def _attend(
        self,
        joined: Tensor,
        layer: JoinedLayer,
        keys: Tensor,
        values: Tensor,
        start: int,
        turn: Rotation,
        mask: Tensor | None,
    ) -> Tensor:
        config = self.config
        size, heads, kv_heads, batch = config.head_size, config.heads, config.kv_size, joined.shape[0]
        turned = heads + kv_heads
        joined = joined.view(batch, turned + kv_heads, size)
        both = joined[:, :turned]
        if layer.qk_norm is not None:
            both = self._normalize(both).mul_(layer.qk_norm)
        both = torch.addcmul(both * turn.cos, both.roll(size // 2, -1), turn.sin)
        keys[:, :, start] = both[:, heads:]
        values[:, :, start] = joined[:, turned:]
        end = start + 1
        first = 0 if config.window is None else max(0, end - config.window)
        # The queries that share a head stand as rows of one product.
        query = both[:, :heads].unflatten(1, (kv_heads, heads // kv_heads))
        shown = None if mask is None else mask[..., first:]
        mixed = F.scaled_dot_product_attention(query, keys[:, :, first:end], values[:, :, first:end], attn_mask=shown)
        return mixed.reshape(batch, heads * size)
