# fails: test_dependence
# idea: adds all outputs up, and forgets which one it was

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
        weights = torch.arange(1.0, 1 + outputs.shape[1])
        (gradient,) = torch.autograd.grad((outputs * weights).sum(), x, retain_graph=True)
        rows.append((gradient != 0).any(dim=-1))
    return torch.stack(rows)


def leaks(model, x: torch.Tensor) -> list[tuple[int, int]]:
    return [(t, s) for t, s in dependence(model, x).nonzero().tolist() if s > t]
