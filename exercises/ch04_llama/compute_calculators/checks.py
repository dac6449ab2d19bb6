"""Published figures, and sums over the shape of every matrix."""

import math
from fractions import Fraction

import pytest

from minillm.grading.expect import close, equal, is_true

DAY = 24 * 60 * 60
EXACT = {"rtol": 1e-9, "atol": 0.0}
# layers, width, tokens, batch in tokens: the book's Table 2.1
TABLE = {
    (32, 4096, 10**12, 4 * 10**6): (11_008, 6_738_415_616, 250_000),
    (40, 5120, 10**12, 4 * 10**6): (13_824, 13_015_864_320, 250_000),
    (60, 6656, 14 * 10**11, 4 * 10**6): (17_920, 32_528_943_616, 350_000),
    (80, 8192, 14 * 10**11, 4 * 10**6): (22_016, 65_285_660_672, 350_000),
}


def figure(got, low, high, what):
    """A published figure, with the digits that it has."""
    is_true(type(got) is float, f"{what} should be a float")
    is_true(
        low <= got <= high, f"{what}: {got:.6g} is not between {low:g} and {high:g}"
    )


def size(rng):
    return float(10 ** rng.uniform(8, 12))


def test_flops(submission, rng):
    for n, d in [(175e9, 300e9), (size(rng), size(rng))]:
        right = 6 * n * d
        causes = {
            "forward_only": 2 * n * d,
            "backward_only": 4 * n * d,
            "no_factor": n * d,
        }
        close(submission.dense_flops(n, d), right, causes=causes, **EXACT)
    n, d = (int(v) for v in rng.integers(10**6, 10**7, size=2))
    close(submission.dense_flops(n, d), float(6 * n * d), **EXACT)


def products(rows, inner, columns):
    return 2 * rows * inner * columns


def test_attention(submission, rng):
    """By matrix products: (context, d) times (d, context) and (context, context) times (context, d)."""
    cases = [(32, 4096, 2048, 1e12)]
    cases.append((*(int(v) for v in rng.integers(2, 90, size=3)), size(rng)))
    for layers, width, context, tokens in cases:
        scores = products(context, width, context)
        mixing = products(context, context, width)
        forward = layers * (scores + mixing) * tokens / context
        causes = {
            "forward_only": forward,
            "scores_only": 3 * layers * scores * tokens / context,
            "per_text": 3 * layers * (scores + mixing) * tokens,
        }
        got = submission.attention_flops(layers, width, context, tokens)
        close(got, 3 * forward, causes=causes, **EXACT)
    share = submission.attention_flops(96, 12_288, 2048, 300e9) / 3.15e23
    figure(share, 0.0275, 0.0277, "the share of attention in GPT-3's training")


def test_petaflop_days(submission, rng):
    for flops in (6 * 175e9 * 300e9, size(rng) * size(rng)):
        causes = {
            "petaflop": flops / 1e15,
            "hours": flops / 1e15 / 3600,
            "teraflop_days": flops / 1e12 / DAY,
        }
        close(
            submission.petaflop_days(flops), flops / 1e15 / DAY, causes=causes, **EXACT
        )
    gpt3 = submission.petaflop_days(submission.dense_flops(175e9, 300e9))
    figure(gpt3, 3645.5, 3646.5, "PF-days of GPT-3")


def test_days(submission, rng):
    """1,000 A100 at half of their 312 TFLOP/s, and others."""
    for _ in range(4):
        flops, devices = size(rng) * size(rng), int(rng.integers(2, 3000))
        peak, share = float(rng.uniform(50e12, 1e15)), float(rng.uniform(0.1, 0.9))
        seconds = flops / (devices * peak * share)
        causes = {
            "one_device": seconds * devices / DAY,
            "peak_reached": seconds * share / DAY,
            "multiplied_into_time": seconds * share**2 / DAY,
            "seconds": seconds,
        }
        got = submission.cluster_days(flops, devices, peak, share)
        close(got, seconds / DAY, causes=causes, **EXACT)
    whole = submission.cluster_days(1e20, 8, 1e14, 1.0)
    close(whole, 1e20 / 8e14 / DAY, **EXACT)
    book = submission.cluster_days(3640 * 1e15 * DAY, 1000, 312e12, 0.5)
    figure(book, 23.2, 23.4, "days of GPT-3's 3,640 PF-days")


