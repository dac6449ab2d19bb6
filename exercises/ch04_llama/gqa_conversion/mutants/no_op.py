# fails: test_pool
# idea: changes nothing

import torch


def pool_heads(weight, heads, groups):
    return weight


def repeat_heads(weight, groups, heads):
    return weight


def grouped_attention(x, wq, wk, wv, wo, heads):
    return x


def cache_bytes_per_token(layers, kv_heads, head_width, bytes_per_number):
    return 0
