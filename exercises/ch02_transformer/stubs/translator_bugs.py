# Find the bugs: a Transformer that trains and is wrong (14 points, difficulty 4 of 5, about 45 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/02_transformer/exercises.html#find-the-bugs-a-transformer-that-trains-and-is-wrong
# To check it: minillm exercises check ch02.translator_bugs

"""A small Transformer that translates."""

import torch
import torch.nn.functional as F
from torch import nn

PAD = 0


def wave_positions(length: int, width: int) -> torch.Tensor:
    """Sines and cosines of each place, of shape (length, width)."""
    place = torch.arange(length)[:, None]
    dimension = torch.arange(width)
    angle = place / 10_000 ** (dimension / width)
    return torch.where(dimension % 2 == 0, angle.sin(), angle.cos())


class UnitNorm(nn.Module):
    """Layer normalization."""

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalize along the last axis."""
        centered = x - x.mean(dim=-1, keepdim=True)
        variance = x.var(dim=-1, keepdim=True)
        return self.weight * centered / (variance + self.eps).sqrt() + self.bias


class Heads(nn.Module):
    """Multi-head attention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def split(self, x: torch.Tensor) -> torch.Tensor:
        """Cut (batch, time, width) into (batch, heads, time, head width)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(
        self, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Let x attend to memory; mask (batch, queries, keys) is True where it may."""
        q, k, v = (
            self.split(part)
            for part in (self.query(x), self.key(memory), self.value(memory))
        )
        scores = q @ k.mT / x.shape[-1] ** 0.5
        scores = scores.masked_fill(~mask[:, None], torch.finfo(scores.dtype).min)
        mixed = scores.softmax(dim=-1) @ v
        return self.output(mixed.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Attention, attention to the source in a decoder, and a feed-forward layer."""

    def __init__(self, width: int, heads: int, cross: bool) -> None:
        super().__init__()
        self.attention, self.norm = Heads(width, heads), UnitNorm(width)
        if cross:
            self.cross, self.cross_norm = Heads(width, heads), UnitNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.last_norm = UnitNorm(width)

    def forward(self, x, mask, memory=None, memory_mask=None):
        """Add to x what each part makes of it."""
        y = self.norm(x)
        x = x + self.attention(y, y, mask)
        if memory is not None:
            x = x + self.cross(self.cross_norm(x), memory, memory_mask)
        return x + self.down(self.up(self.last_norm(x)).relu())


class Translator(nn.Module):
    """Encoder and decoder: ids of a source and of a target in, logits out."""

    def __init__(
        self, source_vocab: int, target_vocab: int, width: int, heads: int, layers: int
    ) -> None:
        super().__init__()
        self.source = nn.Embedding(source_vocab, width)
        self.target = nn.Embedding(target_vocab, width)
        self.encoder = nn.ModuleList(Layer(width, heads, False) for _ in range(layers))
        self.decoder = nn.ModuleList(Layer(width, heads, True) for _ in range(layers))
        self.memory_norm, self.norm = UnitNorm(width), UnitNorm(width)
        self.output = nn.Linear(width, target_vocab)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Logits (batch, time, target_vocab) of what follows each target token."""
        width = self.output.in_features
        real = (source != PAD)[:, None, :]
        x = self.source(source) + wave_positions(source.shape[1], width)
        for layer in self.encoder:
            x = layer(x, real.expand(-1, source.shape[1], -1))
        memory = self.memory_norm(x)

        time = target.shape[1]
        seen = torch.ones(time, time, dtype=torch.bool).tril(1)
        memory_seen = torch.ones_like(real).expand(-1, time, -1)
        seen = seen.expand(len(target), -1, -1)
        y = self.target(target) + wave_positions(time, width)
        for layer in self.decoder:
            y = layer(y, seen, memory, memory_seen)
        return self.output(self.norm(y))


def translation_loss(
    model: Translator, source: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    """Mean loss of guessing each next token of the target, the first one given."""
    logits = model(source, target[:, 1:])
    return F.cross_entropy(logits.mT, target[:, 1:], ignore_index=PAD)
