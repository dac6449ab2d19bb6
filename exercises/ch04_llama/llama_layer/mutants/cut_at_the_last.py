# fails: test_one_key_head_for_each
# idea: the book's cut

import torch

import torch.nn.functional as F

from torch import nn



class _Norm(nn.Module):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        square = x.square().mean(dim=-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(square + self.eps))


class _Heads(nn.Module):
    def __init__(self, width: int, heads: int, kv_heads: int, base: float) -> None:
        super().__init__()
        self.size, self.groups, self.base = width // heads, heads // kv_heads, base
        shared = kv_heads * self.size
        self.q_proj = nn.Linear(width, width, bias=False)
        self.k_proj = nn.Linear(width, shared, bias=False)
        self.v_proj = nn.Linear(width, shared, bias=False)
        self.o_proj = nn.Linear(width, width, bias=False)

    def turn(self, x: torch.Tensor) -> torch.Tensor:
        half = self.size // 2
        theta = self.base ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = torch.arange(x.shape[2])[:, None] * theta
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        cos, sin = cos.repeat(1, 2), sin.repeat(1, 2)
        return x * cos + torch.cat([-x[..., -1:], x[..., :-1]], dim=-1) * sin

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            project(x).unflatten(-1, (-1, self.size)).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        k, v = self.turn(k), v.repeat_interleave(self.groups, dim=1)
        scores = self.turn(q) @ k.repeat_interleave(self.groups, dim=1).mT
        hidden = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        scores = (scores / self.size**0.5).masked_fill(hidden, float("-inf"))
        return self.o_proj((scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(2))


class _Gated(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, hidden, bias=False)
        self.up_proj = nn.Linear(width, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))




class LlamaLayer(nn.Module):
    def __init__(
        self,
        width: int,
        heads: int,
        kv_heads: int,
        ffn_width: int,
        eps: float = 1e-6,
        base: float = 10_000.0,
    ) -> None:
        super().__init__()
        self.input_layernorm = _Norm(width, eps)
        self.self_attn = _Heads(width, heads, kv_heads, base)
        self.post_attention_layernorm = _Norm(width, eps)
        self.mlp = _Gated(width, ffn_width)

    def load(self, weights: dict[str, torch.Tensor]) -> None:
        self.load_state_dict(weights)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))
