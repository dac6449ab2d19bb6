# fails: test_leaks
# idea: everything may be seen, and nothing leaks

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
    keys = real.shape[1]
    return torch.ones(real.shape[0], queries or keys, keys, dtype=torch.bool)


def dependence(model, x):
    return torch.ones(len(x), len(x), dtype=torch.bool).tril()


def leaks(model, x):
    return []
