"""Masks by their definition, and models whose dependences are planted."""

import pytest
import torch

from minillm.grading.expect import close, equal, is_true


def mask(real, queries):
    batch, keys = real.shape
    rows = [
        [
            [bool(real[b, key]) and key <= keys - queries + i for key in range(keys)]
            for i in range(queries)
        ]
        for b in range(batch)
    ]
    return torch.tensor(rows, dtype=torch.bool)


def padded(rng, batch, keys, left):
    lengths = rng.integers(1, keys + 1, size=batch)
    rows = [[i < n for i in range(keys)] for n in lengths]
    return torch.tensor([row[::-1] if left else row for row in rows])


def compare(submission, real, queries=None):
    count = real.shape[1] if queries is None else queries
    right = mask(real, count)
    everything = torch.ones_like(real)
    causes = {
        "future_shown": right.clone().fill_(True) & real[:, None, :],
        "padding_shown": mask(everything, count),
        "inverted": ~right,
        "itself_hidden": mask(real, count) & ~mask_of_self(real, count),
        "from_the_first": top_left(real, count),
        "padding_blind": right & real[:, real.shape[1] - count :, None],
    }
    got = (
        submission.decoder_mask(real)
        if queries is None
        else submission.decoder_mask(real, queries)
    )
    close(got, right, rtol=0, atol=0, causes=causes)


def mask_of_self(real, queries):
    keys = real.shape[1]
    return torch.arange(keys) == torch.arange(keys - queries, keys)[:, None]


def top_left(real, queries):
    keys = real.shape[1]
    return (torch.arange(keys) <= torch.arange(queries)[:, None]) & real[:, None, :]


def test_causal(submission, rng):
    for keys in (2, 5, int(rng.integers(6, 12))):
        compare(submission, torch.ones(2, keys, dtype=torch.bool))


@pytest.mark.parametrize("left", [False, True])
def test_padding(submission, rng, left):
    for batch, keys in [(1, 4), (5, 7)]:
        real = padded(rng, batch, keys, left)
        real[0, 0 if not left else -1] = True
        real[0, -1 if not left else 0] = False
        compare(submission, real)


def test_with_a_cache(submission, rng):
    for keys, queries in [(6, 1), (6, 2), (9, 4)]:
        compare(submission, torch.ones(1, keys, dtype=torch.bool), queries)
        compare(submission, padded(rng, 3, keys, left=True), queries)


def pattern(rng, time, causal, share=0.4):
    """Weights of which a share is 0, none of them negative, so that no two ways cancel."""
    reads = rng.uniform(0.2, 1, size=(time, time)) * (rng.random((time, time)) < share)
    return torch.from_numpy(reads).tril() if causal else torch.from_numpy(reads)


def model(submission, rng, layers, width=3):
    weight = torch.from_numpy(rng.standard_normal((width, 2)))
    x = torch.from_numpy(rng.uniform(0.1, 0.5, size=(len(layers[0]), width)))
    return submission.build("Mixer", layers, weight), x


def reach(layers):
    found = torch.eye(len(layers[0])).double()
    for reads in layers:
        found = (reads != 0).double() @ found
    return found > 0


def differ(got, right):
    causes = {
        "transposed": right.T.clone(),
        "cancelled": torch.zeros_like(right),
        "columns": right.any(dim=0).expand_as(right).clone(),
    }
    close(got, right, rtol=0, atol=0, causes=causes)


def test_dependence(submission, rng):
    for time in (2, 5, 8):
        for depth in (1, 2):
            layers = [pattern(rng, time, causal=False) for _ in range(depth)]
            layers[0][0, time - 1], layers[0][time - 1, 0] = 0.5, 0.0
            built, x = model(submission, rng, layers)
            differ(submission.dependence(model=built, x=x), reach(layers))


def test_faint_dependence(submission, rng):
    layers = [pattern(rng, 6, causal=True, share=1.0)]
    layers[0][1, 4] = 1e-12
    built, x = model(submission, rng, layers)
    right = reach(layers)
    without = right.clone()
    without[1, 4] = False
    close(
        submission.dependence(model=built, x=x),
        right,
        rtol=0,
        atol=0,
        causes={"threshold": without},
    )


def test_leaks(submission, rng):
    clean = [pattern(rng, 7, causal=True, share=0.7) for _ in range(2)]
    built, x = model(submission, rng, clean)
    equal(submission.leaks(model=built, x=x), [])
    for _ in range(2):
        layers = [pattern(rng, 7, causal=True, share=0.7), torch.eye(7).double()]
        t, s = sorted(int(i) for i in rng.choice(7, size=2, replace=False))
        layers[0][t, s] = float(rng.choice([0.3, 1e-10]))
        built, x = model(submission, rng, layers)
        equal(submission.leaks(model=built, x=x), [(t, s)], causes={"cancelled": []})
    everything = [pattern(rng, 4, causal=False, share=1.0)]
    built, x = model(submission, rng, everything)
    right = [(t, s) for t in range(4) for s in range(t + 1, 4)]
    itself = [(t, s) for t in range(4) for s in range(t, 4)]
    equal(
        submission.leaks(model=built, x=x),
        right,
        causes={
            "cancelled": [],
            "itself_counts": itself,
            "swapped": [(s, t) for t, s in right],
        },
    )


def test_two_in_a_row(submission, rng):
    """A test that leaves something behind would spoil the next one."""
    layers = [pattern(rng, 5, causal=False)]
    layers[0][0, 4] = 0.4
    built, x = model(submission, rng, layers)
    first, second = (
        submission.dependence(model=built, x=x),
        submission.dependence(model=built, x=x),
    )
    differ(first, reach(layers))
    differ(second, reach(layers))
    for number in range(5):
        other = torch.from_numpy(rng.uniform(0.1, 0.5, size=(5, 3)))
        row = submission.dependence(model=built, x=other)
        is_true(
            bool((row == first).all()),
            f"in call {number + 3} the same model with another x has other dependences",
        )
