"""Checkpoints: everything that a run needs to go on as if it had never stopped, in a folder that is whole or absent.

A checkpoint is written to a temporary folder, forced to disk, and renamed. It holds tensors (safetensors) and JSON, so
reading one runs no code; the JSON holds a digest of every file and of itself, so a damaged one is found before
anything is loaded.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from minillm.errors import FormatError, InvalidInput
from minillm.training.random_state import random_states, restore_random_states

_FILES = ("model.safetensors", "optimizer.safetensors", "random.safetensors")
_STATE = "state.json"
_UNFINISHED = ".unfinished-"
_GROUP_KEYS = frozenset({"params"})

Optimizers = Sequence[torch.optim.Optimizer]


def save_checkpoint(
    folder: Path, step: int, model: nn.Module, optimizers: Optimizers, state: Mapping[str, Any]
) -> Path:
    """Write a checkpoint; whatever happens, afterwards it is there whole or not at all.

    Args:
        folder: Where checkpoints lie; made if it is not there.
        step: Updates done; the checkpoint's name.
        model: Its parameters and persistent buffers are kept, shared ones once.
        optimizers: Their state and settings are kept.
        state: Whatever else the run needs, as plain data for JSON.

    Returns:
        The checkpoint's folder.

    Raises:
        InvalidInput: There is a checkpoint of this step.
        OSError: The disk is full or cannot be written; nothing is left behind.

    Example:
        >>> save_checkpoint(Path("run/checkpoints"), 100, model, optimizers, {})  # doctest: +SKIP

    Source: None; the order of writing, syncing and renaming is that of any database.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name_of(step)
    if target.exists():
        raise InvalidInput(f"{target} is there already: a checkpoint is never written over")
    temporary = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        tensors = (model_tensors(model), _optimizer_tensors(model, optimizers), random_states())
        for name, part in zip(_FILES, tensors, strict=True):
            save_file({key: value.contiguous() for key, value in part.items()}, temporary / name)
            _sync(temporary / name)
        settings = [[_settings(group) for group in optimizer.param_groups] for optimizer in optimizers]
        told = {"step": step, "optimizers": settings, "run": dict(state)}
        digests = {name: _digest(temporary / name) for name in _FILES}
        sealed = {"state": told, "files": digests}
        (temporary / _STATE).write_text(_text(sealed | {"digest": _seal(sealed)}), encoding="utf-8")
        _sync(temporary / _STATE)
        _sync(temporary)
        temporary.chmod(0o755)
        temporary.rename(target)
        _sync(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return target


def load_checkpoint(path: Path, model: nn.Module, optimizers: Optimizers) -> dict[str, Any]:
    """Put model, optimizers and random generators into the state of a checkpoint; all of them, or none.

    Args:
        path: The checkpoint's folder.
        model: Of the same parameters, on any device.
        optimizers: Of the same kinds, made for this model.

    Returns:
        What was given as ``state`` when it was saved, with ``step``.

    Raises:
        FormatError: A file is missing or damaged, or is not of this model and these optimizers.

    Example:
        >>> load_checkpoint(Path("run/checkpoints/step-00000100"), model, optimizers)  # doctest: +SKIP

    Source: None; plain book-keeping.
    """
    told, (weights, moments, randoms) = _read(path)
    own = model_tensors(model)
    _compare(path / _FILES[0], own, weights)
    state = _sorted_by_optimizer(path / _FILES[1], model, optimizers, moments)
    if [len(groups) for groups in told["optimizers"]] != [len(optimizer.param_groups) for optimizer in optimizers]:
        raise FormatError(f"{path}: the optimizers are not those of this run")
    restore_random_states(randoms)
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(weights[name])
    for optimizer, held, groups in zip(optimizers, state, told["optimizers"], strict=True):
        optimizer.state.clear()
        optimizer.state.update(held)
        for group, settings in zip(optimizer.param_groups, groups, strict=True):
            group |= settings | {"betas": tuple(settings["betas"])} if "betas" in settings else settings
    return {"step": told["step"], **told["run"]}


def list_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the oldest first.

    Args:
        folder: Where they lie; it need not exist.

    Returns:
        Their folders, by step.

    Example:
        >>> list_checkpoints(Path("nowhere"))
        []

    Source: None; plain book-keeping.
    """
    return sorted(path for path in folder.glob("step-*") if path.is_dir()) if folder.is_dir() else []


def prune(folder: Path, keep: int) -> None:
    """Remove all but the last checkpoints, and whatever a killed process left unfinished.

    Args:
        folder: Where they lie.
        keep: How many stay, 1 or more.

    Raises:
        InvalidInput: ``keep`` is below 1.

    Example:
        >>> prune(Path("run/checkpoints"), keep=2)  # doctest: +SKIP

    Source: None; plain book-keeping.
    """
    if keep < 1:
        raise InvalidInput(f"keep is {keep}: 1 or more checkpoints must stay")
    for path in [*list_checkpoints(folder)[:-keep], *folder.glob(f"{_UNFINISHED}*")]:
        # Renamed first: a kill halfway through the removal must not leave half of what looks like a checkpoint.
        doomed = path if path.name.startswith(_UNFINISHED) else path.rename(folder / f"{_UNFINISHED}{path.name}")
        shutil.rmtree(doomed)


def name_of(step: int) -> str:
    """The name of a step's checkpoint, which sorts as the steps do.

    Args:
        step: Updates done.

    Returns:
        The folder's name.

    Example:
        >>> name_of(100)
        'step-00000100'

    Source: None; plain book-keeping.
    """
    return f"step-{step:08d}"


def model_tensors(model: nn.Module) -> dict[str, Tensor]:
    """A model's parameters and persistent buffers, each once, however many names it has.

    Args:
        model: The model.

    Returns:
        The tensors themselves, without gradient, by their first names.

    Example:
        >>> sorted(model_tensors(nn.Linear(2, 3)))
        ['bias', 'weight']

    Source: None; plain book-keeping.
    """
    first: dict[int, str] = {}
    named = model.state_dict(keep_vars=True)
    for name, value in named.items():
        first.setdefault(id(value), name)
    return {name: named[name].detach() for name in first.values()}


def _optimizer_tensors(model: nn.Module, optimizers: Optimizers) -> dict[str, Tensor]:
    """The optimizers' states as ``0/weight/exp_avg``: which optimizer, which parameter, which average."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {
        f"{number}/{names[id(parameter)]}/{key}": value
        for number, optimizer in enumerate(optimizers)
        for parameter, held in optimizer.state.items()
        for key, value in held.items()
    }


