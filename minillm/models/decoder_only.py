"""What decoder-only language models share: the calling convention, the output layer, the cache.

Source: book section 2.3.2; Radford et al. 2018.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minillm.models.stack import new_cache
from minillm.nn import KVCache, Trace


class DecoderOnly(nn.Module):
    """A language model that reads ids and gives, at each position, logits of the next token.

    A model gives the three parts named below and the method ``_hidden``, from ids to the last hidden states.

    Attributes:
        token_embedding: The embedding table.
        blocks: The layers.
        output: The output layer, or None where it is the embedding table (tied).

    Source: book section 2.3.2.
    """

    token_embedding: nn.Embedding
    blocks: nn.ModuleList
    output: nn.Linear | None

    def forward(
        self,
        ids: Int[Tensor, "batch time"],
        *,
        mask: Bool[Tensor, "batch keys"] | None = None,
        positions: Int[Tensor, "batch time"] | None = None,
        cache: KVCache | None = None,
        trace: Trace | None = None,
        last: bool = False,
    ) -> Float[Tensor, "batch steps vocab"]:
        """Logits of the token that follows each position.

        Args:
            ids: Token ids; with a cache, the new ones only.
            mask: True at real tokens, False at padding; covers the cache and the new tokens.
            positions: Position of every token; counted on from the cache by default.
            cache: Keys and values of the tokens before; grows by these.
            trace: Filled with hidden states and attention maps.
            last: Return the last position only, without computing the others' logits.

        Returns:
            Logits, (batch, time, vocab), or (batch, 1, vocab) with ``last``.

        Source: book equation (2.25).
        """
        hidden = self.hidden(ids, mask=mask, positions=positions, cache=cache, trace=trace)
        return self.head(hidden[:, -1:] if last else hidden)

    def hidden(
        self,
        ids: Int[Tensor, "batch time"],
        *,
        mask: Bool[Tensor, "batch keys"] | None = None,
        positions: Int[Tensor, "batch time"] | None = None,
        cache: KVCache | None = None,
        trace: Trace | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Hidden states after the last block and, where there is one, the final norm.

        Args:
            ids: As in :meth:`forward`.
            mask: As in :meth:`forward`.
            positions: As in :meth:`forward`.
            cache: As in :meth:`forward`.
            trace: As in :meth:`forward`.

        Returns:
            What :meth:`head` turns into logits.

        Source: book equations (2.23) and (2.24).
        """
        return self._hidden(ids, mask, positions, cache, trace)

    def _hidden(
        self, ids: Tensor, mask: Tensor | None, positions: Tensor | None, cache: KVCache | None, trace: Trace | None
    ) -> Tensor:
        raise NotImplementedError

    def head(self, hidden: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch time vocab"]:
        """Logits from hidden states.

        Args:
            hidden: What :meth:`hidden` returns, or some positions of it.

        Returns:
            Logits over the vocabulary.

        Source: book equation (2.25), with tied embeddings.
        """
        return F.linear(hidden, self.token_embedding.weight) if self.output is None else self.output(hidden)

    def new_cache(self, batch: int, length: int, dtype: torch.dtype | None = None) -> KVCache:
        """An empty key/value cache on the model's device.

        Args:
            batch: Rows.
            length: Most positions it can hold.
            dtype: Of the numbers kept; the weights' own by default.

        Returns:
            The cache.

        Source: book section 2.4.2.
        """
        return new_cache(self.blocks, batch, length, dtype)
