"""The models that every general test runs on."""

import pytest
import torch

from minillm.models.early import (
    ConvolutionConfig,
    ConvolutionLM,
    FeedForwardConfig,
    FeedForwardLM,
    HiddenMarkovConfig,
    HiddenMarkovLM,
    RecurrentConfig,
    RecurrentLM,
)

BUILDERS = {
    "feed-forward": lambda v: FeedForwardLM(FeedForwardConfig(v, order=4, embedding=16, hidden=24)),
    "feed-forward, direct": lambda v: FeedForwardLM(
        FeedForwardConfig(v, order=3, embedding=16, hidden=24, direct=True)
    ),
    "elman": lambda v: RecurrentLM(RecurrentConfig(v, "elman", embedding=16, hidden=24)),
    "lstm": lambda v: RecurrentLM(RecurrentConfig(v, "lstm", embedding=16, hidden=24, layers=2)),
    "gru": lambda v: RecurrentLM(RecurrentConfig(v, "gru", embedding=16, hidden=24)),
    "lstm, step by step": lambda v: RecurrentLM(RecurrentConfig(v, "lstm", embedding=16, hidden=24, fused=False)),
    "convolution": lambda v: ConvolutionLM(ConvolutionConfig(v, width=24, layers=2, kernel=3)),
    "hidden Markov": lambda v: HiddenMarkovLM(HiddenMarkovConfig(v, states=6)),
}


@pytest.fixture
def builders():
    """All of them, by name: functions from the vocabulary's size to a model."""
    return BUILDERS


@pytest.fixture(params=BUILDERS, ids=lambda name: name.replace(" ", "-"))
def build(request):
    """A function from the vocabulary's size to a fresh model with fixed weights."""

    def seeded(vocab_size):
        torch.manual_seed(7)
        return BUILDERS[request.param](vocab_size)

    return seeded


@pytest.fixture
def rows():
    """Three rows of eight positions, start symbol first, over a vocabulary of 11."""
    ids = torch.randint(0, 11, (3, 8), generator=torch.Generator().manual_seed(1))
    ids[:, 0] = 11
    return ids
