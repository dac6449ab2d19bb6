"""Sizes and switches of LLaMA-like models, with the published ones as presets.

Source: book table 2.1; the model cards of LLaMA 1 to 3, Mistral, Qwen2, Qwen3; Chowdhery et al. 2022, table 1.
"""

from dataclasses import dataclass, replace

from minillm.errors import InvalidInput
from minillm.models.checks import check_config, check_heads
from minillm.nn import RopeScaling, activation_function, gated_width

NORMS = ("rms", "layer")
POSITIONS = ("rotary", "alibi", "learned", "sinusoidal", "none")


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
        ffn_width: Feed-forward width; by default 8/3 of the width, rounded up to 256, and without a gate 4 times it.
        rope_base: Base of the rotary frequencies.
        norm_eps: Epsilon of the norms.
        tied: Use the embedding table as output layer.
        head_width: Width of a head, where it is not width / heads (Qwen3).
        qkv_bias: Biases of queries, keys and values (Qwen2).
        qk_norm: RMSNorm of every query and key (Qwen3).
        window: Sliding window: positions a query sees, itself included (Mistral).
        rope_scaling: LLaMA 3.1's (factor, low_freq_factor, high_freq_factor, original_context).
        dropout: Probability of dropping a unit in training.
        gated: Gate the feed-forward layer.
        activation: Of the feed-forward layer, or of its gate: ``silu`` with a gate is SwiGLU.
        parallel: Attention and feed-forward side by side (PaLM).
        norm: ``rms``, or ``layer`` for a layer norm without bias (PaLM).
        positions: ``rotary``; or ``alibi``, a bias on the scores; ``learned`` or ``sinusoidal``, vectors added to the
            embeddings; or ``none``, order by causality alone.

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
    gated: bool = True
    activation: str = "silu"
    parallel: bool = False
    norm: str = "rms"
    positions: str = "rotary"

    def __post_init__(self) -> None:
        sizes = ("vocab_size", "context", "layers", "heads", "width", "kv_heads", "ffn_width", "head_width", "window")
        check_config(self, sizes)
        if self.head_width is None:
            check_heads(self)
        if self.heads % (self.kv_heads or self.heads):
            raise InvalidInput(f"LlamaConfig: {self.heads} heads cannot share {self.kv_heads} key/value heads evenly.")
        if self.norm not in NORMS:
            raise InvalidInput(f"LlamaConfig: norm is {self.norm!r}; give one of {', '.join(NORMS)}.")
        if self.positions not in POSITIONS:
            raise InvalidInput(f"LlamaConfig: positions is {self.positions!r}; give one of {', '.join(POSITIONS)}.")
        if self.positions == "rotary" and self.head_size % 2:
            raise InvalidInput(f"LlamaConfig: a head is {self.head_size} wide; rotary positions need an even width.")
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
        if self.ffn_width is not None:
            return self.ffn_width
        return gated_width(self.width) if self.gated else 4 * self.width

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

    @classmethod
    def llama2_7b(cls) -> "LlamaConfig":
        """LLaMA 2 of 7B: 6,738,415,616 parameters."""
        return cls(vocab_size=32000, context=4096, layers=32, heads=32, width=4096, norm_eps=1e-5)

    @classmethod
    def llama2_70b(cls) -> "LlamaConfig":
        """LLaMA 2 of 70B, with eight key/value heads: 68,976,648,192 parameters."""
        return cls(
            vocab_size=32000,
            context=4096,
            layers=80,
            heads=64,
            width=8192,
            kv_heads=8,
            ffn_width=28672,
            norm_eps=1e-5,
        )

    @classmethod
    def llama3_8b(cls) -> "LlamaConfig":
        """LLaMA 3 of 8B: 8,030,261,248 parameters."""
        return cls(
            vocab_size=128256,
            context=8192,
            layers=32,
            heads=32,
            width=4096,
            kv_heads=8,
            ffn_width=14336,
            rope_base=500000.0,
            norm_eps=1e-5,
        )

    @classmethod
    def llama31_8b(cls) -> "LlamaConfig":
        """LLaMA 3.1 of 8B: LLaMA 3 with slowed low frequencies for 131,072 tokens."""
        return replace(cls.llama3_8b(), context=131072, rope_scaling=tuple(RopeScaling()))

    @classmethod
    def llama31_70b(cls) -> "LlamaConfig":
        """LLaMA 3.1 of 70B: 70,553,706,496 parameters."""
        return replace(cls.llama31_8b(), layers=80, heads=64, width=8192, ffn_width=28672)

    @classmethod
    def llama31_405b(cls) -> "LlamaConfig":
        """LLaMA 3.1 of 405B: 405,853,388,800 parameters."""
        return replace(cls.llama31_8b(), layers=126, heads=128, width=16384, ffn_width=53248)

    @classmethod
    def llama32_1b(cls) -> "LlamaConfig":
        """LLaMA 3.2 of 1B, with tied embeddings: 1,235,814,400 parameters."""
        scaling = tuple(RopeScaling(factor=32.0))
        return replace(cls.llama31_8b(), layers=16, width=2048, ffn_width=8192, tied=True, rope_scaling=scaling)

    @classmethod
    def mistral_7b(cls) -> "LlamaConfig":
        """Mistral 7B v0.1, with its window of 4,096: 7,241,732,096 parameters."""
        return replace(cls.llama3_8b(), vocab_size=32000, context=32768, rope_base=10000.0, window=4096)

    @classmethod
    def qwen2_7b(cls) -> "LlamaConfig":
        """Qwen2 of 7B: 7,615,616,512 parameters."""
        return cls(
            vocab_size=152064,
            context=131072,
            layers=28,
            heads=28,
            width=3584,
            kv_heads=4,
            ffn_width=18944,
            rope_base=1000000.0,
            qkv_bias=True,
        )

    @classmethod
    def qwen3_0_6b(cls) -> "LlamaConfig":
        """Qwen3 of 0.6B: 596,049,920 parameters."""
        return cls(
            vocab_size=151936,
            context=40960,
            layers=28,
            heads=16,
            width=1024,
            kv_heads=8,
            ffn_width=3072,
            rope_base=1000000.0,
            tied=True,
            head_width=128,
            qk_norm=True,
        )

    @classmethod
    def qwen3_8b(cls) -> "LlamaConfig":
        """Qwen3 of 8B: 8,190,735,360 parameters."""
        return replace(cls.qwen3_0_6b(), layers=36, heads=32, width=4096, ffn_width=12288, tied=False)

    @classmethod
    def palm_8b(cls) -> "LlamaConfig":
        """PaLM of 8B, the paper's 8.63B: parallel blocks, one key/value head, tied embeddings, no biases."""
        return cls(
            vocab_size=256000,
            context=2048,
            layers=32,
            heads=16,
            width=4096,
            kv_heads=1,
            ffn_width=16384,
            tied=True,
            head_width=256,
            parallel=True,
            norm="layer",
        )

    @classmethod
    def palm_540b(cls) -> "LlamaConfig":
        """PaLM of 540B, the paper's 540.35B."""
        return replace(cls.palm_8b(), layers=118, heads=48, width=18432, ffn_width=73728)
