# fails: test_leaks
# idea: the own place is a leak

import torch


class Mixer:
    def __init__(self, layers: list[torch.Tensor], weight: torch.Tensor) -> None:
        self.layers = layers  # each (time, time); row t weighs what t reads
        self.weight = weight

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        for reads in self.layers:
            x = (reads @ x).tanh()
        return torch.cat([x @ self.weight, -(x @ self.weight)], dim=-1)


def decoder_mask(real: torch.Tensor, queries: int | None = None) -> torch.Tensor:
    keys = real.shape[1]
    queries = keys if queries is None else queries
    place = torch.arange(keys)
    return (place <= place[keys - queries :, None]) & real[:, None, :]


def dependence(model, x: torch.Tensor) -> torch.Tensor:
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


def leaks(model, x: torch.Tensor) -> list[tuple[int, int]]:
    return [(t, s) for t, s in dependence(model, x).nonzero().tolist() if s >= t]
