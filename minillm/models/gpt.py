"""GPT: a stack of causal blocks that predicts the next token.

GPT-2 and GPT-3 normalize before each part, GPT-1 after it; all have learned positions, biases everywhere, the tanh form
of GELU, and share the embedding table with the output layer.

Source: book section 2.3.2, equations (2.23) to (2.25); Radford et al. 2018, 2019; Brown et al. 2020.
"""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from minillm.errors import InvalidInput
from minillm.models.checks import check_config, check_heads
from minillm.models.decoder_only import DecoderOnly
from minillm.models.stack import run_blocks
from minillm.nn import (
    Attention,
    Block,
    FeedForward,
    KVCache,
    LayerNorm,
    LearnedPositions,
    Trace,
    initialize,
    visibility,
)


@dataclass(frozen=True)
class GPTConfig:
    """Sizes of a GPT.

    Attributes:
        vocab_size: Number of token ids.
        context: Most tokens it can read; there is one learned position for each.
        layers: Number of blocks.
        heads: Attention heads of a block.
        width: Model width.
        ffn_width: Feed-forward width; four times the width by default.
        dropout: Probability of dropping a unit in training, everywhere.
        tied: Use the embedding table as output layer.
        norm_eps: Epsilon of the norms.
        norm: ``pre`` for GPT-2 and GPT-3, ``post`` for GPT-1, which has no final norm.
        activation: Of the feed-forward layers.

    Source: the papers' tables.
    """

    vocab_size: int
    context: int
    layers: int
    heads: int
    width: int
    ffn_width: int | None = None
    dropout: float = 0.0
    tied: bool = True
    norm_eps: float = 1e-5
    norm: str = "pre"
    activation: str = "gelu_tanh"

    def __post_init__(self) -> None:
        check_config(self, ("vocab_size", "context", "layers", "heads", "width", "ffn_width"))
        check_heads(self)
        if self.norm not in ("pre", "post"):
            raise InvalidInput(f"GPTConfig: norm is {self.norm!r}; give 'pre' or 'post'.")

    @classmethod
    def tiny(cls) -> "GPTConfig":
        """A model for tests and first steps."""
        return cls(vocab_size=256, context=64, layers=2, heads=4, width=32)

    @classmethod
    def gpt1(cls) -> "GPTConfig":
        """GPT of 2018: 116,534,784 parameters."""
        return cls(vocab_size=40478, context=512, layers=12, heads=12, width=768, norm="post")

    @classmethod
    def gpt2(cls) -> "GPTConfig":
        """GPT-2 small: 124,439,808 parameters."""
        return cls(vocab_size=50257, context=1024, layers=12, heads=12, width=768)

    @classmethod
    def gpt2_medium(cls) -> "GPTConfig":
        """GPT-2 medium: 354,823,168 parameters."""
        return cls(vocab_size=50257, context=1024, layers=24, heads=16, width=1024)

    @classmethod
    def gpt2_large(cls) -> "GPTConfig":
        """GPT-2 large: 774,030,080 parameters."""
        return cls(vocab_size=50257, context=1024, layers=36, heads=20, width=1280)

    @classmethod
    def gpt2_xl(cls) -> "GPTConfig":
        """GPT-2 XL, the "1.5B" model: 1,557,611,200 parameters."""
        return cls(vocab_size=50257, context=1024, layers=48, heads=25, width=1600)

    @classmethod
    def gpt3(cls) -> "GPTConfig":
        """GPT-3, the "175B" model: 174,604,259,328 parameters (all layers dense; the paper alternates with sparse)."""
        return cls(vocab_size=50257, context=2048, layers=96, heads=96, width=12288)


class GPT(DecoderOnly):
    """A GPT language model: token ids in, next-token logits out.

    Args:
        config: Its sizes.

    Example:
        >>> model = GPT(GPTConfig.tiny())
        >>> model(torch.zeros(1, 5, dtype=torch.long)).shape
        torch.Size([1, 5, 256])

    Source: book section 2.3.2; corrected per errata E21 and E22.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.width)
        self.position_embedding = LearnedPositions(config.context, config.width)
        self.blocks = nn.ModuleList(self._block() for _ in range(config.layers))
        self.norm = LayerNorm(config.width, config.norm_eps) if config.norm == "pre" else None
        self.output = None if config.tied else nn.Linear(config.width, config.vocab_size, bias=False)
        initialize(self, std=0.02, residual_layers=config.layers)

    def _block(self) -> Block:
        config = self.config
        return Block(
            Attention(config.width, config.heads, dropout=config.dropout),
            FeedForward(config.width, config.ffn_width, activation=config.activation),
            lambda: LayerNorm(config.width, config.norm_eps),
            order=config.norm,
            dropout=config.dropout,
        )

    def _hidden(
        self, ids: Tensor, mask: Tensor | None, positions: Tensor | None, cache: KVCache | None, trace: Trace | None
    ) -> Tensor:
        time = ids.shape[1]
        start = 0 if cache is None else cache.reserve(time)
        x = self.token_embedding(ids) + self.position_embedding(start, time, positions)
        if self.config.dropout:
            x = F.dropout(x, self.config.dropout, self.training)
        see = visibility(time, start + time, causal=True, padding=mask, device=ids.device)
        x = run_blocks(self.blocks, x, see, cache=cache, trace=trace)
        return x if self.norm is None else self.norm(x)