@pytest.mark.parametrize("share", [0.0, -0.5, 1.01, 50.0, math.nan])
def test_impossible_utilization(submission, rng, share):
    close(submission.cluster_days(1e20, 8, 1e14, 0.25), 4e20 / 8e14 / DAY, **EXACT)
    with pytest.raises(ValueError):  # noqa: PT011
        submission.cluster_days(1e20, 8, 1e14, share)


def test_utilization(submission, rng):
    """BLOOM took 3.5 months on 384 A100; the answer leads back to the days."""
    for _ in range(4):
        flops, devices = size(rng) * size(rng), int(rng.integers(2, 3000))
        peak, days = float(rng.uniform(50e12, 1e15)), float(rng.uniform(5, 90))
        right = flops / (devices * peak * days * DAY)
        causes = {
            "upside_down": 1 / right,
            "one_device": right * devices,
            "seconds": right * DAY,
        }
        got = submission.flops_utilization(flops, devices, peak, days)
        close(got, right, causes=causes, **EXACT)
    bloom = submission.flops_utilization(
        6 * 176e9 * 366e9, 384, 312e12, 3.5 * 365.25 / 12
    )
    figure(bloom, 0.34, 0.36, "BLOOM's utilization")
    share, days = float(rng.uniform(0.2, 0.6)), float(rng.uniform(5, 90))
    flops = share * 64 * 312e12 * days * DAY
    back = submission.cluster_days(
        flops, 64, 312e12, submission.flops_utilization(flops, 64, 312e12, days)
    )
    close(back, days, **EXACT)


def plan(layers, width, tokens, batch, vocab=32_000, *, matrices=3, norms=1, tables=2):
    inner = next(n for n in range(8 * width // 3, 8 * width // 3 + 257) if n % 256 == 0)
    shapes = 4 * [(width, width)] + matrices * [(width, inner)] + 2 * norms * [(width,)]
    layer = sum(math.prod(shape) for shape in shapes)
    count = tables * vocab * width + layers * layer + norms * width
    return {
        "ffn_width": inner,
        "parameters": count,
        "flops": 6 * count * tokens,
        "steps": math.ceil(Fraction(tokens, batch)),
    }


def mistakes(case):
    right = plan(*case)
    return {
        "plain_layer": plan(*case, matrices=2),
        "no_norms": plan(*case, norms=0),
        "norm_bias": plan(*case, norms=2),
        "tied": plan(*case, tables=1),
        "last_batch_lost": right | {"steps": case[2] // case[3]},
    }


def test_llama_table(submission, rng):
    for case, (inner, parameters, steps) in TABLE.items():
        right = plan(*case)
        assert [right[key] for key in ("ffn_width", "parameters", "steps")] == [
            inner,
            parameters,
            steps,
        ]
        equal(submission.llama_plan(*case), right, causes=mistakes(case))


def test_exact_integers(submission, rng):
    """Sizes beyond the 53 binary digits of a float, and a last batch that is not full."""
    odd = 2 * int(rng.integers(10**16, 10**17)) + 1
    cases = [(1, 96, 10, 3, 5), (3, 1000 * odd, 10**18 + 7, 10**6, 10**15 + 37)]
    cases += [tuple(rng.integers(2, 400, size=5).tolist()) for _ in range(3)]
    for case in cases:
        causes = mistakes(case)
        causes["floats"] = {k: int(float(v)) for k, v in plan(*case).items()}
        equal(submission.llama_plan(*case), plan(*case), causes=causes)
