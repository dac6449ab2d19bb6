"""Sizes and switches of LLaMA-like models, with the published ones as presets.

Source: book table 2.1; the model cards of LLaMA 1 to 3, Mistral, Qwen2, Qwen3; Chowdhery et al. 2022, table 1.
"""

from dataclasses import dataclass

from minillm.errors import InvalidInput
from minillm.models.checks import check_config, check_heads
from minillm.nn.feedforward import activation_function, gated_width
from minillm.nn.rotary import RopeScaling

NORMS = ("rms", "layer")


@dataclass(frozen=True)
class LlamaConfig:
    """Sizes and switches of a LLaMA-like model.

    Attributes:
        vocab_size: Number of token ids.
        context: Context length it is made for; rotary positions go on beyond it.
        layers: Number of blocks.
        heads: Query heads of a block.
        width: Model width.
        kv_heads: Key/value heads: as many as query heads by default, fewer for grouped-query, 1 for multi-query.
        ffn_width: Width of the gated feed-forward layer; 8/3 of the width, rounded up to 256, by default.
        rope_base: Base of the rotary frequencies.
        norm_eps: Epsilon of the norms.
        tied: Use the embedding table as output layer.
        head_width: Width of a head, where it is not width / heads (Qwen3).
        qkv_bias: Biases of queries, keys and values (Qwen2).
        qk_norm: RMSNorm of every query and key (Qwen3).
        window: Sliding window: positions a query sees, itself included (Mistral).
        rope_scaling: LLaMA 3.1's (factor, low_freq_factor, high_freq_factor, original_context).
        dropout: Probability of dropping a unit in training.
        activation: Gate of the feed-forward layer: ``silu`` is SwiGLU.
        parallel: Attention and feed-forward side by side (PaLM).
        norm: ``rms``, or ``layer`` for a layer norm without bias (PaLM).

    Source: the papers' tables.
    """

    vocab_size: int
    context: int
    layers: int
    heads: int
    width: int
    kv_heads: int | None = None
    ffn_width: int | None = None
    rope_base: float = 10000.0
    norm_eps: float = 1e-6
    tied: bool = False
    head_width: int | None = None
    qkv_bias: bool = False
    qk_norm: bool = False
    window: int | None = None
    rope_scaling: tuple[float | int, ...] | list[float | int] | None = None
    dropout: float = 0.0
    activation: str = "silu"
    parallel: bool = False
    norm: str = "rms"

    def __post_init__(self) -> None:
        sizes = ("vocab_size", "context", "layers", "heads", "width", "kv_heads", "ffn_width", "head_width", "window")
        check_config(self, sizes)
        if self.head_width is None:
            check_heads(self)
        if self.heads % (self.kv_heads or self.heads):
            raise InvalidInput(f"LlamaConfig: {self.heads} heads cannot share {self.kv_heads} key/value heads evenly.")
        if self.head_size % 2:
            raise InvalidInput(f"LlamaConfig: a head is {self.head_size} wide; rotary positions need an even width.")
        if self.norm not in NORMS:
            raise InvalidInput(f"LlamaConfig: norm is {self.norm!r}; give 'rms' or 'layer'.")
        activation_function(self.activation)
        if self.rope_scaling is not None:
            if len(self.rope_scaling) != len(RopeScaling._fields):
                raise InvalidInput(
                    f"LlamaConfig: rope_scaling is {self.rope_scaling!r}; give ({', '.join(RopeScaling._fields)})."
                )
            # JSON has no tuples; what comes back from a file is a list.
            object.__setattr__(self, "rope_scaling", tuple(self.rope_scaling))

    @property
    def head_size(self) -> int:
        """Width of a head."""
        return self.width // self.heads if self.head_width is None else self.head_width

    @property
    def kv_size(self) -> int:
        """Number of key/value heads."""
        return self.heads if self.kv_heads is None else self.kv_heads

    @property
    def ffn_size(self) -> int:
        """Width of the feed-forward layer."""
        return gated_width(self.width) if self.ffn_width is None else self.ffn_width

    @classmethod
    def tiny(cls) -> "LlamaConfig":
        """A model for tests and first steps."""
        return cls(vocab_size=256, context=64, layers=2, heads=4, width=32, kv_heads=2, ffn_width=96)

    @classmethod
    def llama_7b(cls) -> "LlamaConfig":
        """LLaMA of 6.7B: 6,738,415,616 parameters."""
        return cls(vocab_size=32000, context=2048, layers=32, heads=32, width=4096)

    @classmethod
    def llama_13b(cls) -> "LlamaConfig":
        """LLaMA of 13.0B: 13,015,864,320 parameters."""
        return cls(vocab_size=32000, context=2048, layers=40, heads=40, width=5120)

    @classmethod
    def llama_33b(cls) -> "LlamaConfig":
        """LLaMA of 32.5B: 32,528,943,616 parameters."""
        return cls(vocab_size=32000, context=2048, layers=60, heads=52, width=6656)

    @classmethod
    def llama_65b(cls) -> "LlamaConfig":
        """LLaMA of 65.2B: 65,285,660,672 parameters."""
        return cls(vocab_size=32000, context=2048, layers=80, heads=64, width=8192)
