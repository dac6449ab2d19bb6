"""Whole recipes under one name: which model, which tokenizer, how it is trained."""

from dataclasses import dataclass, replace

from minillm.errors import InvalidInput
from minillm.models.gpt import GPT, GPTConfig
from minillm.models.llama import Llama
from minillm.models.llama_config import LlamaConfig
from minillm.training.config import TrainConfig


@dataclass(frozen=True)
class Preset:
    """A recipe for training a model from nothing.

    Attributes:
        about: What it is for, in a line.
        model: The model's sizes; the vocabulary is that of the tokenizer that is trained.
        tokenizer: ``"characters"`` or ``"bytes"`` (byte-level BPE).
        batch: Windows in a batch.
        training: The settings; its number of steps is used where none is asked for.
        half: Whether to train in bfloat16 where the machine's matrix products are faster in it.

    Example:
        >>> PRESETS["gpt2"].model.layers
        12

    Source: None; each preset names its own.
    """

    about: str
    model: GPTConfig | LlamaConfig
    tokenizer: str
    batch: int
    training: TrainConfig
    half: bool = True

    def make(self, vocab_size: int) -> GPT | Llama:
        """Build the model with fresh weights.

        Args:
            vocab_size: Of the tokenizer.

        Returns:
            The model.
        """
        config = replace(self.model, vocab_size=vocab_size)
        return GPT(config) if isinstance(config, GPTConfig) else Llama(config)


PRESETS = {
    "tiny": Preset(
        about="a small Llama that learns to write docstrings in two minutes on two CPU cores",
        model=LlamaConfig(
            vocab_size=2048, context=128, layers=4, heads=4, width=128, ffn_width=352, tied=True, qk_norm=True
        ),
        tokenizer="bytes",
        batch=8,
        training=TrainConfig(
            steps=1500,
            optimizer="muon",
            learning_rate=4e-3,
            matrix_rate=6e-3,
            schedule="linear",
            floor=0.0,
            evaluate_every=250,
            checkpoint_every=250,
        ),
    ),
    "shakespeare-cpu": Preset(
        about="characters of Shakespeare on a CPU; made to reach a low loss soon",
        model=LlamaConfig(
            vocab_size=65, context=128, layers=4, heads=4, width=128, ffn_width=352, tied=True, qk_norm=True
        ),
        tokenizer="characters",
        batch=8,
        training=TrainConfig(
            steps=4000,
            optimizer="muon",
            learning_rate=4e-3,
            matrix_rate=6e-3,
            schedule="linear",
            floor=0.0,
            evaluate_every=500,
            checkpoint_every=500,
        ),
    ),
    "gpt2": Preset(
        about="GPT-2 small, 124 million parameters, with half a million tokens a step; for a GPU",
        model=GPTConfig.gpt2(),
        tokenizer="bytes",
        batch=32,
        training=TrainConfig(
            steps=20_000,
            accumulate=16,
            learning_rate=6e-4,
            warmup=0.035,
            evaluate_every=500,
            checkpoint_every=500,
            compile=True,
        ),
    ),
}
"""The recipes, by name."""


def find_preset(name: str) -> Preset:
    """A recipe by its name.

    Args:
        name: Such as ``"tiny"``.

    Returns:
        The recipe.

    Raises:
        InvalidInput: There is none of that name.

    Example:
        >>> find_preset("tiny").tokenizer
        'bytes'

    Source: None; plain book-keeping.
    """
    if name not in PRESETS:
        raise InvalidInput(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]
