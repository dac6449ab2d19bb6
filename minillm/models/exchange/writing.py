"""From our models to the files of a checkpoint.

Source: this project.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from minillm.errors import FormatError, InvalidInput
from minillm.models.exchange.files import INDEX, shard_names, shards, write_tensors
from minillm.models.exchange.weights import Exchange
from minillm.tokenizers import Tokenizer
from minillm.tokenizers.json_fields import Fields
from minillm.tokenizers.tokenizer_json import ROLES


def settings_of(
    exchange: Exchange, config: Any, state: Mapping[str, Tensor], tokenizer: Tokenizer | None
) -> dict[str, Any]:
    """What ``config.json`` says of a model.

    Args:
        exchange: Its architecture.
        config: Our configuration.
        state: Its tensors, for the precision.
        tokenizer: Its tokenizer, for the ids that generation needs.

    Returns:
        The settings.

    Raises:
        InvalidInput: The layout cannot express the configuration: it would not come back from the file.

    Example:
        >>> settings_of(exchange, config, state, None)  # doctest: +SKIP

    Source: transformers' configuration files.
    """
    settings = exchange.write_config(config) | {"model_type": exchange.model_type}
    fields = Fields(json.loads(json.dumps(settings)), "config.json")
    try:
        back = asdict(exchange.read_config(fields, [weight.theirs for weight in exchange.weights(config)]))
    except FormatError as error:
        raise InvalidInput(f"a {exchange.model_type} cannot be saved with this configuration: {error}") from None
    for name, value in asdict(config).items():
        # None stands for a default that the file spells out.
        if value is not None and back[name] != value:
            raise InvalidInput(f"the {exchange.model_type} layout has no {name}={value!r}: it means {back[name]!r}")
    dtype = next(value.dtype for value in state.values() if value.is_floating_point())
    return settings | {"dtype": str(dtype).removeprefix("torch.")} | _token_ids(tokenizer)


def check_model(exchange: Exchange, config: Any, state: Mapping[str, Tensor], tokenizer: Tokenizer | None) -> None:
    """Refuse a model that the layout has no place for, or a tokenizer that is not the model's.

    Args:
        exchange: The architecture.
        config: Our configuration.
        state: The model's tensors.
        tokenizer: The tokenizer to be saved with it.

    Raises:
        InvalidInput: Something was added to the model, it has no numbers, or the tokenizer has too many ids.

    Example:
        >>> check_model(exchange, config, state, None)  # doctest: +SKIP

    Source: this project.
    """
    places = {name for weight in exchange.weights(config) for name in weight.ours}
    odd = sorted(state.keys() ^ places)
    if odd:
        kind = exchange.model_type
        raise InvalidInput(
            f"{odd[0]} is no part of a plain {kind}: merge or take off what was added to the model first"
        )
    if any(value.is_meta for value in state.values()):
        raise InvalidInput("the model lies on the meta device and has no numbers to save")
    if tokenizer is not None and tokenizer.vocab_size > config.vocab_size:
        raise InvalidInput(
            f"the tokenizer has {tokenizer.vocab_size} ids, the model only {config.vocab_size}: "
            "they do not belong together"
        )


def write_shards(
    exchange: Exchange, config: Any, state: Mapping[str, Tensor], folder: Path, max_shard_bytes: int
) -> None:
    """Write the tensors, and an index where they go into several files.

    Args:
        exchange: The architecture.
        config: Our configuration.
        state: The model's tensors.
        folder: Where to.
        max_shard_bytes: Most bytes of weights a file.

    Raises:
        OSError: A file cannot be written.

    Example:
        >>> write_shards(exchange, config, state, folder, 5 * 2**30)  # doctest: +SKIP

    Source: transformers' ``save_pretrained``.
    """
    listed = {weight.theirs: weight for weight in exchange.weights(config)}
    sizes = {name: sum(state[own].nbytes for own in weight.ours) for name, weight in listed.items()}
    files = shards(sizes.items(), max_shard_bytes)
    places: dict[str, str] = {}
    for name, keys in zip(shard_names(len(files)), files, strict=True):
        write_tensors({key: listed[key].pack(state) for key in keys}, folder / name)
        places |= dict.fromkeys(keys, name)
    if len(files) > 1:
        index = {"metadata": {"total_size": sum(sizes.values())}, "weight_map": places}
        (folder / INDEX).write_text(json.dumps(index, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _token_ids(tokenizer: Tokenizer | None) -> dict[str, int | None]:
    """The ids that generation needs; null without a tokenizer, or transformers would put in those of another model."""
    found: dict[str, int | None] = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"))
    for role in ("bos_token", "eos_token", "pad_token"):
        for name in ROLES[role]:
            if tokenizer is not None and found[f"{role}_id"] is None:
                found[f"{role}_id"] = tokenizer.special_ids.get(name)
    return found
