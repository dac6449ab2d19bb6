"""BART: an encoder that reads a damaged text and a decoder that writes the whole one.

Source: book section 2.3.3; Lewis et al. 2020.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor, nn

from minillm.models.checks import check_config, check_heads
from minillm.models.encoder_decoder import EncoderDecoder
from minillm.nn import (
    Attention,
    Block,
    FeedForward,
    LayerNorm,
    LearnedPositions,
    initialize,
)

# Positions start two rows into BART's table; fairseq once kept these rows for padding.
POSITION_OFFSET = 2


@dataclass(frozen=True)
class BARTConfig:
    """Sizes of a BART.

    Attributes:
        vocab_size: Number of token ids, the same on both sides.
        context: Most tokens either side can read; there is one learned position for each.
        encoder_layers: Blocks of the encoder.
        decoder_layers: Blocks of the decoder.
        heads: Attention heads of a block.
        width: Model width.
        ffn_width: Feed-forward width; four times the width by default.
        dropout: Probability of dropping a unit in training, everywhere.
        norm_eps: Epsilon of the norms.
        scale_embedding: Multiply token embeddings by the root of the width.
        start_id: The token that the decoder's input begins with; in BART the end token.

    Source: Lewis et al. 2020, section 2.1.
    """

    vocab_size: int
    context: int
    encoder_layers: int
    decoder_layers: int
    heads: int
    width: int
    ffn_width: int | None = None
    dropout: float = 0.0
    norm_eps: float = 1e-5
    scale_embedding: bool = False
    start_id: int = 2

    def __post_init__(self) -> None:
        sizes = ("vocab_size", "context", "encoder_layers", "decoder_layers", "heads", "width", "ffn_width")
        check_config(self, sizes)
        check_heads(self)

    @classmethod
    def tiny(cls) -> "BARTConfig":
        """A model for tests and first steps."""
        return cls(vocab_size=256, context=64, encoder_layers=2, decoder_layers=2, heads=4, width=32)

    @classmethod
    def base(cls) -> "BARTConfig":
        """BART base: 139,420,416 parameters."""
        return cls(vocab_size=50265, context=1024, encoder_layers=6, decoder_layers=6, heads=12, width=768)

    @classmethod
    def large(cls) -> "BARTConfig":
        """BART large: 406,291,456 parameters."""
        return cls(vocab_size=50265, context=1024, encoder_layers=12, decoder_layers=12, heads=16, width=1024)


class BART(EncoderDecoder):
    """A BART: source and target ids in, logits of the target's next tokens out.

    Args:
        config: Its sizes.

    Example:
        >>> model = BART(BARTConfig.tiny())
        >>> source, target = torch.zeros(1, 7, dtype=torch.long), torch.zeros(1, 5, dtype=torch.long)
        >>> model(source, target).shape
        torch.Size([1, 5, 256])

    Source: book section 2.3.3.
    """

    def __init__(self, config: BARTConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.token_embedding = nn.Embedding(config.vocab_size, width)
        self.encoder_positions = LearnedPositions(config.context, width, POSITION_OFFSET)
        self.encoder_embedding_norm = LayerNorm(width, config.norm_eps)
        self.encoder_blocks = nn.ModuleList(self._block(cross=False) for _ in range(config.encoder_layers))
        self.decoder_positions = LearnedPositions(config.context, width, POSITION_OFFSET)
        self.decoder_embedding_norm = LayerNorm(width, config.norm_eps)
        self.decoder_blocks = nn.ModuleList(self._block(cross=True) for _ in range(config.decoder_layers))
        self.encoder_norm = self.decoder_norm = None  # its blocks are post-norm
        self.output_bias: Tensor
        self.register_buffer("output_bias", torch.zeros(config.vocab_size))
        initialize(self, std=0.02)

    def _block(self, cross: bool) -> Block:
        config = self.config
        return Block(
            Attention(config.width, config.heads, dropout=config.dropout),
            FeedForward(config.width, config.ffn_width, activation="gelu"),
            lambda: LayerNorm(config.width, config.norm_eps),
            order="post",
            cross=Attention(config.width, config.heads, dropout=config.dropout) if cross else None,
            dropout=config.dropout,
        )

    def _embed(
        self, ids: Tensor, table: LearnedPositions, norm: LayerNorm, start: int, positions: Tensor | None
    ) -> Tensor:
        x = self.token_embedding(ids)
        if self.config.scale_embedding:
            x = x * self.config.width**0.5
        x = norm(x + table(start, ids.shape[1], positions))
        return F.dropout(x, self.config.dropout, self.training) if self.config.dropout else x

    def _embed_source(self, ids: Tensor) -> Tensor:
        return self._embed(ids, self.encoder_positions, self.encoder_embedding_norm, 0, None)

    def _embed_target(self, ids: Tensor, start: int, positions: Tensor | None) -> Tensor:
        return self._embed(ids, self.decoder_positions, self.decoder_embedding_norm, start, positions)

    def _head(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.token_embedding.weight, self.output_bias)


def shift_right(ids: Int[Tensor, "batch time"], start_id: int) -> Int[Tensor, "batch time"]:
    """The decoder's input for teacher forcing: the start token, then the target without its last token.

    Args:
        ids: Target ids.
        start_id: The start token.

    Returns:
        As many ids.

    Example:
        >>> shift_right(torch.tensor([[5, 6, 2]]), 2).tolist()
        [[2, 5, 6]]

    Source: Hugging Face's ``shift_tokens_right``.
    """
    return torch.cat((torch.full_like(ids[:, :1], start_id), ids[:, :-1]), dim=1)
