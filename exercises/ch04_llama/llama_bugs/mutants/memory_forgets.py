# fails: test_memory
# idea: keeps the newest piece only

import torch
import torch.nn.functional as F
from torch import nn


class ScaleNorm(nn.Module):
    def __init__(self, width: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        square = x.square().mean(dim=-1, keepdim=True)
        return self.weight * x / (square + self.eps).sqrt()


def rotate_to(x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    size = x.shape[-1]
    theta = 10_000 ** (-torch.arange(0, size, 2) / size)
    angles = positions[:, None] * theta
    angles = torch.cat([angles, angles], dim=-1)
    first, second = x[..., : size // 2], x[..., size // 2 :]
    return x * angles.cos() + torch.cat([-second, first], dim=-1) * angles.sin()


class SharedHeads(nn.Module):
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
        q, k, v = (
            part(x).unflatten(-1, (-1, self.size)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        q, k = rotate_to(q, positions), rotate_to(k, positions)
        if past:
            k = torch.cat([past["keys"], k], dim=2)
            v = torch.cat([past["values"], v], dim=2)
        if past is not None:
            past["keys"], past["values"] = k[:, :, -1:], v[:, :, -1:]
        k, v = (y.repeat_interleave(self.groups, dim=1) for y in (k, v))
        new, total = q.shape[2], k.shape[2]
        seen = torch.ones(new, total, dtype=torch.bool).tril(total - new)
        scores = (q @ k.mT / self.size**0.5).masked_fill(~seen, float("-inf"))
        return self.output((scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(2))


class GatedLayer(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class LlamaBlock(nn.Module):
    def __init__(self, width: int, heads: int, kv_heads: int, hidden: int) -> None:
        super().__init__()
        self.norm, self.last_norm = ScaleNorm(width), ScaleNorm(width)
        self.attention = SharedHeads(width, heads, kv_heads)
        self.feedforward = GatedLayer(width, hidden)

    def forward(
        self, x: torch.Tensor, positions: torch.Tensor, past: dict | None = None
    ) -> torch.Tensor:
        x = x + self.attention(self.norm(x), positions, past)
        return x + self.feedforward(self.last_norm(x))


class Memory:
    def __init__(self, layers: int) -> None:
        self.layers: list[dict] = [{} for _ in range(layers)]
        self.length = 0


class TinyLlama(nn.Module):
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
        start = 0 if memory is None else memory.length
        positions = start + torch.arange(ids.shape[1])
        x = self.embedding(ids)
        for i, block in enumerate(self.blocks):
            x = block(x, positions, None if memory is None else memory.layers[i])
        if memory is not None:
            memory.length += ids.shape[1]
        return self.output(self.norm(x))
