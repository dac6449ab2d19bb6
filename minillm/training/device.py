"""Where a run computes, and in which precision."""

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from minillm.errors import InvalidInput, Unavailable


def find_device(name: str) -> torch.device:
    """The device of a name.

    Args:
        name: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, or ``"auto"`` for a GPU if there is one.

    Returns:
        The device.

    Raises:
        InvalidInput: There is no such kind of device.
        Unavailable: This machine has none of that kind.

    Example:
        >>> find_device("cpu")
        device(type='cpu')

    Source: None; plain book-keeping.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InvalidInput(f"device is {name!r}; there are auto, cpu, cuda, cuda:1 and so on") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise Unavailable(f"device {name!r} is not here: torch finds {torch.cuda.device_count()} GPUs; see doctor")
    return device


def to_device(batch: Any, device: torch.device) -> Any:
    """A batch on a device: a tensor, or tuples of them.

    Args:
        batch: What the objective takes.
        device: Where to.

    Returns:
        The same, moved; not waited for on a GPU.

    Example:
        >>> to_device((torch.zeros(1), 3), torch.device("cpu"))
        (tensor([0.]), 3)

    Source: None; plain book-keeping.
    """
    if isinstance(batch, Tensor):
        if device.type == "cuda" and not batch.is_cuda:
            return batch.contiguous().pin_memory().to(device, non_blocking=True)
        return batch.to(device)
    if isinstance(batch, tuple):
        return tuple(to_device(part, device) for part in batch)
    return batch


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Matrix products in bfloat16, everything that needs the digits in float32; or all as the model is.

    Args:
        device: Where the model is.
        precision: ``"bfloat16"`` or ``"float32"``.

    Returns:
        A context for the forward pass.

    Example:
        >>> with autocast(torch.device("cpu"), "bfloat16"):
        ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
        torch.bfloat16

    Source: Micikevicius et al. (2018), https://arxiv.org/abs/1710.03740.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
