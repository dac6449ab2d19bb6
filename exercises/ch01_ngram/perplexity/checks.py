"""Closed forms, and products of exact fractions."""

import math
from fractions import Fraction

import pytest

from minillm.grading.expect import close, is_true


def geometric(probabilities):
    """Inverse of the geometric mean, by way of base-2 logarithms of exact fractions."""
    bits = [
        math.log2(p.denominator) - math.log2(p.numerator)
        for p in map(Fraction, probabilities)
    ]
    return 2.0 ** (math.fsum(bits) / len(bits))


def causes_for(probabilities):
    mean = sum(map(float, probabilities)) / len(probabilities)
    return {
        "mean_of_probabilities": 1 / mean,
        "wrong_base": 2.0 ** math.log(geometric(probabilities)),
    }


def test_uniform(submission, rng):
    for size in (1, 2, 1000, int(rng.integers(3, 70_000))):
        logprobs = [math.log(1 / size)] * int(rng.integers(1, 200))
        close(
            submission.perplexity(logprobs),
            float(size),
            rtol=1e-10,
            causes=causes_for([Fraction(1, size)]),
        )


def test_one_half_one_quarter_one_eighth(submission, rng):
    probabilities = [Fraction(1, 2), Fraction(1, 4), Fraction(1, 8)]
    got = submission.perplexity([math.log(p) for p in probabilities])
    close(got, 4.0, rtol=1e-12, causes=causes_for(probabilities))
    some = rng.uniform(0.001, 1, size=int(rng.integers(2, 30))).tolist()
    close(
        submission.perplexity([math.log(p) for p in some]),
        geometric(some),
        rtol=1e-9,
        causes=causes_for(some),
    )


def test_long_and_impossible_texts(submission, rng):
    some = rng.uniform(1e-6, 1e-3, size=3000).tolist()
    logprobs = [math.log(p) for p in some]
    close(
        submission.perplexity(logprobs),
        geometric(some),
        rtol=1e-9,
        causes={"underflow": math.inf},
    )
    close(submission.perplexity([*logprobs[:3], -math.inf]), math.inf)
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        submission.perplexity([])


def test_unknown_words(submission, rng):
    for unknown in (["zebra", "斑马", "zebra"], []):
        shares = rng.dirichlet([3.0] * 5).tolist()
        model = dict(zip(["a", "b", "c", "</s>", "<unk>"], shares, strict=True))
        words = rng.permutation(
            [*rng.choice(["a", "b", "c"], size=12).tolist(), *unknown]
        ).tolist()
        cuts = sorted(rng.integers(0, len(words) + 1, size=3).tolist())
        sentences = [
            words[i:j] for i, j in zip([0, *cuts], [*cuts, len(words)], strict=True)
        ]
        ends = [model["</s>"]] * len(sentences)
        known = [model[word] for word in words if word in model]
        guessed = [model["<unk>"]] * len(unknown)
        everything = known + ends + guessed
        right = (geometric(everything), geometric(known + ends), len(unknown))
        total = math.log(geometric(everything)) * len(everything)
        causes = {
            "no_end": (geometric(known + guessed), geometric(known), len(unknown)),
            "oov_left_out": (right[1], right[1], right[2]),
            "oov_counted_kinds": (right[0], right[1], len(set(unknown))),
            "per_sentence": (
                math.exp(total / len(sentences)),
                math.exp(total / len(sentences)),
                right[2],
            ),
        }
        close(submission.evaluate(sentences, model), right, rtol=1e-9, causes=causes)


def test_per_character(submission, rng):
    for _ in range(4):
        tokens = int(rng.integers(5, 50))
        characters, value = (
            tokens * 4 + int(rng.integers(9)),
            float(rng.uniform(20, 500)),
        )
        text = -tokens * math.log(
            value
        )  # log-probability of the whole text, whatever it is divided among
        causes = {"ratio_turned": value ** (characters / tokens)}
        got = submission.per_character(value, tokens, characters)
        close(got, math.exp(-text / characters), rtol=1e-9, causes=causes)
        is_true(1 < got < value, "a character should be easier to guess than a token")
