# fails: test_whole_text
# idea: hands x back, and the cache as it was

import torch


def turn_to(x, positions):
    return x


def cached_attention(weights, x, real, cache=None):
    size = weights["key"].shape[1]
    nothing = x.new_zeros(len(x), 0, size)
    return x.clone(), cache or {"keys": nothing, "values": nothing, "real": real[:, :0]}


def continue_text(weights, prompts, count):
    return [[0] * count for _ in prompts]
