"""The state of the random generators that training draws from, as tensors that a checkpoint can hold."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Shaped
from torch import Tensor

from minillm.errors import FormatError

States = dict[str, Shaped[Tensor, "..."]]


def random_states() -> States:
    """The present state of torch's generators, on the CPU and on every GPU, and of Python's.

    NumPy's old global generator is left out: nothing here uses it.

    Returns:
        A tensor or two for each generator.

    Example:
        >>> {"python", "torch"} <= set(random_states())
        True

    Source: None; plain book-keeping.
    """
    version, words, left_over = random.getstate()
    states = {"python": torch.tensor([version, *words]), "torch": torch.get_rng_state()}
    if left_over is not None:  # random.gauss draws two numbers and keeps one
        states["python.gauss"] = torch.tensor(left_over, dtype=torch.float64)
    if torch.cuda.is_available():
        states |= {f"cuda.{index}": state for index, state in enumerate(torch.cuda.get_rng_state_all())}
    return states


def restore_random_states(states: States) -> None:
    """Put the generators back into states taken before.

    GPUs that were not there then, or are not there now, are left out: a run may go on elsewhere, though its dropout
    then differs.

    Args:
        states: From `random_states`.

    Raises:
        FormatError: They are not such states.

    Example:
        >>> states = random_states()
        >>> before = torch.rand(1)
        >>> restore_random_states(states)
        >>> bool(before == torch.rand(1))
        True

    Source: None; plain book-keeping.
    """
    try:
        version, *words = states["python"].tolist()
        left_over = float(states["python.gauss"]) if "python.gauss" in states else None
        random.setstate((version, tuple(words), left_over))
        torch.set_rng_state(states["torch"])
        for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
            if f"cuda.{index}" in states:
                torch.cuda.set_rng_state(states[f"cuda.{index}"], index)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise FormatError(f"these are not states of random generators ({error}): take another checkpoint") from None


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from seeded generators inside the block, and leave the caller's as they were.

    Args:
        seed: Of all of them.

    Yields:
        Nothing.

    Example:
        >>> with seeded(0):
        ...     first = torch.rand(1)
        >>> with seeded(0):
        ...     bool(first == torch.rand(1))
        True

    Source: None; plain book-keeping.
    """
    before = random_states()
    try:
        random.seed(seed)
        torch.manual_seed(seed)
        yield
    finally:
        restore_random_states(before)
