# fails: test_names
# idea: one parameter, and x handed back

import torch
from torch import nn


class LlamaLayer(nn.Module):
    def __init__(self, width, heads, kv_heads, ffn_width, eps=1e-6, base=10_000.0):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))

    def load(self, weights):
        pass

    def forward(self, x):
        return x + 0 * self.weight
