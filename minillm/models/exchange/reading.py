"""From the files of a checkpoint to our configuration and our tensors, with every name and shape checked first.

Source: this project.
"""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from minillm.errors import FormatError, InvalidInput
from minillm.models.exchange.files import DTYPES, Stored, read_tensor
from minillm.models.exchange.weights import Exchange
from minillm.tokenizers.json_fields import Fields


def architecture(fields: Fields, known: dict[str, Exchange]) -> Exchange:
    """The exchange that ``config.json`` asks for.

    Args:
        fields: ``config.json``.
        known: Those there are, by ``model_type``.

    Returns:
        The exchange.

    Raises:
        FormatError: The architecture is unknown, or the weights are quantized.

    Example:
        >>> from minillm.models.exchange import EXCHANGES
        >>> architecture(Fields({"model_type": "gpt2"}, "config.json"), EXCHANGES).prefix
        'transformer.'

    Source: this project.
    """
    kind = fields.take("model_type", str)
    fields.left["model_type"] = kind
    if kind not in known:
        raise fields.error(f"'model_type' is {kind!r}, which is not supported; supported: {', '.join(known)}")
    names = fields.take("architectures", (list, type(None)), None)
    fields.left["architectures"] = names
    if names is not None and (len(names) != 1 or names[0] not in known[kind].architectures):
        supported = ", ".join(known[kind].architectures)
        raise fields.error(f"'architectures' is {names!r}, which is not supported; supported for {kind}: {supported}")
    if fields.left.get("quantization_config") is not None:
        raise fields.error("'quantization_config' is set: quantized weights are not supported; take the original model")
    return known[kind]


def empty_model(exchange: Exchange, config: Any, tensors: dict[str, Stored]) -> nn.Module:
    """The model without numbers; sizes that the file cannot fill are refused before they cost time and memory.

    Args:
        exchange: The architecture.
        config: Our configuration.
        tensors: What the files hold.

    Returns:
        The model, on the meta device.

    Raises:
        InvalidInput: The sizes make no model, or none that the file can fill.

    Example:
        >>> empty_model(exchange, config, tensors)  # doctest: +SKIP

    Source: this project.
    """
    layers = sum(value for name, value in asdict(config).items() if name.endswith("layers"))
    if layers > len(tensors):
        raise InvalidInput(f"it says {layers} layers, but the file holds only {len(tensors)} tensors")
    numbers = sum(torch.Size(stored.shape).numel() for stored in tensors.values())
    for name, value in asdict(config).items():
        if type(value) is int and name not in ("context", "window", "start_id") and value > numbers:
            raise InvalidInput(f"it says {name} {value}, but the file holds only {numbers} numbers")
    try:
        with torch.device("meta"):
            return exchange.model(config)
    except (RuntimeError, OverflowError, TypeError) as error:
        raise InvalidInput(f"its sizes make no model: {str(error).splitlines()[0]}") from None


def read_state(
    exchange: Exchange, config: Any, model: nn.Module, tensors: dict[str, Stored], folder: Path
) -> dict[str, Tensor]:
    """All tensors of the model; every name and shape is checked before the first number is read.

    Args:
        exchange: The architecture.
        config: Our configuration.
        model: The empty model, for the shapes.
        tensors: What the files hold.
        folder: The folder, for messages.

    Returns:
        The tensors by our names.

    Raises:
        FormatError: A tensor is missing, extra, damaged or of another shape, or two that should be equal differ.

    Example:
        >>> read_state(exchange, config, model, tensors, folder)  # doctest: +SKIP

    Source: this project.
    """
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    listed = exchange.weights(config)
    copies = exchange.copies(config)
    held = _by_published_name(exchange, tensors, {weight.theirs for weight in listed} | copies.keys())
    for weight in listed:
        if weight.theirs in held:
            _check_shape(held[weight.theirs], weight.shape([shapes[name] for name in weight.ours]))
        elif not weight.optional:
            raise FormatError(f"{folder}: {weight.theirs} is missing from the checkpoint")
    state: dict[str, Tensor] = {}
    for weight in listed:
        if weight.theirs in held:
            state |= weight.unpack(read_tensor(held[weight.theirs]), [shapes[name] for name in weight.ours])
        else:
            state |= {name: torch.zeros(shapes[name]) for name in weight.ours}
    for copy, original in copies.items():
        if copy in held and not _same(held[copy], held[original]):
            names = f"{held[copy].name} differs from {held[original].name}"
            raise FormatError(f"{held[copy].file}: {names}, although config.json ties them")
    return state


def common_dtype(tensors: dict[str, Stored]) -> torch.dtype:
    """The precision that loses nothing of any tensor.

    Args:
        tensors: What the files hold.

    Returns:
        The precision.

    Example:
        >>> common_dtype(tensors)  # doctest: +SKIP

    Source: this project.
    """
    kinds = [DTYPES[stored.kind] for stored in tensors.values() if stored.kind in DTYPES]
    common = kinds[0]
    for kind in kinds[1:]:
        common = torch.promote_types(common, kind)
    return common


def _by_published_name(exchange: Exchange, tensors: dict[str, Stored], expected: set[str]) -> dict[str, Stored]:
    """The tensors by the names that the layout gives them today."""
    held: dict[str, Stored] = {}
    for key, stored in tensors.items():
        name = key
        for old, new in exchange.renamed:
            name = name.replace(old, new)
        bare = name.removeprefix(exchange.prefix)
        found = next((one for one in (name, exchange.prefix + name, bare) if one in expected), None)
        if found is None and re.fullmatch(exchange.ignored, key):
            continue
        if found is None:
            raise FormatError(f"{stored.file}: {key} has no place in a {exchange.model_type} with this config.json")
        if stored.kind not in DTYPES:
            raise FormatError(f"{stored.file}: {key} is of type {stored.kind}; supported: {', '.join(DTYPES)}")
        if found in held:
            raise FormatError(f"{stored.file}: {key} and {held[found].name} are the same tensor of the model")
        held[found] = stored
    return held


def _check_shape(found: Stored, expected: list[int]) -> None:
    if list(found.shape) != expected:
        shape = list(found.shape)
        raise FormatError(f"{found.file}: {found.name} has the shape {shape}, but config.json asks for {expected}")


def _same(one: Stored, other: Stored) -> bool:
    return one.shape == other.shape and torch.equal(read_tensor(one), read_tensor(other))
