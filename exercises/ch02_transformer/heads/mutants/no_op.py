# fails: test_against_a_loop
# idea: hands the input back in other shapes

import torch


def split_heads(x, heads):
    return x.new_zeros(x.shape[0], heads, x.shape[1], x.shape[2] // heads)


def merge_heads(x):
    return x.new_zeros(x.shape[0], x.shape[2], x.shape[1] * x.shape[3])


def multi_head(x, wq, wk, wv, wo, heads):
    return x.clone()


def contributions(x, wq, wk, wv, wo, heads):
    return x.expand(heads, *x.shape).clone()
