"""Learning-rate schedules: the factor on the peak rate as a function of the share of the run that is done.

Progress, not steps, is the argument, so that one function serves a run of so many steps, tokens or minutes. The loop
asks at the middle of a step, ``(step + 1/2) / steps``: the first step is then not lost to a rate of zero, nor the last.
"""

import math
from collections.abc import Callable

from minillm.errors import InvalidInput


def warm_up(progress: float | int, warmup: float | int) -> float:
    """Rise from 0 to 1 in a straight line over the first part of the run.

    Args:
        progress: Share of the run that is done, 0 to 1.
        warmup: Share of the run that the rise takes.

    Returns:
        The factor, 0 to 1.

    Example:
        >>> warm_up(0.01, 0.04)
        0.25

    Source: Vaswani et al. (2017), section 5.3, https://arxiv.org/abs/1706.03762.
    """
    return min(1.0, progress / warmup) if warmup else 1.0


def cosine(progress: float | int, warmup: float | int = 0.02, floor: float | int = 0.1) -> float:
    """After the warm-up, half a cosine from 1 down to the floor at the end of the run.

    Args:
        progress: Share of the run that is done, 0 to 1.
        warmup: Share of the run that the warm-up takes.
        floor: The factor at the end.

    Returns:
        The factor, 0 to 1.

    Example:
        >>> round(cosine(0.5, warmup=0.0, floor=0.1), 3)
        0.55

    Source: Loshchilov and Hutter (2017), https://arxiv.org/abs/1608.03983; book section 2.4.1 (LLaMA's schedule).
    """
    if progress < warmup:
        return warm_up(progress, warmup)
    return floor + (1 - floor) * (1 + math.cos(math.pi * _after(progress, warmup))) / 2


def linear(progress: float | int, warmup: float | int = 0.02, floor: float | int = 0.0) -> float:
    """After the warm-up, a straight line from 1 down to the floor at the end of the run.

    Args:
        progress: Share of the run that is done, 0 to 1.
        warmup: Share of the run that the warm-up takes.
        floor: The factor at the end.

    Returns:
        The factor, 0 to 1.

    Example:
        >>> linear(0.75, warmup=0.5, floor=0.0)
        0.5

    Source: Devlin et al. (2019), appendix A.2, https://arxiv.org/abs/1810.04805.
    """
    if progress < warmup:
        return warm_up(progress, warmup)
    return floor + (1 - floor) * (1 - _after(progress, warmup))


def wsd(progress: float | int, warmup: float | int = 0.02, floor: float | int = 0.0, decay: float | int = 0.2) -> float:
    """Warm up, stay, decay: constant at 1 until the last part of the run, then a straight line to the floor.

    The long constant part is the same for every length of run, so one run can be prolonged, or decayed at several
    points, without beginning again.

    Args:
        progress: Share of the run that is done, 0 to 1.
        warmup: Share of the run that the warm-up takes.
        floor: The factor at the end.
        decay: Share of the run that the decay takes.

    Returns:
        The factor, 0 to 1.

    Example:
        >>> [round(wsd(p, warmup=0.1, decay=0.2), 3) for p in (0.05, 0.5, 0.9)]
        [0.5, 1.0, 0.5]

    Source: Hu et al. (2024), MiniCPM, section 4, https://arxiv.org/abs/2404.06395.
    """
    if progress < warmup:
        return warm_up(progress, warmup)
    left = (1 - progress) / decay if decay else 1.0
    return floor + (1 - floor) * min(1.0, max(0.0, left))


def make_schedule(
    name: str, warmup: float | int, floor: float | int, decay: float | int
) -> Callable[[float | int], float]:
    """A schedule by its name, with its settings filled in.

    Args:
        name: ``"constant"``, ``"cosine"``, ``"linear"`` or ``"wsd"``.
        warmup: Share of the run that the warm-up takes, 0 to below 1.
        floor: The factor at the end, 0 to 1; not used by ``"constant"``.
        decay: Share of the run that the decay of ``"wsd"`` takes.

    Returns:
        A function from progress to the factor.

    Raises:
        InvalidInput: The name is unknown, or a share is out of its range.

    Example:
        >>> make_schedule("linear", 0.0, 0.0, 0.2)(0.25)
        0.75

    Source: None; a choice between the functions above.
    """
    if not (0 <= warmup < 1 and 0 <= floor <= 1 and 0 <= decay <= 1 - warmup):
        raise InvalidInput(
            f"warmup={warmup}, floor={floor}, decay={decay}: each is a share from 0 to 1, and warm-up and decay "
            "together are at most the whole run"
        )
    schedules: dict[str, Callable[[float | int], float]] = {
        "constant": lambda progress: warm_up(progress, warmup),
        "cosine": lambda progress: cosine(progress, warmup, floor),
        "linear": lambda progress: linear(progress, warmup, floor),
        "wsd": lambda progress: wsd(progress, warmup, floor, decay),
    }
    if name not in schedules:
        raise InvalidInput(f"schedule is {name!r}; there are {', '.join(schedules)}")
    return schedules[name]


def _after(progress: float | int, warmup: float | int) -> float:
    """Share of the time after the warm-up that is done."""
    return min(1.0, (progress - warmup) / (1 - warmup))
