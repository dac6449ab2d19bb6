"""Mistral: Llama with a sliding window.

Source: transformers' ``modeling_mistral.py``; Jiang et al. 2023.
"""

from collections.abc import Collection
from typing import Any

from minillm.models.exchange.llama_family import IGNORED, copies, read_common, weights, write_common
from minillm.models.exchange.values import size
from minillm.models.exchange.weights import Exchange
from minillm.models.llama import Llama
from minillm.models.llama_config import LlamaConfig
from minillm.tokenizers.json_fields import Fields


def read_config(fields: Fields, names: Collection[str]) -> LlamaConfig:
    """Our configuration from theirs; null is no window, a missing key the 4,096 of the first Mistral.

    Args:
        fields: ``config.json``.
        names: Names of the tensors.

    Returns:
        The configuration.

    Raises:
        FormatError: Something missing or not supported.

    Source: transformers' ``MistralConfig``.
    """
    window = None
    if fields.left.get("sliding_window", 4096) is not None:
        window = size(fields, "sliding_window", 4096)
    return LlamaConfig(**read_common(fields), window=window)


def write_config(config: LlamaConfig) -> dict[str, Any]:
    """Their configuration from ours.

    Args:
        config: Ours.

    Returns:
        What ``config.json`` says.

    Source: transformers' ``MistralConfig``.
    """
    return {"architectures": ["MistralForCausalLM"], "sliding_window": config.window} | write_common(config)


MISTRAL = Exchange(
    model_type="mistral",
    model=Llama,
    architectures=("MistralForCausalLM", "MistralModel"),
    prefix="model.",
    read_config=read_config,
    write_config=write_config,
    weights=weights,
    copies=copies,
    ignored=IGNORED,
)
