# idea: torch's own Jacobian, and masks from tril

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
    batch, keys = real.shape
    square = torch.ones(keys, keys, dtype=torch.bool).tril().expand(batch, keys, keys)
    return (square & real.unsqueeze(1))[:, keys - (queries or keys) :]


def dependence(model, x):
    jacobian = torch.autograd.functional.jacobian(model, x)
    return jacobian.ne(0).any(dim=3).any(dim=1)


def leaks(model, x):
    ahead = dependence(model, x).triu(1)
    return [(int(t), int(s)) for t, s in torch.argwhere(ahead)]
