# Masks, and a test that finds leaks (10 points, difficulty 3 of 5, about 30 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/02_transformer/exercises.html#masks-and-a-test-that-finds-leaks
# To check it: minillm exercises check ch02.leak_test

"""Masks of a decoder, and a test that finds what they let through."""

import torch


class Mixer:
    """A model to try the test on: output t is made of the inputs that the layers read.

    Every output comes with its negative, so its numbers add up to 0.
    """

    def __init__(self, layers: list[torch.Tensor], weight: torch.Tensor) -> None:
        self.layers = layers  # each (time, time); row t weighs what t reads
        self.weight = weight

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """From (time, width) to (time, 2 * outputs)."""
        for reads in self.layers:
            x = (reads @ x).tanh()
        return torch.cat([x @ self.weight, -(x @ self.weight)], dim=-1)


def decoder_mask(real: torch.Tensor, queries: int | None = None) -> torch.Tensor:
    """Who may see whom, of shape (batch, queries, keys)."""
    raise NotImplementedError("real tokens, and none from the future")


def dependence(model, x: torch.Tensor) -> torch.Tensor:
    """Whether output t (row) depends on input s (column), of shape (time, time)."""
    raise NotImplementedError("the gradient of every output by every input")


def leaks(model, x: torch.Tensor) -> list[tuple[int, int]]:
    """Pairs (t, s) where output t depends on a later input s, in order."""
    raise NotImplementedError("what depends on the future")
