"""The shape of every single tensor, and figures that are published."""

import math

import pytest

from minillm.grading.expect import equal

BIG = 10**15 + 37


def total(shapes):
    return sum(math.prod(shape) for shape in shapes)


def linear(rows, columns):
    return [(rows, columns), (columns,)]


def layer(width, ffn_width, attentions=1):
    shapes = [shape for _ in range(4 * attentions) for shape in linear(width, width)]
    shapes += linear(width, ffn_width) + linear(ffn_width, width)
    return shapes + [(width,)] * 2 * (attentions + 1)


def transformer(
    source, target, width, ffn_width, layers, *, norms=True, bias=True, output=True
):
    shapes = [(source, width), (target, width)]
    for attentions in (1, 2):
        for _ in range(layers):
            shapes += layer(width, ffn_width, attentions)
        shapes += [(width,), (width,)] * norms
    shapes += [(width, target)] * output + [(target,)] * (bias and output)
    return total(shapes)


def bert(
    vocab, positions, width, ffn_width, layers, *, segments=2, norm=True, pooler=True
):
    shapes = [(vocab, width), (positions, width), (segments, width)]
    shapes += [(width,), (width,)] * norm + linear(width, width) * pooler
    return total(shapes) + layers * total(layer(width, ffn_width))


def gpt(vocab, positions, width, layers, final_norm, *, tied=True):
    shapes = [(vocab, width)] * (1 if tied else 2) + [(positions, width)]
    shapes += [(width,), (width,)] * final_norm
    return total(shapes) + layers * total(layer(width, 4 * width))


def llama(
    vocab, width, ffn_width, layers, heads, kv_heads, *, matrices=3, outputs=2, norms=1
):
    size = width // heads
    block = [(width, heads * size), (heads * size, width)]
    block += [(width, kv_heads * size)] * 2
    block += [(width, ffn_width)] * matrices + [(width,)] * 2 * norms
    return total([(vocab, width)] * outputs + [(width,)] * norms) + layers * total(
        block
    )


def sizes(rng, *bounds):
    return [int(rng.integers(2, bound)) for bound in bounds]


def test_transformer(submission, rng):
    cases = [(2, 3, 4, 8, 1), (37_000, 37_000, 512, 2048, 6)]
    cases += [tuple(sizes(rng, 90, 90, 40, 90, 7)) for _ in range(4)]
    for case in cases:
        causes = {
            "no_final_norm": transformer(*case, norms=False),
            "output_bias": transformer(*case, bias=False),
            "output_tied": transformer(*case, output=False),
        }
        equal(
            submission.transformer_parameters(*case), transformer(*case), causes=causes
        )


def test_bert(submission, rng):
    base, large = (30_522, 512, 768, 3072, 12), (30_522, 512, 1024, 4096, 24)
    assert (bert(*base), bert(*large)) == (109_482_240, 335_141_888)
    cases = [base, large, *(tuple(sizes(rng, 90, 50, 40, 90, 7)) for _ in range(4))]
    for case in cases:
        causes = {
            "no_pooler": bert(*case, pooler=False),
            "no_segments": bert(*case, segments=0),
            "no_embedding_norm": bert(*case, norm=False),
        }
        equal(submission.bert_parameters(*case), bert(*case), causes=causes)


def test_gpt(submission, rng):
    first, second = (40_478, 512, 768, 12, False), (50_257, 1024, 1600, 48, True)
    third = (50_257, 2048, 12_288, 96, True)
    assert [gpt(*case) for case in (first, second, third)] == [
        116_534_784,
        1_557_611_200,
        174_604_259_328,
    ]
    cases = [first, second, third]
    cases += [(*sizes(rng, 90, 50, 40, 7), norm) for norm in (True, False)]
    for case in cases:
        causes = {
            "untied": gpt(*case, tied=False),
            "final_norm": gpt(*case[:4], not case[4]),
        }
        equal(submission.gpt_parameters(*case), gpt(*case), causes=causes)


def test_llama(submission, rng):
    published = {
        (32_000, 4096, 11_008, 32, 32, 32): 6_738_415_616,
        (32_000, 5120, 13_824, 40, 40, 40): 13_015_864_320,
        (32_000, 6656, 17_920, 60, 52, 52): 32_528_943_616,
        (32_000, 8192, 22_016, 80, 64, 64): 65_285_660_672,
        (32_000, 8192, 28_672, 80, 64, 8): 68_976_648_192,
    }
    assert {case: llama(*case) for case in published} == published
    cases = list(published)
    for _ in range(4):
        vocab, size, ffn_width, layers, groups, kv_heads = sizes(
            rng, 90, 9, 90, 7, 5, 4
        )
        heads = groups * kv_heads
        cases.append((vocab, size * heads, ffn_width, layers, heads, kv_heads))
    for case in cases:
        causes = {
            "two_matrices": llama(*case, matrices=2),
            "tied": llama(*case, outputs=1),
            "norm_bias": llama(*case, norms=2),
            "all_kv_heads": llama(*case[:5], case[4]),
        }
        equal(submission.llama_parameters(*case), llama(*case), causes=causes)


@pytest.mark.parametrize("layers", [1, 10**6 + 3])
def test_beyond_floats(submission, rng, layers):
    """A double holds integers up to 2**53; these are larger, and odd."""
    odd = 2 * int(rng.integers(10**6, 10**7)) + 1

    def check(name, got, right):
        equal(got, right, causes={"floats": int(float(right))})

    case = (BIG, BIG + 2, odd, odd + 2, 1)
    check("transformer", submission.transformer_parameters(*case), transformer(*case))
    case = (BIG, odd, odd, odd + 2, layers)
    check("bert", submission.bert_parameters(*case), bert(*case))
    case = (BIG, odd, odd, layers, True)
    check("gpt", submission.gpt_parameters(*case), gpt(*case))
    case = (BIG, 3 * odd, odd, layers, 3, 1)
    check("llama", submission.llama_parameters(*case), llama(*case))
