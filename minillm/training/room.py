"""Finding out before the training starts whether its results can be written."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from minillm.errors import Unavailable
from minillm.training.checkpoints import model_tensors
from minillm.training.muon import Muon


def checkpoint_bytes(model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> int:
    """How large a checkpoint of this model and these optimizers is, to within some kilobytes.

    Args:
        model: The model.
        optimizers: Its optimizers: AdamW keeps two numbers a parameter, Muon and SGD with momentum one.

    Returns:
        Bytes.

    Example:
        >>> model = nn.Linear(10, 10, bias=False)
        >>> checkpoint_bytes(model, [torch.optim.AdamW(model.parameters())])
        1200

    Source: None; the sizes of what is kept.
    """
    total = sum(tensor.numel() * tensor.element_size() for tensor in model_tensors(model).values())
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            kept = 1 if isinstance(optimizer, Muon) else 2 if "betas" in group else int(bool(group.get("momentum")))
            total += kept * sum(parameter.numel() * parameter.element_size() for parameter in group["params"])
    return total


def check_room(folder: Path, needed: int) -> None:
    """Make a folder, write to it, and compare what its disk has left with what will be needed.

    Args:
        folder: Where the run will write.
        needed: Bytes.

    Raises:
        Unavailable: The folder cannot be made or written, or there is too little room.

    Example:
        >>> check_room(Path("run"), needed=10_000_000)  # doctest: +SKIP

    Source: None; plain book-keeping.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"probe")
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise Unavailable(f"{folder} cannot be written ({error.strerror or error}): choose another folder") from None
    if free < needed:
        raise Unavailable(
            f"{folder}: {free / 1e9:.2f} GB are free, and the run will write about {needed / 1e9:.2f} GB: make room, "
            "keep fewer checkpoints, or choose another disk"
        )
