"""What encoder-decoders share: the calling convention, the way from source to target, the cache.

Source: book section 2.2.5; Vaswani et al. 2017.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minillm.models.stack import cross_memory, new_cache, run_blocks
from minillm.nn import KVCache, Trace, visibility


class EncoderDecoder(nn.Module):
    """A model that reads a source and gives, at each position of a target, logits of the target's next token.

    A model gives the four parts named below, its embeddings by ``_embed_source`` and ``_embed_target``, and ``head``.

    Attributes:
        encoder_blocks: The encoder's layers.
        encoder_norm: Norm behind them, or None.
        decoder_blocks: The decoder's layers, with cross-attention.
        decoder_norm: Norm behind them, or None.

    Source: book section 2.2.5, listings F to H.
    """

    encoder_blocks: nn.ModuleList
    encoder_norm: nn.Module | None
    decoder_blocks: nn.ModuleList
    decoder_norm: nn.Module | None

    def _embed_source(self, ids: Tensor) -> Tensor:
        raise NotImplementedError

    def _embed_target(self, ids: Tensor, start: int, positions: Tensor | None) -> Tensor:
        raise NotImplementedError

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

        Source: book section 2.2.5, listing F; figure 2.5 for BART.
        """
        time = source.shape[1]
        see = visibility(time, time, causal=False, padding=source_mask, device=source.device)
        x = run_blocks(self.encoder_blocks, self._embed_source(source), see, trace=trace)
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
        """The decoder's hidden states after its last block and, where there is one, its final norm.

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
        x = self._embed_target(target, start, positions)
        see = visibility(time, start + time, causal=True, padding=mask, device=target.device)
        x = run_blocks(self.decoder_blocks, x, see, cache=cache, memory=pairs, memory_mask=source_mask, trace=trace)
        return x if self.decoder_norm is None else self.decoder_norm(x)

    def head(self, hidden: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch time vocab"]:
        """Logits from the decoder's hidden states.

        Args:
            hidden: What :meth:`hidden` returns, or some positions of it.

        Returns:
            Logits over the target's vocabulary.

        Source: Vaswani et al. 2017, section 3.4.
        """
        return self._head(hidden)

    def _head(self, hidden: Tensor) -> Tensor:
        raise NotImplementedError

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
        return new_cache(self.decoder_blocks, batch, length, dtype)
