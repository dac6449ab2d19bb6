"""The Transformer of 2017: an encoder reads the source, a decoder writes the target.

Source: book section 2.2, whose listings normalize before each part although its figure does after (errata E14);
Vaswani et al. 2017.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from minillm.models.encoder_decoder import EncoderDecoder
from minillm.models.transformer_config import TransformerConfig
from minillm.nn import Attention, Block, FeedForward, LayerNorm, SinusoidalPositions


class Transformer(EncoderDecoder):
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

    def _embed_source(self, ids: Tensor) -> Tensor:
        table = self.target_embedding if self.source_embedding is None else self.source_embedding
        return self._embed(ids, table, 0, None)

    def _embed_target(self, ids: Tensor, start: int, positions: Tensor | None) -> Tensor:
        return self._embed(ids, self.target_embedding, start, positions)

    def _head(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.target_embedding.weight) if self.output is None else self.output(hidden)
