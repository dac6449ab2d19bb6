"""Loading and saving models in the layout of the Hugging Face hub, for GPT-2, BERT, BART, Llama, Mistral and Qwen.

A folder holds ``config.json``, ``model.safetensors`` (or shards and an index) and the tokenizer's files. transformers
loads what is saved here, and what it saves is loaded here. Nothing is unpickled.

Source: the layout of transformers; this project.
"""

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from minillm.errors import FormatError, InvalidInput
from minillm.models.bart import BART
from minillm.models.bert import BERT
from minillm.models.exchange import EXCHANGES, exchange_for
from minillm.models.exchange.files import list_tensors
from minillm.models.exchange.folders import locate, replace_folder
from minillm.models.exchange.reading import architecture, common_dtype, empty_model, read_state
from minillm.models.exchange.writing import check_model, settings_of, write_shards
from minillm.models.gpt import GPT
from minillm.models.llama import Llama
from minillm.tokenizers import Tokenizer, load_tokenizer
from minillm.tokenizers.json_fields import Fields, read_json

MAX_SHARD_BYTES = 5 * 2**30


def from_pretrained(
    folder_or_hub_id: str | os.PathLike[str],
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> GPT | BERT | BART | Llama:
    """Load a model from a folder or from the hub.

    Everything is checked before a model comes out: names, shapes, precision, checksums where the file has them. Our
    models have one rate of dropout; where a file has several, that of the hidden states is taken.

    Args:
        folder_or_hub_id: A folder, or a name such as ``"openai-community/gpt2"``, which is downloaded.
        dtype: Precision of the weights; that of the file by default.
        device: Where the weights go; the CPU by default.

    Returns:
        A ``GPT``, ``BERT``, ``BART`` or ``Llama`` in evaluation mode; ``model.train()`` before fine-tuning.

    Raises:
        FormatError: A file is missing, damaged or of an architecture or with a setting that we do not have; a tensor is
            missing, extra or of another shape. The message names file and key.
        InvalidInput: There is no such folder and the name is no hub id, or the dtype is no floating-point type.
        Unavailable: The hub cannot be reached.

    Example:
        >>> model = from_pretrained("openai-community/gpt2")  # doctest: +SKIP

    Source: transformers' ``from_pretrained``.
    """
    if dtype is not None and not dtype.is_floating_point:
        raise InvalidInput(f"dtype is {dtype}; give a floating-point type such as torch.float32 or torch.bfloat16")
    folder = locate(folder_or_hub_id)
    fields = Fields(read_json(folder / "config.json"), folder / "config.json")
    exchange = architecture(fields, EXCHANGES)
    tensors = list_tensors(folder)
    try:
        config = exchange.read_config(fields, tensors)
        model = empty_model(exchange, config, tensors)
    except InvalidInput as error:
        raise FormatError(f"{folder / 'config.json'}: {error}") from None
    state = read_state(exchange, config, model, tensors, folder)
    if dtype is None:
        dtype = common_dtype(tensors)
    state = {name: value.to(device=device, dtype=dtype).contiguous() for name, value in state.items()}
    model.load_state_dict(state, assign=True)
    assert isinstance(model, GPT | BERT | BART | Llama)
    return model.eval()


def tokenizer_from_pretrained(folder_or_hub_id: str | os.PathLike[str]) -> Tokenizer:
    """Load the tokenizer that lies beside a model.

    Args:
        folder_or_hub_id: As for ``from_pretrained``.

    Returns:
        The tokenizer.

    Raises:
        FormatError: ``tokenizer.json`` is missing, damaged or of a kind that we do not have.
        InvalidInput: There is no such folder and the name is no hub id.
        Unavailable: The hub cannot be reached.

    Example:
        >>> tokenizer = tokenizer_from_pretrained("openai-community/gpt2")  # doctest: +SKIP

    Source: transformers' ``AutoTokenizer``.
    """
    return load_tokenizer(locate(folder_or_hub_id))


def save_pretrained(
    model: nn.Module,
    folder: str | os.PathLike[str],
    tokenizer: Tokenizer | None = None,
    max_shard_bytes: int = MAX_SHARD_BYTES,
) -> Path:
    """Save a model so that ``from_pretrained`` and transformers load it.

    The files are written into a new folder beside the target, which then takes its place: a crash leaves the old
    checkpoint or the new one. An existing folder is replaced only if it holds a saved model and nothing else.

    Args:
        model: A ``GPT``, ``BERT``, ``BART`` or ``Llama``.
        folder: Where to.
        tokenizer: Its tokenizer, saved with it.
        max_shard_bytes: Most bytes of weights a file; larger models are cut into several.

    Returns:
        The folder.

    Raises:
        InvalidInput: The model has no published layout or a switch that the layout cannot express, the tokenizer has
            more ids than the model, or the folder holds something else.
        OSError: It cannot be written.

    Example:
        >>> from minillm.models import GPT, GPTConfig
        >>> save_pretrained(GPT(GPTConfig.tiny()), "my-model")  # doctest: +SKIP
        PosixPath('my-model')

    Source: transformers' ``save_pretrained``.
    """
    if max_shard_bytes < 1:
        raise InvalidInput(f"max_shard_bytes is {max_shard_bytes}: give 1 or more")
    exchange = exchange_for(model)
    config: Any = model.config
    state = model.state_dict()
    settings = settings_of(exchange, config, state, tokenizer)
    check_model(exchange, config, state, tokenizer)
    with replace_folder(Path(folder)) as fresh:
        write_shards(exchange, config, state, fresh, max_shard_bytes)
        (fresh / "config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        if tokenizer is not None:
            tokenizer.save(fresh)
    return Path(folder)
