"""The Transformer of 2017: an encoder reads the source, a decoder writes the target.

Source: book section 2.2, whose listings normalise before each part although its figure does after (errata E14);
Vaswani et al. 2017.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minillm.models.stack import cross_memory, run_blocks
from minillm.models.transformer_config import TransformerConfig
from minillm.nn import Attention, Block, FeedForward, KVCache, LayerNorm, SinusoidalPositions, Trace, visibility


class Transformer(nn.Module):
    """An encoder-decoder for translation: source and target ids in, logits of the target's next tokens out.

    Args:
        config: Its sizes.

    Example:
        >>> model = Transformer(TransformerConfig.tiny())
        >>> source, target = torch.zeros(1, 7, dtype=torch.long), torch.zeros(1, 5, dtype=torch.long)
        >>> model(source, target).shape
        torch.Size([1, 5, 64])

    Source: book section 2.2, listings A to H.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        width, pre = config.width, config.norm == "pre"
        self.target_embedding = nn.Embedding(config.target_vocab, width)
        self.source_embedding = None if config.shared else nn.Embedding(config.source_vocab, width)
        self.positions = SinusoidalPositions(width)
        self.encoder_blocks = nn.ModuleList(self._block(cross=False) for _ in range(config.encoder_layers))
        self.encoder_norm = LayerNorm(width, config.norm_eps) if pre else None
        self.decoder_blocks = nn.ModuleList(self._block(cross=True) for _ in range(config.decoder_layers))
        self.decoder_norm = LayerNorm(width, config.norm_eps) if pre else None
        self.output = None if config.tied else nn.Linear(width, config.target_vocab)
        self._initialize()

    def _block(self, cross: bool) -> Block:
        config = self.config
        return Block(
            Attention(config.width, config.heads, dropout=config.dropout),
            FeedForward(config.width, config.ffn_width, activation="relu", dropout=config.dropout),
            lambda: LayerNorm(config.width, config.norm_eps),
            order=config.norm,
            cross=Attention(config.width, config.heads, dropout=config.dropout) if cross else None,
            dropout=config.dropout,
        )

    def _initialize(self) -> None:
        """As in the authors' code: Glorot for matrices; embeddings that have unit variance once scaled."""
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.xavier_uniform_(part.weight)
                nn.init.zeros_(part.bias)
            elif isinstance(part, nn.Embedding):
                nn.init.normal_(part.weight, std=self.config.width**-0.5)

    def _embed(self, ids: Tensor, table: nn.Embedding, start: int, positions: Tensor | None) -> Tensor:
        x = table(ids) * self.config.width**0.5
        x = x + self.positions(start, ids.shape[1], positions, x)
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

        Source: book section 2.2.5, listing F.
        """
        time = source.shape[1]
        table = self.target_embedding if self.source_embedding is None else self.source_embedding
        see = visibility(time, time, causal=False, padding=source_mask, device=source.device)
        x = run_blocks(self.encoder_blocks, self._embed(source, table, 0, None), see, trace=trace)
        return x if self.encoder_norm is None else self.encoder_norm(x)

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

        Source: book section 2.2.5, listing H.
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
        """The decoder's hidden states after its last block and, where there is one, its norm.

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

        Source: book section 2.2.5, listing G.
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
        x = self._embed(target, self.target_embedding, start, positions)
        see = visibility(time, start + time, causal=True, padding=mask, device=target.device)
        x = run_blocks(self.decoder_blocks, x, see, cache=cache, memory=pairs, memory_mask=source_mask, trace=trace)
        return x if self.decoder_norm is None else self.decoder_norm(x)

    def head(self, hidden: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch time vocab"]:
        """Logits from the decoder's hidden states.

        Args:
            hidden: What :meth:`hidden` returns, or some positions of it.

        Returns:
            Logits over the target vocabulary.

        Source: Vaswani et al. 2017, section 3.4.
        """
        return F.linear(hidden, self.target_embedding.weight) if self.output is None else self.output(hidden)

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
        config, weight = self.config, self.target_embedding.weight
        head_width = config.width // config.heads
        return KVCache(
            config.decoder_layers, batch, config.heads, length, head_width, dtype or weight.dtype, weight.device
        )
