"""BERT: a bidirectional encoder that fills in masked tokens and judges whether two texts belong together.

Source: book section 2.3.1, equations (2.11) to (2.22); Devlin et al. 2019.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minillm.errors import InvalidInput
from minillm.models.checks import check_config, check_heads
from minillm.models.stack import run_blocks
from minillm.nn import Attention, Block, FeedForward, LayerNorm, LearnedPositions, Trace, initialize, visibility


@dataclass(frozen=True)
class BERTConfig:
    """Sizes of a BERT.

    Attributes:
        vocab_size: Number of token ids.
        context: Most tokens it can read; there is one learned position for each.
        layers: Number of blocks.
        heads: Attention heads of a block.
        width: Model width.
        ffn_width: Feed-forward width; four times the width by default.
        segments: Number of segment ids.
        dropout: Probability of dropping a unit in training, everywhere.
        norm_eps: Epsilon of the norms.
        pooler: Have the layer that turns the first token's state into one vector for the text.
        mlm_head: Have the head that predicts masked tokens.
        nsp_head: Have the head that judges pairs of texts; needs the pooler.

    Source: Devlin et al. 2019, section 3.
    """

    vocab_size: int
    context: int
    layers: int
    heads: int
    width: int
    ffn_width: int | None = None
    segments: int = 2
    dropout: float = 0.0
    norm_eps: float = 1e-12
    pooler: bool = True
    mlm_head: bool = True
    nsp_head: bool = True

    def __post_init__(self) -> None:
        check_config(self, ("vocab_size", "context", "layers", "heads", "width", "ffn_width", "segments"))
        check_heads(self)
        if self.nsp_head and not self.pooler:
            raise InvalidInput("BERTConfig: the next-sentence head reads the pooler; set pooler, or nsp_head=False.")

    @classmethod
    def tiny(cls) -> "BERTConfig":
        """A model for tests and first steps."""
        return cls(vocab_size=256, context=64, layers=2, heads=4, width=32)

    @classmethod
    def base(cls) -> "BERTConfig":
        """BERT base: 109,482,240 parameters with the pooler and no head, 110,106,428 with both heads."""
        return cls(vocab_size=30522, context=512, layers=12, heads=12, width=768)

    @classmethod
    def large(cls) -> "BERTConfig":
        """BERT large: 335,141,888 parameters with the pooler and no head (the book rounds up to 340M)."""
        return cls(vocab_size=30522, context=512, layers=24, heads=16, width=1024)


class MaskedHead(nn.Module):
    """BERT's output layer: a dense layer with GELU and norm, then the embedding table and a bias.

    Args:
        width: Model width.
        vocab_size: Number of token ids.
        eps: Epsilon of the norm.

    Example:
        >>> MaskedHead(8, 10)(torch.randn(1, 3, 8), torch.randn(10, 8)).shape
        torch.Size([1, 3, 10])

    Source: book equation (2.18), which leaves out the dense layer (errata E20).
    """

    def __init__(self, width: int, vocab_size: int, eps: float = 1e-12) -> None:
        super().__init__()
        self.dense = nn.Linear(width, width)
        self.norm = LayerNorm(width, eps)
        self.bias = nn.Parameter(torch.zeros(vocab_size))

    def forward(
        self, hidden: Float[Tensor, "*batch width"], embedding: Float[Tensor, "vocab width"]
    ) -> Float[Tensor, "*batch vocab"]:
        """Logits over the vocabulary.

        Args:
            hidden: Last hidden states.
            embedding: The model's embedding table.

        Returns:
            Logits.

        Source: book equation (2.18).
        """
        return F.linear(self.norm(F.gelu(self.dense(hidden))), embedding, self.bias)


class BERT(nn.Module):
    """A BERT: token ids in, logits for the token at each position out.

    Args:
        config: Its sizes.

    Example:
        >>> model = BERT(BERTConfig.tiny())
        >>> ids = torch.zeros(1, 5, dtype=torch.long)
        >>> model(ids).shape, model.next_sentence(ids).shape
        (torch.Size([1, 5, 256]), torch.Size([1, 2]))

    Source: book section 2.3.1.
    """

    def __init__(self, config: BERTConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.token_embedding = nn.Embedding(config.vocab_size, width)
        self.position_embedding = LearnedPositions(config.context, width)
        self.segment_embedding = nn.Embedding(config.segments, width)
        self.embedding_norm = LayerNorm(width, config.norm_eps)
        self.blocks = nn.ModuleList(self._block() for _ in range(config.layers))
        self.pooler = nn.Linear(width, width) if config.pooler else None
        self.masked = MaskedHead(width, config.vocab_size, config.norm_eps) if config.mlm_head else None
        self.next = nn.Linear(width, 2) if config.nsp_head else None
        initialize(self, std=0.02)

    def _block(self) -> Block:
        config = self.config
        return Block(
            Attention(config.width, config.heads, dropout=config.dropout),
            FeedForward(config.width, config.ffn_width, activation="gelu"),
            lambda: LayerNorm(config.width, config.norm_eps),
            order="post",
            dropout=config.dropout,
        )

    def forward(
        self,
        ids: Int[Tensor, "batch time"],
        *,
        mask: Bool[Tensor, "batch time"] | None = None,
        segments: Int[Tensor, "batch time"] | None = None,
        positions: Int[Tensor, "batch time"] | None = None,
        trace: Trace | None = None,
    ) -> Float[Tensor, "batch time vocab"]:
        """Logits of the token that stands, or stood before it was masked, at each position.

        Args:
            ids: Token ids.
            mask: True at real tokens, False at padding.
            segments: 0 for the first text, 1 for the second; all 0 by default.
            positions: Position of every token; 0, 1, 2 ... by default.
            trace: Filled with hidden states and attention maps.

        Returns:
            Logits over the vocabulary.

        Source: book equations (2.15) to (2.18).
        """
        return self.head(self.hidden(ids, mask=mask, segments=segments, positions=positions, trace=trace))

    def hidden(
        self,
        ids: Int[Tensor, "batch time"],
        *,
        mask: Bool[Tensor, "batch time"] | None = None,
        segments: Int[Tensor, "batch time"] | None = None,
        positions: Int[Tensor, "batch time"] | None = None,
        trace: Trace | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Hidden states after the last block.

        Args:
            ids: Token ids.
            mask: As in :meth:`forward`.
            segments: As in :meth:`forward`.
            positions: As in :meth:`forward`.
            trace: As in :meth:`forward`.

        Returns:
            One vector a token.

        Source: book equations (2.11) to (2.16).
        """
        time = ids.shape[1]
        segment = self.segment_embedding.weight[0] if segments is None else self.segment_embedding(segments)
        x = self.token_embedding(ids) + self.position_embedding(0, time, positions) + segment
        x = self.embedding_norm(x)
        if self.config.dropout:
            x = F.dropout(x, self.config.dropout, self.training)
        see = visibility(time, time, causal=False, padding=mask, device=ids.device)
        return run_blocks(self.blocks, x, see, trace=trace)

    def head(self, hidden: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch vocab"]:
        """Logits of masked tokens from hidden states.

        Args:
            hidden: What :meth:`hidden` returns, or the masked positions of it (which saves most of the work).

        Returns:
            Logits over the vocabulary.

        Raises:
            InvalidInput: The model was built without this head.

        Source: book equation (2.18).
        """
        if self.masked is None:
            raise InvalidInput("this BERT has no head for masked tokens; build it with mlm_head=True.")
        return self.masked(hidden, self.token_embedding.weight)

    def pool(self, hidden: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch width"]:
        """One vector for the whole text, from its first token.

        Args:
            hidden: What :meth:`hidden` returns.

        Returns:
            The pooled vectors.

        Raises:
            InvalidInput: The model was built without a pooler.

        Source: Devlin et al. 2019, section 3.1 (not in the book).
        """
        if self.pooler is None:
            raise InvalidInput("this BERT has no pooler; build it with pooler=True.")
        return torch.tanh(self.pooler(hidden[:, 0]))

    def next_sentence_head(self, hidden: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch 2"]:
        """Logits of "the second text follows the first" (0) and "it does not" (1), from hidden states.

        Args:
            hidden: What :meth:`hidden` returns.

        Returns:
            Two logits a row.

        Raises:
            InvalidInput: The model was built without this head.

        Source: book equation (2.22).
        """
        if self.next is None:
            raise InvalidInput("this BERT has no next-sentence head; build it with nsp_head=True.")
        return self.next(self.pool(hidden))

    def next_sentence(
        self,
        ids: Int[Tensor, "batch time"],
        *,
        mask: Bool[Tensor, "batch time"] | None = None,
        segments: Int[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch 2"]:
        """Logits of "the second text follows the first" (0) and "it does not" (1).

        Args:
            ids: Token ids of ``[CLS] first [SEP] second [SEP]``.
            mask: As in :meth:`forward`.
            segments: As in :meth:`forward`.

        Returns:
            Two logits a row.

        Source: book equations (2.19) to (2.22).
        """
        return self.next_sentence_head(self.hidden(ids, mask=mask, segments=segments))
