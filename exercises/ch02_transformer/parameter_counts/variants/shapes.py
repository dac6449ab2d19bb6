# idea: lists the shape of every tensor

import math


def count(shapes):
    return sum(math.prod(shape) for shape in shapes)


def dense(a, b):
    return [(a, b), (b,)]


def norm(d):
    return [(d,), (d,)]


def block(d, f, cross=False):
    shapes = 4 * dense(d, d) + norm(d) + dense(d, f) + dense(f, d) + norm(d)
    if cross:
        shapes += 4 * dense(d, d) + norm(d)
    return count(shapes)


def transformer_parameters(source_vocab, target_vocab, width, ffn_width, layers):
    around = [(source_vocab, width), (target_vocab, width), *dense(width, target_vocab), *norm(width), *norm(width)]
    return count(around) + layers * (block(width, ffn_width) + block(width, ffn_width, cross=True))


def bert_parameters(vocab, positions, width, ffn_width, layers):
    around = [(vocab, width), (positions, width), (2, width), *norm(width), *dense(width, width)]
    return count(around) + layers * block(width, ffn_width)


def gpt_parameters(vocab, positions, width, layers, final_norm):
    around = [(vocab, width), (positions, width)]
    if final_norm:
        around += norm(width)
    return count(around) + layers * block(width, 4 * width)


def llama_parameters(vocab, width, ffn_width, layers, heads, kv_heads):
    head = width // heads
    attention = [(width, heads * head), (width, kv_heads * head), (width, kv_heads * head), (heads * head, width)]
    ffn = [(width, ffn_width), (width, ffn_width), (ffn_width, width)]
    return count([(vocab, width), (width, vocab), (width,)]) + layers * count([*attention, *ffn, (width,), (width,)])
