# idea: keys repeated for the heads, scaled_dot_product_attention, prompts filled up on the left

import torch
import torch.nn.functional as F


def turn_to(x, positions):
    pair = torch.arange(0, x.shape[-1], 2, dtype=x.dtype)
    angles = positions[..., None] / 10_000 ** (pair / x.shape[-1])
    cos, sin = angles.cos(), angles.sin()
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)


def cached_attention(weights, x, real, cache=None):
    size = weights["key"].shape[1]
    heads = weights["query"].shape[1] // size
    seen = real if cache is None else torch.cat([cache["real"], real], 1)
    new = x.shape[1]
    places = (seen.long().cumsum(1) - 1)[:, -new:]
    k, v = turn_to(x @ weights["key"], places), x @ weights["value"]
    if cache is not None:
        k, v = torch.cat([cache["keys"], k], 1), torch.cat([cache["values"], v], 1)
    q = (x @ weights["query"]).unflatten(-1, (heads, size)).transpose(1, 2)
    q = turn_to(q, places[:, None].expand(-1, heads, -1))
    total = k.shape[1]
    mask = torch.ones(new, total, dtype=torch.bool).tril(total - new) & seen[:, None]
    z = F.scaled_dot_product_attention(
        q,
        k[:, None].expand(-1, heads, -1, -1),
        v[:, None].expand(-1, heads, -1, -1),
        attn_mask=mask[:, None],
    )
    out = z.transpose(1, 2).flatten(2) @ weights["output"]
    return out, {"keys": k, "values": v, "real": seen}


def continue_text(weights, prompts, count):
    longest = max(len(prompt) for prompt in prompts)
    gaps = [longest - len(prompt) for prompt in prompts]
    ids = torch.tensor([[0] * gap + prompt for gap, prompt in zip(gaps, prompts)])
    real = torch.tensor([[False] * gap + [True] * (longest - gap) for gap in gaps])
    texts, cache = [[] for _ in prompts], None
    while len(texts[0]) < count:
        x = weights["embedding"][ids]
        y, cache = cached_attention(weights, x, real, cache)
        ids = ((x + y)[:, -1] @ weights["logits"]).argmax(-1, keepdim=True)
        real = torch.ones_like(ids, dtype=torch.bool)
        for text, token in zip(texts, ids.flatten().tolist()):
            text.append(token)
    return texts
