"""BART: an encoder that reads a damaged text and a decoder that writes the whole one.

Source: book section 2.3.3; Lewis et al. 2020.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minillm.models.checks import check_config, check_heads
from minillm.models.stack import cross_memory, run_blocks
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


class BART(nn.Module):
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
        self.encoder_norm = LayerNorm(width, config.norm_eps)
        self.encoder_blocks = nn.ModuleList(self._block(cross=False) for _ in range(config.encoder_layers))
        self.decoder_positions = LearnedPositions(config.context, width, POSITION_OFFSET)
        self.decoder_norm = LayerNorm(width, config.norm_eps)
        self.decoder_blocks = nn.ModuleList(self._block(cross=True) for _ in range(config.decoder_layers))
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

    def encode(
        self,
        source: Int[Tensor, "batch source"],
        source_mask: Bool[Tensor, "batch source"] | None = None,
        trace: Trace | None = None,
    ) -> Float[Tensor, "batch source width"]:
        """Read the source.

        Args:
            source: Token ids.
            source_mask: True at real tokens, False at padding.
            trace: Filled with the encoder's hidden states and attention maps.

        Returns:
            The memory that the decoder attends to.

        Source: book section 2.3.3, figure 2.5.
        """
        time = source.shape[1]
        x = self._embed(source, self.encoder_positions, self.encoder_norm, 0, None)
        see = visibility(time, time, causal=False, padding=source_mask, device=source.device)
        return run_blocks(self.encoder_blocks, x, see, trace=trace)

    def forward(
        self,
        source: Int[Tensor, "batch source"] | None,
        target: Int[Tensor, "batch time"],
        *,
        source_mask: Bool[Tensor, "batch source"] | None = None,
        mask: Bool[Tensor, "batch keys"] | None = None,
        positions: Int[Tensor, "batch time"] | None = None,
        memory: Float[Tensor, "batch source width"] | None = None,
        cache: KVCache | None = None,
        trace: Trace | None = None,
        last: bool = False,
    ) -> Float[Tensor, "batch steps vocab"]:
        """Logits of the token that follows each position of the target.

        Args:
            source: Token ids to read; may be None where ``memory`` is given, or where the cache has seen a source:
                from then on it is not read again.
            target: The decoder's input, beginning with the start token; with a cache, the new tokens only.
            source_mask: True at the source's real tokens.
            mask: True at the target's real tokens; covers the cache and the new tokens.
            positions: Position of every target token; counted on from the cache by default.
            memory: What :meth:`encode` returned for the source.
            cache: Keys and values of the tokens before, and of the source; grows by these.
            trace: Filled by the decoder, and ``trace.encoder`` by the encoder.
            last: Return the last position only, without computing the others' logits.

        Returns:
            Logits, (batch, time, vocab), or (batch, 1, vocab) with ``last``.

        Source: book section 2.3.3.
        """
        hidden = self.hidden(
            source,
            target,
            source_mask=source_mask,
            mask=mask,
            positions=positions,
            memory=memory,
            cache=cache,
            trace=trace,
        )
        return self.head(hidden[:, -1:] if last else hidden)

    def hidden(
        self,
        source: Int[Tensor, "batch source"] | None,
        target: Int[Tensor, "batch time"],
        *,
        source_mask: Bool[Tensor, "batch source"] | None = None,
        mask: Bool[Tensor, "batch keys"] | None = None,
        positions: Int[Tensor, "batch time"] | None = None,
        memory: Float[Tensor, "batch source width"] | None = None,
        cache: KVCache | None = None,
        trace: Trace | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """The decoder's hidden states after its last block.

        Args:
            source: As in :meth:`forward`.
            target: As in :meth:`forward`.
            source_mask: As in :meth:`forward`.
            mask: As in :meth:`forward`.
            positions: As in :meth:`forward`.
            memory: As in :meth:`forward`.
            cache: As in :meth:`forward`.
            trace: As in :meth:`forward`.

        Returns:
            One vector a target token.

        Source: book section 2.3.3.
        """
        unread = cache is None or cache.cross is None
        if source is not None and memory is None and unread:
            inner = None
            if trace is not None:
                inner = trace.encoder = Trace()
            memory = self.encode(source, source_mask, trace=inner)
        pairs, source_mask = cross_memory(self.decoder_blocks, memory, source_mask, cache)
        time = target.shape[1]
        start = 0 if cache is None else cache.reserve(time)
        x = self._embed(target, self.decoder_positions, self.decoder_norm, start, positions)
        see = visibility(time, start + time, causal=True, padding=mask, device=target.device)
        return run_blocks(self.decoder_blocks, x, see, cache=cache, memory=pairs, memory_mask=source_mask, trace=trace)

    def head(self, hidden: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch time vocab"]:
        """Logits from the decoder's hidden states.

        Args:
            hidden: What :meth:`hidden` returns, or some positions of it.

        Returns:
            Logits over the vocabulary.

        Source: Lewis et al. 2020; the output layer is the embedding table.
        """
        return F.linear(hidden, self.token_embedding.weight, self.output_bias)

    def new_cache(self, batch: int, length: int, dtype: torch.dtype | None = None) -> KVCache:
        """An empty key/value cache for the decoder, on the model's device.

        Args:
            batch: Rows.
            length: Most target positions it can hold.
            dtype: Of the numbers kept; the weights' own by default.

        Returns:
            The cache.

        Source: book section 2.4.2.
        """
        config, weight = self.config, self.token_embedding.weight
        head_width = config.width // config.heads
        return KVCache(
            config.decoder_layers, batch, config.heads, length, head_width, dtype or weight.dtype, weight.device
        )


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
