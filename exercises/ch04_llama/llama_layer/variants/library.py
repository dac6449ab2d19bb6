# idea: torch's own norm, attention with groups, and complex numbers for the rotation

import torch
import torch.nn.functional as F
from torch import nn


class Part(nn.Module):
    def __init__(self, **shapes):
        super().__init__()
        for name, (rows, columns) in shapes.items():
            self.add_module(name, nn.Linear(columns, rows, bias=False))


class LlamaLayer(nn.Module):
    def __init__(self, width, heads, kv_heads, ffn_width, eps=1e-6, base=10_000.0):
        super().__init__()
        self.heads, self.kv_heads, self.base = heads, kv_heads, base
        shared = width // heads * kv_heads
        self.self_attn = Part(
            q_proj=(width, width),
            k_proj=(shared, width),
            v_proj=(shared, width),
            o_proj=(width, width),
        )
        self.mlp = Part(
            gate_proj=(ffn_width, width),
            up_proj=(ffn_width, width),
            down_proj=(width, ffn_width),
        )
        self.input_layernorm = nn.RMSNorm(width, eps)
        self.post_attention_layernorm = nn.RMSNorm(width, eps)

    def load(self, weights):
        self.load_state_dict(weights)

    def heads_of(self, y, number, turn):
        y = y.unflatten(-1, (number, -1)).transpose(1, 2)
        if not turn:
            return y
        time, size = y.shape[-2:]
        i = torch.arange(size // 2)
        angles = torch.outer(torch.arange(time).float(), self.base ** (-2 * i / size))
        pairs = torch.complex(*y.chunk(2, dim=-1)) * torch.polar(torch.ones(1), angles)
        return torch.cat([pairs.real, pairs.imag], dim=-1)

    def forward(self, x):
        y, own = self.input_layernorm(x), self.self_attn
        z = F.scaled_dot_product_attention(
            self.heads_of(own.q_proj(y), self.heads, True),
            self.heads_of(own.k_proj(y), self.kv_heads, True),
            self.heads_of(own.v_proj(y), self.kv_heads, False),
            is_causal=True,
            enable_gqa=True,
        )
        x = x + own.o_proj(z.transpose(1, 2).flatten(2))
        y, own = self.post_attention_layernorm(x), self.mlp
        return x + own.down_proj(F.silu(own.gate_proj(y)) * own.up_proj(y))
