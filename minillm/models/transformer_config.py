"""Sizes of the encoder-decoder Transformer.

Source: Vaswani et al. 2017, table 3.
"""

from dataclasses import dataclass

from minillm.errors import InvalidInput
from minillm.models.checks import check_config, check_heads


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes and switches of the encoder-decoder Transformer.

    Attributes:
        source_vocab: Number of source token ids.
        target_vocab: Number of target token ids.
        encoder_layers: Blocks of the encoder.
        decoder_layers: Blocks of the decoder.
        heads: Attention heads of a block.
        width: Model width.
        ffn_width: Feed-forward width; four times the width by default.
        dropout: Probability of dropping a unit in training, everywhere.
        norm: ``post`` as in the paper, or ``pre`` with a norm after each stack, as the book's listings have it.
        norm_eps: Epsilon of the norms.
        shared: Use one embedding table for source and target; needs equal vocabularies.
        tied: Use the target's embedding table as output layer, which then has no bias.

    Source: Vaswani et al. 2017, section 3.
    """

    source_vocab: int
    target_vocab: int
    encoder_layers: int
    decoder_layers: int
    heads: int
    width: int
    ffn_width: int | None = None
    dropout: float = 0.0
    norm: str = "post"
    norm_eps: float = 1e-6
    shared: bool = False
    tied: bool = False

    def __post_init__(self) -> None:
        sizes = ("source_vocab", "target_vocab", "encoder_layers", "decoder_layers", "heads", "width", "ffn_width")
        check_config(self, sizes)
        check_heads(self)
        if self.norm not in ("pre", "post"):
            raise InvalidInput(f"TransformerConfig: norm is {self.norm!r}; give 'pre' or 'post'.")
        if self.shared and self.source_vocab != self.target_vocab:
            raise InvalidInput(
                f"TransformerConfig: vocabularies of {self.source_vocab} and {self.target_vocab} cannot share one "
                "embedding table; make them equal or set shared=False."
            )

    @classmethod
    def tiny(cls) -> "TransformerConfig":
        """A model for tests and first steps."""
        return cls(source_vocab=64, target_vocab=64, encoder_layers=2, decoder_layers=2, heads=4, width=32)

    @classmethod
    def base(cls, vocab_size: int = 37000) -> "TransformerConfig":
        """The paper's base model: six layers of width 512; its English-German vocabulary has about 37,000 entries."""
        return cls(
            source_vocab=vocab_size,
            target_vocab=vocab_size,
            encoder_layers=6,
            decoder_layers=6,
            heads=8,
            width=512,
            dropout=0.1,
            shared=True,
            tied=True,
        )

    @classmethod
    def big(cls, vocab_size: int = 37000) -> "TransformerConfig":
        """The paper's big model: six layers of width 1024."""
        return cls(
            source_vocab=vocab_size,
            target_vocab=vocab_size,
            encoder_layers=6,
            decoder_layers=6,
            heads=16,
            width=1024,
            dropout=0.3,
            shared=True,
            tied=True,
        )