def _sorted_by_optimizer(
    path: Path, model: nn.Module, optimizers: Optimizers, tensors: Mapping[str, Tensor]
) -> list[dict[Tensor, dict[str, Tensor]]]:
    """The inverse of `_optimizer_tensors`, with every name and shape checked."""
    named = dict(model.named_parameters())
    owners = [{id(p) for group in o.param_groups for p in group["params"]} for o in optimizers]
    state: list[dict[Tensor, dict[str, Tensor]]] = [{} for _ in optimizers]
    for key, value in tensors.items():
        number, _, rest = key.partition("/")
        name, _, kind = rest.rpartition("/")
        if not number.isdecimal() or int(number) >= len(owners) or id(named.get(name)) not in owners[int(number)]:
            raise FormatError(f"{path}: {key} belongs to no parameter of this model and optimizer")
        parameter = named[name]
        if kind != "step" and value.shape != parameter.shape:
            raise FormatError(f"{path}: {key} has shape {tuple(value.shape)}, and needed is {tuple(parameter.shape)}")
        held = value.to(parameter.device) if kind != "step" or parameter.is_cuda else value
        state[int(number)].setdefault(parameter, {})[kind] = held
    return state


def _compare(path: Path, own: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    """Refuse tensors that are not the model's, name by name."""
    if own.keys() != found.keys():
        missing, extra = sorted(own.keys() - found.keys()), sorted(found.keys() - own.keys())
        raise FormatError(f"{path} is of another model: missing {missing[:5]}, not known {extra[:5]}")
    for name, value in own.items():
        if found[name].shape != value.shape or found[name].dtype != value.dtype:
            raise FormatError(
                f"{path}: {name} is {found[name].dtype} {tuple(found[name].shape)}, and the model has {value.dtype} "
                f"{tuple(value.shape)}"
            )


def _read(path: Path) -> tuple[dict[str, Any], list[dict[str, Tensor]]]:
    """The contents of a checkpoint whose digests are right."""
    advice = f"remove the folder {path} to go on from the checkpoint before it"
    try:
        text = (path / _STATE).read_text(encoding="utf-8")
        sealed = json.loads(text)
        told, seal = {"state": sealed["state"], "files": sealed["files"]}, sealed["digest"]
        if text != _text(sealed) or seal != _seal(told) or set(told["files"]) != set(_FILES):
            raise ValueError("its digest does not fit")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path / _STATE} is missing or damaged ({error}): {advice}") from None
    tensors = []
    for name in _FILES:
        try:
            if _digest(path / name) != told["files"][name]:
                raise FormatError(f"{path / name} is damaged: its digest does not fit; {advice}")
            tensors.append(load_file(path / name))
        except (OSError, SafetensorError) as error:
            raise FormatError(f"{path / name} is missing or damaged ({error}): {advice}") from None
    return told["state"], tensors


def _settings(group: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in group.items() if key not in _GROUP_KEYS}


def _text(sealed: Mapping[str, Any]) -> str:
    """The one way to write it down, so that a change that JSON does not mind is found, too."""
    return json.dumps(sealed, indent=1) + "\n"


def _seal(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Force a file, or the list of names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
