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
    # solution:
    keys = real.shape[1]
    queries = keys if queries is None else queries
    place = torch.arange(keys)
    return (place <= place[keys - queries :, None]) & real[:, None, :]
    # stub:
    raise NotImplementedError("real tokens, and none from the future")
    # end


def dependence(model, x: torch.Tensor) -> torch.Tensor:
    """Whether output t (row) depends on input s (column), of shape (time, time)."""
    # solution:
    x = x.detach().clone().requires_grad_()
    outputs = model(x)
    rows = []
    for output in outputs:
        row = torch.zeros(len(x), dtype=torch.bool)
        for number in output:
            (gradient,) = torch.autograd.grad(number, x, retain_graph=True)
            row |= (gradient != 0).any(dim=-1)
        rows.append(row)
    return torch.stack(rows)
    # stub:
    raise NotImplementedError("the gradient of every output by every input")
    # end


def leaks(model, x: torch.Tensor) -> list[tuple[int, int]]:
    """Pairs (t, s) where output t depends on a later input s, in order."""
    # solution:
    return [(t, s) for t, s in dependence(model, x).nonzero().tolist() if s > t]
    # stub:
    raise NotImplementedError("what depends on the future")
    # end
