# fails: test_without_a_mask
# idea: the same weight for every key

import torch


def attention_weights(q, k, mask=None):
    return q.new_full((*q.shape[:-1], k.shape[-2]), 1 / k.shape[-2])


def attention(q, k, v, mask=None):
    return attention_weights(q, k, mask) @ v
