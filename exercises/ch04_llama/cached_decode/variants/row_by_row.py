# idea: one row and one head after the other, only its real tokens; prompts alone, step by step

import torch


def turn_to(x, positions):
    pair = torch.arange(0, x.shape[-1], 2, dtype=x.dtype)
    angles = positions[..., None] / 10_000 ** (pair / x.shape[-1])
    turn = torch.polar(torch.ones_like(angles), angles)
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turn).flatten(-2)


def cached_attention(weights, x, real, cache=None):
    size = weights["key"].shape[1]
    new_keys = torch.zeros(*x.shape[:2], size, dtype=x.dtype)
    new_values = torch.zeros_like(new_keys)
    result = torch.zeros_like(x)
    for row in range(len(x)):
        own = x[row, real[row]]
        keys = values = own.new_zeros(0, size)
        if cache is not None:
            keys, values = (
                cache[name][row, cache["real"][row]] for name in ("keys", "values")
            )
        places = torch.arange(len(keys), len(keys) + len(own))
        fresh = turn_to(own @ weights["key"], places)
        new_keys[row, real[row]] = fresh
        new_values[row, real[row]] = own @ weights["value"]
        keys, values = torch.cat([keys, fresh]), torch.cat([values, own @ weights["value"]])
        bias = torch.where(torch.arange(len(keys)) > places[:, None], -torch.inf, 0.0)
        heads = []
        for wq in weights["query"].split(size, dim=1):
            scores = turn_to(own @ wq, places) @ keys.T / size**0.5 + bias
            heads.append(scores.softmax(-1) @ values)
        result[row, real[row]] = torch.cat(heads, -1) @ weights["output"]
    old = cache or {"keys": new_keys[:, :0], "values": new_values[:, :0], "real": real[:, :0]}
    return result, {
        "keys": torch.hstack([old["keys"], new_keys]),
        "values": torch.hstack([old["values"], new_values]),
        "real": torch.hstack([old["real"], real]),
    }


def continue_text(weights, prompts, count):
    return [alone(weights, prompt, count) for prompt in prompts]


def alone(weights, prompt, count):
    text, cache, unread = list(prompt), None, list(prompt)
    for _ in range(count):
        x = weights["embedding"][unread][None]
        y, cache = cached_attention(weights, x, torch.ones(1, len(unread)) > 0, cache)
        unread = [int(torch.argmax((x + y)[0, -1] @ weights["logits"]))]
        text += unread
    return text[len(prompt) :]
