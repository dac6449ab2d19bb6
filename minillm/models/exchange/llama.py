"""Llama 1 to 3.

Source: transformers' ``modeling_llama.py``; Touvron et al. 2023a, 2023b.
"""

from collections.abc import Collection
from typing import Any

from minillm.models.exchange.llama_family import IGNORED, copies, read_common, weights, write_common
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

    Source: transformers' ``LlamaConfig``.
    """
    fields.only("attention_bias", (False,), False)
    fields.only("mlp_bias", (False,), False)
    return LlamaConfig(**read_common(fields))


def write_config(config: LlamaConfig) -> dict[str, Any]:
    """Their configuration from ours.

    Args:
        config: Ours.

    Returns:
        What ``config.json`` says.

    Source: transformers' ``LlamaConfig``.
    """
    plain = {"architectures": ["LlamaForCausalLM"], "attention_bias": False, "mlp_bias": False}
    return plain | write_common(config)


LLAMA = Exchange(
    model_type="llama",
    model=Llama,
    architectures=("LlamaForCausalLM", "LlamaModel"),
    prefix="model.",
    read_config=read_config,
    write_config=write_config,
    weights=weights,
    copies=copies,
    ignored=IGNORED,
)
