# Swish, and the gate of SwiGLU (13 points, difficulty 2 of 5, about 25 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#swish-and-the-gate-of-swiglu
# To check it: minillm exercises check ch04.swiglu

"""Swish, its minimum, and the gated feed-forward layer."""

import torch


def swish(x: torch.Tensor, beta: float = 1.0) -> torch.Tensor:
    """x times the logistic function of beta x."""
    raise NotImplementedError("x times a sigmoid")


def swish_minimum(beta: float = 1.0) -> tuple[float, float]:
    """Where Swish is lowest, and how low."""
    raise NotImplementedError("where is the slope 0?")


def swiglu(
    x: torch.Tensor, w: torch.Tensor, v: torch.Tensor, w2: torch.Tensor
) -> torch.Tensor:
    """The gated feed-forward layer of LLaMA."""
    raise NotImplementedError("a gate, a way up, a way down")


def swiglu_width(width: int, multiple: int = 256) -> int:
    """Inner width at which three matrices cost as much as two of width 4 d."""
    raise NotImplementedError("8/3 of the width, rounded up to a multiple")
