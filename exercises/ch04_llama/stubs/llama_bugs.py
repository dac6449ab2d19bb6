# Find the bugs: a LLaMA that trains and is wrong (14 points, difficulty 4 of 5, about 45 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#find-the-bugs-a-llama-that-trains-and-is-wrong
# To check it: minillm exercises check ch04.llama_bugs

"""A small LLaMA that decodes with a memory of what it has read."""

import torch
import torch.nn.functional as F
from torch import nn


class ScaleNorm(nn.Module):
    """RMSNorm."""

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Divide by the root mean square along the last axis."""
        square = x.square().mean(dim=-1, keepdim=True)
        return self.weight * x / (square.sqrt() + self.eps)


def rotate_to(x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Turn vectors (batch, heads, time, size) to their positions (time,)."""
    size = x.shape[-1]
    theta = 10_000 ** (-torch.arange(0, size, 2) / size)
    angles = positions[:, None] * theta
    angles = torch.cat([angles, angles], dim=-1)
    first, second = x[..., :-1], x[..., -1:]
    return x * angles.cos() + torch.cat([-second, first], dim=-1) * angles.sin()


class SharedHeads(nn.Module):
    """Causal attention; query heads share keys and values in groups."""

    def __init__(self, width: int, heads: int, kv_heads: int) -> None:
        super().__init__()
        self.size, self.groups = width // heads, heads // kv_heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, kv_heads * self.size, bias=False)
        self.value = nn.Linear(width, kv_heads * self.size, bias=False)
        self.output = nn.Linear(width, width, bias=False)

    def forward(
        self, x: torch.Tensor, positions: torch.Tensor, past: dict | None = None
    ) -> torch.Tensor:
        """Let x attend to the past, if there is one, and to itself; keep it."""
        q, k, v = (
            part(x).unflatten(-1, (-1, self.size)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        q, k = rotate_to(q, positions), rotate_to(k, positions)
        if past:
            k = torch.cat([past["keys"], k], dim=2)
            v = torch.cat([past["values"], v], dim=2)
        if past is not None:
            past["keys"], past["values"] = k, v
        k, v = (y.repeat(1, self.groups, 1, 1) for y in (k, v))
        new, total = q.shape[2], k.shape[2]
        seen = torch.ones(new, total, dtype=torch.bool).tril(total - new)
        scores = (q @ k.mT / self.size**0.5).masked_fill(~seen, float("-inf"))
        return self.output((scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(2))


class GatedLayer(nn.Module):
    """SwiGLU."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Widen, gate, narrow."""
        return self.down(self.gate(x) * F.silu(self.up(x)))


class LlamaBlock(nn.Module):
    """Attention and feed-forward layer."""

    def __init__(self, width: int, heads: int, kv_heads: int, hidden: int) -> None:
        super().__init__()
        self.norm, self.last_norm = ScaleNorm(width), ScaleNorm(width)
        self.attention = SharedHeads(width, heads, kv_heads)
        self.feedforward = GatedLayer(width, hidden)

    def forward(
        self, x: torch.Tensor, positions: torch.Tensor, past: dict | None = None
    ) -> torch.Tensor:
        """Add to x what each part makes of it."""
        x = self.norm(x + self.attention(x, positions, past))
        return self.last_norm(x + self.feedforward(x))


class Memory:
    """What a model has read: keys and values of each layer, and how many tokens."""

    def __init__(self, layers: int) -> None:
        self.layers: list[dict] = [{} for _ in range(layers)]
        self.length = 0


class TinyLlama(nn.Module):
    """Token ids in, logits of the next token out."""

    def __init__(
        self,
        vocab: int,
        width: int,
        heads: int,
        kv_heads: int,
        hidden: int,
        layers: int,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, width)
        self.blocks = nn.ModuleList(
            LlamaBlock(width, heads, kv_heads, hidden) for _ in range(layers)
        )
        self.norm = ScaleNorm(width)
        self.output = nn.Linear(width, vocab, bias=False)

    def forward(self, ids: torch.Tensor, memory: Memory | None = None) -> torch.Tensor:
        """Logits after each of the new ids (batch, time), which follow the memory."""
        positions = torch.arange(ids.shape[1])
        x = self.embedding(ids)
        for i, block in enumerate(self.blocks):
            x = block(x, positions, None if memory is None else memory.layers[i])
        if memory is not None:
            memory.length += ids.shape[1]
        return self.output(self.norm(x))
