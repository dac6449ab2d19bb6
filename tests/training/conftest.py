"""A model small enough that a hundred updates take a moment, with all that a run must carry along, dropout, too."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from minillm.training import ShuffledWindows


class TinyModel(nn.Module):
    """An embedding, two layers, a norm, and an output tied to the embedding; each position sees itself alone."""

    def __init__(self, vocab=16, width=8, dropout=0.0, tied=True):
        super().__init__()
        self.config = SimpleNamespace(vocab_size=vocab)
        self.embedding = nn.Embedding(vocab, width)
        self.blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, vocab, bias=False)
        if tied:
            self.output.weight = self.embedding.weight

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = x + self.dropout(torch.tanh(block(x)))
        return self.output(self.norm(x))


@pytest.fixture
def make_model():
    """``make_model(seed=0, dropout=0.1)``: the same weights for the same seed."""

    def make(seed=0, **options):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return TinyModel(**options)

    return make


@pytest.fixture
def text():
    """Ids with a pattern to learn."""
    return (np.arange(400) * 7 % 16).astype(np.uint16)


@pytest.fixture
def windows(text):
    return ShuffledWindows(text, context=8, batch=4, seed=1)
