"""Qwen3: Llama with norms of queries and keys, and heads whose width is set by itself.

Source: transformers' ``modeling_qwen3.py``; Yang et al. 2025.
"""

from collections.abc import Collection
from typing import Any

from minillm.models.exchange.llama_family import (
    IGNORED,
    copies,
    read_common,
    read_window,
    weights,
    write_common,
    write_window,
)
from minillm.models.exchange.weights import Exchange
from minillm.models.llama import Llama
from minillm.models.llama_config import LlamaConfig
from minillm.tokenizers.json_fields import Fields


def read_config(fields: Fields, names: Collection[str]) -> LlamaConfig:
    """Our configuration from theirs.

    Args:
        fields: ``config.json``.
        names: Names of the tensors.

    Returns:
        The configuration.

    Raises:
        FormatError: Something missing or not supported.

    Source: transformers' ``Qwen3Config``.
    """
    fields.only("attention_bias", (False,), False)
    common = read_common(fields, head_width=128)
    return LlamaConfig(**common, qk_norm=True, window=read_window(fields, common["layers"]))


def write_config(config: LlamaConfig) -> dict[str, Any]:
    """Their configuration from ours.

    Args:
        config: Ours.

    Returns:
        What ``config.json`` says.

    Source: transformers' ``Qwen3Config``.
    """
    return (
        {"architectures": ["Qwen3ForCausalLM"], "attention_bias": False} | write_common(config) | write_window(config)
    )


QWEN3 = Exchange(
    model_type="qwen3",
    model=Llama,
    architectures=("Qwen3ForCausalLM", "Qwen3Model"),
    prefix="model.",
    read_config=read_config,
    write_config=write_config,
    weights=weights,
    copies=copies,
    ignored=IGNORED,
)
