# idea: queries with an axis for the group, rotate_half, plain parameters

import torch
from torch import nn


class Weight(nn.Module):
    def __init__(self, *shape):
        super().__init__()
        start = torch.ones(shape) if len(shape) == 1 else torch.randn(shape) * 0.1
        self.weight = nn.Parameter(start)

    def forward(self, x):
        return torch.einsum("...i,oi->...o", x, self.weight)


def rotate_half(x):
    a, b = x.chunk(2, -1)
    return torch.cat([-b, a], -1)


class LlamaLayer(nn.Module):
    def __init__(self, width, heads, kv_heads, ffn_width, eps=1e-6, base=10_000.0):
        super().__init__()
        size = width // heads
        self.sizes, self.eps, self.base = (kv_heads, heads // kv_heads, size), eps, base
        self.input_layernorm = Weight(width)
        self.post_attention_layernorm = Weight(width)
        self.self_attn = nn.ModuleDict(
            {
                "q_proj": Weight(width, width),
                "k_proj": Weight(kv_heads * size, width),
                "v_proj": Weight(kv_heads * size, width),
                "o_proj": Weight(width, width),
            }
        )
        self.mlp = nn.ModuleDict(
            {
                "gate_proj": Weight(ffn_width, width),
                "up_proj": Weight(ffn_width, width),
                "down_proj": Weight(width, ffn_width),
            }
        )

    def load(self, weights):
        self.load_state_dict(weights)

    def norm(self, x, scale):
        return x / (x.pow(2).mean(-1, keepdim=True) + self.eps) ** 0.5 * scale.weight

    def attend(self, x):
        shared, groups, size = self.sizes
        q = self.self_attn["q_proj"](x).unflatten(-1, (shared, groups, size))
        k = self.self_attn["k_proj"](x).unflatten(-1, (shared, 1, size))
        v = self.self_attn["v_proj"](x).unflatten(-1, (shared, size))
        place = torch.arange(x.shape[1])
        angles = place[:, None] / self.base ** (torch.arange(0, size, 2) / size)
        angles = torch.cat([angles, angles], -1)[:, None, None]
        q, k = (y * angles.cos() + rotate_half(y) * angles.sin() for y in (q, k))
        scores = torch.einsum("bqsgd,bksd->bsgqk", q, k[:, :, :, 0]) / size**0.5
        scores = torch.where(place <= place[:, None], scores, -torch.inf)
        z = torch.einsum("bsgqk,bksd->bqsgd", scores.softmax(-1), v)
        return self.self_attn["o_proj"](z.flatten(2))

    def forward(self, x):
        x = x + self.attend(self.norm(x, self.input_layernorm))
        y = self.norm(x, self.post_attention_layernorm)
        gate, up = self.mlp["gate_proj"](y), self.mlp["up_proj"](y)
        return x + self.mlp["down_proj"](gate * torch.sigmoid(gate) * up)
