"""Qwen2: Llama with biases of queries, keys and values.

Source: transformers' ``modeling_qwen2.py``; Yang et al. 2024.
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

    Source: transformers' ``Qwen2Config``.
    """
    common = read_common(fields)
    return LlamaConfig(**common, qkv_bias=True, window=read_window(fields, common["layers"]))


def write_config(config: LlamaConfig) -> dict[str, Any]:
    """Their configuration from ours.

    Args:
        config: Ours.

    Returns:
        What ``config.json`` says.

    Source: transformers' ``Qwen2Config``.
    """
    return {"architectures": ["Qwen2ForCausalLM"]} | write_common(config) | write_window(config)


QWEN2 = Exchange(
    model_type="qwen2",
    model=Llama,
    architectures=("Qwen2ForCausalLM", "Qwen2Model"),
    prefix="model.",
    read_config=read_config,
    write_config=write_config,
    weights=weights,
    copies=copies,
    ignored=IGNORED,
)
