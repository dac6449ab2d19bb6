"""LLaMA and the models that differ from it by a switch: Mistral, Qwen2, Qwen3, PaLM.

Against GPT: RMSNorm before each part, a gated feed-forward layer (SwiGLU), rotary positions, no biases. Grouped-query
attention came with LLaMA 2, a sliding window with Mistral, biases of queries, keys and values with Qwen2, norms of
queries and keys with Qwen3; PaLM runs both parts of a block in parallel.

Source: book section 2.4.1; Touvron et al. 2023a, 2023b; Jiang et al. 2023; Chowdhery et al. 2022.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minillm.models.decoder_only import DecoderOnly
from minillm.models.llama_config import LlamaConfig
from minillm.models.llama_step import LlamaStep, can_join
from minillm.models.stack import run_blocks
from minillm.nn import (
    Attention,
    Block,
    FeedForward,
    GatedFeedForward,
    KVCache,
    LayerNorm,
    LearnedPositions,
    RMSNorm,
    RopeScaling,
    Rotary,
    SinusoidalPositions,
    Trace,
    alibi_bias,
    initialize,
    visibility,
)


class Llama(DecoderOnly):
    """A LLaMA language model: token ids in, next-token logits out.

    Args:
        config: Its sizes and switches.

    Example:
        >>> model = Llama(LlamaConfig.tiny())
        >>> model(torch.zeros(1, 5, dtype=torch.long)).shape
        torch.Size([1, 5, 256])

    Source: book section 2.4.1, of whose decoder only one layer is printed (errata E38).
    """

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.width)
        self.position_embedding = None
        if config.positions == "learned":
            self.position_embedding = LearnedPositions(config.context, config.width)
        self.rotary = self._rotary() if config.positions == "rotary" else None
        self.sinusoids = SinusoidalPositions(config.width, config.context) if config.positions == "sinusoidal" else None
        self.blocks = nn.ModuleList(self._block() for _ in range(config.layers))
        self.norm = self._norm()
        self.output = None if config.tied else nn.Linear(config.width, config.vocab_size, bias=False)
        initialize(self, std=0.02, residual_layers=config.layers)

    def _rotary(self) -> Rotary:
        config = self.config
        scaling = None if config.rope_scaling is None else RopeScaling(*config.rope_scaling)
        return Rotary(config.head_size, config.context, config.rope_base, scaling)

    def _norm(self) -> nn.Module:
        if self.config.norm == "rms":
            return RMSNorm(self.config.width, self.config.norm_eps)
        return LayerNorm(self.config.width, self.config.norm_eps, bias=False)

    def _block(self) -> Block:
        config = self.config
        attention = Attention(
            config.width,
            config.heads,
            kv_heads=config.kv_heads,
            head_width=config.head_size,
            bias=config.qkv_bias,
            output_bias=False,
            qk_norm=config.qk_norm,
            norm_eps=config.norm_eps,
            dropout=config.dropout,
        )
        feedforward: nn.Module
        if config.gated:
            feedforward = GatedFeedForward(config.width, config.ffn_size, activation=config.activation)
        else:
            feedforward = FeedForward(config.width, config.ffn_size, activation=config.activation, bias=False)
        order = "parallel" if config.parallel else "pre"
        return Block(attention, feedforward, self._norm, order=order, dropout=config.dropout)

    def _hidden(
        self, ids: Tensor, mask: Tensor | None, positions: Tensor | None, cache: KVCache | None, trace: Trace | None
    ) -> Tensor:
        time = ids.shape[1]
        start = 0 if cache is None else cache.reserve(time)
        x = self.token_embedding(ids)
        if self.position_embedding is not None:
            x = x + self.position_embedding(start, time, positions)
        if self.sinusoids is not None:
            x = x + self.sinusoids(start, time, positions, x)
        if self.config.dropout:
            x = F.dropout(x, self.config.dropout, self.training)
        turn = None if self.rotary is None else self.rotary(start, time, positions, x)
        bias = None
        if self.config.positions == "alibi":
            bias = alibi_bias(self.config.heads, time, start + time, x.device).to(x.dtype)[None]
        if cache is not None and turn is not None and time == 1 and trace is None and self._joins(cache, x):
            # The window is a slice there, not a mask.
            seen = visibility(1, start + 1, causal=True, padding=mask).mask
            return self.norm(cache.step(x[:, 0], cache, turn, seen)[:, None])
        see = visibility(time, start + time, causal=True, window=self.config.window, padding=mask, device=ids.device)
        x = run_blocks(self.blocks, x, see, bias=bias, rotation=turn, cache=cache, trace=trace)
        return self.norm(x)

    def _joins(self, cache: KVCache, x: Tensor) -> bool:
        """Whether a step of one token may take the short way; the first step with a cache prepares it."""
        if (
            torch.is_grad_enabled()
            or (self.training and self.config.dropout)
            or torch.is_autocast_enabled(x.device.type)
        ):
            return False
        if cache.step is None:
            exact = x.dtype == cache.keys[0].dtype and x.dtype in (torch.float32, torch.float64)
            joins = exact and can_join(self.config, self.blocks)
            cache.step = LlamaStep(self.config, self.blocks) if joins else False
        return cache.step is not False
