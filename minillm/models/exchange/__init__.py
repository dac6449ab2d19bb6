"""Reading and writing published checkpoints: one file an architecture, with names, transposes and configuration.

Source: this project.
"""

from typing import Any

from torch import nn

from minillm.errors import InvalidInput
from minillm.models.bart import BART
from minillm.models.bert import BERT
from minillm.models.exchange.bart import BART_EXCHANGE
from minillm.models.exchange.bert import BERT_EXCHANGE
from minillm.models.exchange.gpt2 import GPT2
from minillm.models.exchange.llama import LLAMA
from minillm.models.exchange.mistral import MISTRAL
from minillm.models.exchange.qwen2 import QWEN2
from minillm.models.exchange.qwen3 import QWEN3
from minillm.models.exchange.weights import Exchange, Weight
from minillm.models.gpt import GPT
from minillm.models.llama import Llama

__all__ = ["EXCHANGES", "Exchange", "Weight", "exchange_for"]

EXCHANGES: dict[str, Exchange] = {
    exchange.model_type: exchange for exchange in (GPT2, BERT_EXCHANGE, BART_EXCHANGE, LLAMA, MISTRAL, QWEN2, QWEN3)
}


def exchange_for(model: nn.Module) -> Exchange:
    """The published architecture that a model of ours is; a Mistral without a window is a Llama.

    Args:
        model: A GPT, BERT, BART or Llama.

    Returns:
        How it is written.

    Raises:
        InvalidInput: Another model.

    Example:
        >>> from minillm.models import GPT, GPTConfig
        >>> exchange_for(GPT(GPTConfig.tiny())).model_type
        'gpt2'

    Source: this project.
    """
    if isinstance(model, Llama):
        return EXCHANGES[_llama_kind(model.config)]
    for kind, name in ((GPT, "gpt2"), (BERT, "bert"), (BART, "bart")):
        if isinstance(model, kind):
            return EXCHANGES[name]
    raise InvalidInput(
        f"{type(model).__name__} has no published layout that we write: GPT, BERT, BART and Llama have; save others by "
        "torch.save of their state_dict or as a training checkpoint"
    )


def _llama_kind(config: Any) -> str:
    """Which member of the family has these switches; what none has is found out when the configuration is read back."""
    if config.qk_norm:
        return "qwen3"
    if config.qkv_bias:
        return "qwen2"
    return "llama" if config.window is None else "mistral"
