# idea: one random mixture of each output instead of every number

import torch


class Mixer:
    def __init__(self, layers, weight):
        self.layers = layers
        self.weight = weight

    def __call__(self, x):
        for reads in self.layers:
            x = (reads @ x).tanh()
        return torch.cat([x @ self.weight, -(x @ self.weight)], dim=-1)


def decoder_mask(real, queries=None):
    keys = real.size(1)
    if queries is None:
        queries = keys
    causal = torch.ones(queries, keys).tril(diagonal=keys - queries).bool()
    return causal[None] & real[:, None]


def dependence(model, x):
    x = x.clone().requires_grad_(True)
    y = model(x)
    mixture = (y * torch.randn(y.shape[-1], dtype=y.dtype)).sum(-1)
    rows = []
    for t in range(len(y)):
        x.grad = None
        mixture[t].backward(retain_graph=True)
        rows.append(x.grad.abs().amax(dim=1) > 0)
    return torch.stack(rows)


def leaks(model, x):
    found = dependence(model, x)
    time = len(found)
    return [(t, s) for t in range(time) for s in range(t + 1, time) if found[t, s]]
