"""One guess at a time, in double precision; and models that copy, against models that know what comes."""

import math

import pytest
import torch

from minillm.grading.expect import close, equal, is_true

SIZES = [(1, 2, 3), (2, 5, 7), (4, 9, 5)]  # batch, time, vocab
EXACT = {"rtol": 1e-9, "atol": 1e-12}


def draw(rng, batch, time, vocab):
    logits = torch.from_numpy(2 * rng.standard_normal((batch, time, vocab)))
    return logits, torch.from_numpy(rng.integers(vocab, size=(batch, time)))


def padded(rng, batch, time):
    """Rows with padding on the left or on the right; the first has none, the second has one real token."""
    lengths = [time, 1, *rng.integers(2, time + 1, size=batch).tolist()][:batch]
    rows = []
    for length in lengths:
        row = [True] * length + [False] * (time - length)
        rows.append(row if rng.random() < 0.5 else row[::-1])
    return torch.tensor(rows)


def loss_of(scores, token):
    """-ln softmax(scores)[token], in plain Python."""
    top = max(scores)
    return math.log(math.fsum(math.exp(s - top) for s in scores)) + top - scores[token]


def table(logits, ids, shift=1):
    """Losses by the place that is asked for, with the logits some places before it."""
    return {
        (b, t): loss_of(logits[b, t - shift].tolist(), int(ids[b, t]))
        for b in range(len(ids))
        for t in range(max(shift, 0), ids.shape[1] + min(shift, 0))
    }


def rows(logits, ids, shift=1):
    found = table(logits, ids, shift)
    width = ids.shape[1] - abs(shift)
    start = max(shift, 0)
    listed = [[found[b, start + t] for t in range(width)] for b in range(len(ids))]
    return torch.tensor(listed, dtype=torch.float64).view(len(ids), width)


def counting(real):
    """Places whose guess counts."""
    time = real.shape[1]
    return [
        (b, t)
        for b in range(len(real))
        for t in range(1, time)
        if real[b, t] and real[b, t - 1]
    ]


def mean(values):
    values = list(values)
    return torch.tensor(math.fsum(values) / max(len(values), 1), dtype=torch.float64)


def mistakes(logits, ids, real=None):
    """What each usual mistake gives as the loss."""
    found = table(logits, ids)
    real = torch.ones_like(ids, dtype=torch.bool) if real is None else real
    places = counting(real)
    per_row = [[found[p] for p in places if p[0] == b] for b in range(len(ids))]
    copied = table(logits, ids, 0)
    asked = [p for p in found if real[p]]
    causes = {
        "unshifted": mean(copied[p] for p in copied if real[p]),
        "shifted_back": mean(table(logits, ids, -1).values()),
        "shifted_twice": mean(table(logits, ids, 2).values()),
        "summed": torch.tensor(
            math.fsum(found[p] for p in places), dtype=torch.float64
        ),
        "bits": mean(found[p] / math.log(2) for p in places),
    }
    if not real.all():
        causes |= {
            "padding_counts": mean(found.values()),
            "one_side": mean(found[p] for p in asked),
            "divided_by_all": mean(found[p] if p in places else 0.0 for p in found),
        }
        causes["mean_of_rows"] = mean(float(mean(row)) for row in per_row if row)
    return causes


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_against_a_loop(submission, rng, dtype):
    exact = EXACT if dtype == torch.float64 else {"rtol": 1e-5, "atol": 1e-6}
    for sizes in SIZES:
        logits, ids = draw(rng, *sizes)
        given = logits.to(dtype)
        causes = {
            "unshifted": rows(logits, ids, 0)[:, 1:].contiguous(),
            "shifted_back": rows(logits, ids, -1),
            "bits": rows(logits, ids) / math.log(2),
        }
        close(
            submission.token_losses(given, ids),
            rows(logits, ids).to(dtype),
            causes={name: wrong.to(dtype) for name, wrong in causes.items()},
            **exact,
        )
        close(
            submission.shifted_loss(given, ids),
            mean(table(logits, ids).values()).to(dtype),
            causes={
                name: wrong.to(dtype) for name, wrong in mistakes(logits, ids).items()
            },
            **exact,
        )


def test_copy_leak(submission, rng):
    """Who names the token just read must lose, whoever names the next one must win; the text never stays the same."""
    vocab, batch, time = 11, 3, int(rng.integers(6, 20))
    steps = torch.from_numpy(rng.integers(1, vocab, size=(batch, time)))
    ids = steps.cumsum(dim=1) % vocab
    for strength in (3.0, 12.0):
        one = torch.nn.functional.one_hot(ids, vocab).double() * strength
        wrong = math.log(math.exp(strength) + vocab - 1)  # strength, and a bit
        small = math.log1p((vocab - 1) * math.exp(-strength))
        copying = submission.shifted_loss(one, ids)
        value = copying.item() if isinstance(copying, torch.Tensor) else math.nan
        is_true(
            not value <= 2 * small + 1e-9,
            f"a model that copies what it has read has a loss of {value:.2g}",
            cause="unshifted",
        )
        close(copying, torch.tensor(wrong, dtype=torch.float64), **EXACT)
        ahead = one.roll(-1, dims=1)
        ahead[:, -1] = torch.from_numpy(rng.standard_normal((batch, vocab)))
        close(
            submission.shifted_loss(ahead, ids),
            torch.tensor(small, dtype=torch.float64),
            rtol=1e-6,
            causes={"unshifted": mean(table(ahead, ids, 0).values())},
        )


def test_padding(submission, rng):
    for batch, time, vocab in [(1, 4, 3), (2, 6, 5), (6, 8, 7)]:
        logits, ids = draw(rng, batch, time, vocab)
        real = padded(rng, batch, time)
        if batch == 1:
            real[0, 0 if rng.random() < 0.5 else -1] = False
        found = table(logits, ids)
        right = mean(found[p] for p in counting(real))
        causes = mistakes(logits, ids, real)
        close(submission.shifted_loss(logits, ids, real), right, causes=causes, **EXACT)
        spoiled, other = logits.clone(), ids.clone()
        spoiled[~real] = torch.from_numpy(1e3 * rng.standard_normal(vocab))
        other[~real] = 0
        close(submission.shifted_loss(spoiled, other, real), right, **EXACT)


def test_every_token_weighs_the_same(submission, rng):
    """One long row that is guessed badly, and short ones that are guessed well."""
    batch, time, vocab = 4, 12, 6
    logits, ids = draw(rng, batch, time, vocab)
    real = torch.arange(time) < torch.tensor([time, 2, 3, 4])[:, None]
    ahead = torch.nn.functional.one_hot(ids, vocab).double().roll(-1, dims=1)
    easy = real & (torch.arange(batch) > 0)[:, None]
    logits[easy] = 8 * ahead[easy]
    found = table(logits, ids)
    right = mean(found[p] for p in counting(real))
    causes = mistakes(logits, ids, real)
    close(submission.shifted_loss(logits, ids, real), right, causes=causes, **EXACT)


def test_gradients(submission, rng):
    """(softmax - one hot) / number of guesses, one place before the token; nothing anywhere else."""
    for batch, time, vocab in SIZES[1:]:
        logits, ids = draw(rng, batch, time, vocab)
        real = padded(rng, batch, time)
        places = counting(real)
        right = torch.zeros_like(logits)
        for b, t in places:
            right[b, t - 1] = logits[b, t - 1].softmax(dim=0)
            right[b, t - 1, ids[b, t]] -= 1
        right /= len(places)
        value, gradients = submission.value_and_grads(
            "shifted_loss",
            logits.clone().requires_grad_(),
            ids,
            real,
            upstream=torch.tensor(1.0, dtype=torch.float64),
        )
        equal(list(value.shape), [])
        gradient = gradients.get("0")
        is_true(gradient is not None, "the logits get no gradient")
        is_true(
            bool((gradient[:, -1] == 0).all()),
            "nobody is asked after the last place, and its logits have a gradient",
        )
        close(gradient, right, rtol=1e-8, atol=1e-12)


def test_large_logits(submission, rng):
    logits, ids = draw(rng, 2, 6, 5)
    for factor in (1e4, -1e4):
        large = factor * logits
        close(
            submission.shifted_loss(large.float(), ids),
            mean(table(large, ids).values()).float(),
            rtol=1e-4,
        )
        near = logits + factor
        close(
            submission.shifted_loss(near, ids),
            mean(table(logits, ids).values()),
            rtol=1e-6,
        )


def test_nothing_to_guess(submission, rng):
    """No token has a real one before it: 0, and gradients of 0."""
    logits, ids = draw(rng, 3, 4, 5)
    alone = torch.eye(4, dtype=torch.bool)[:3]
    for real in (alone, torch.zeros(3, 4, dtype=torch.bool)):
        value, gradients = submission.value_and_grads(
            "shifted_loss",
            logits.clone().requires_grad_(),
            ids,
            real,
            upstream=torch.tensor(1.0, dtype=torch.float64),
        )
        is_true(
            bool(value.isfinite().all()), "where no guess counts the loss is not finite"
        )
        close(value.detach(), torch.tensor(0.0, dtype=torch.float64))
        gradient = gradients.get("0")
        gradient = torch.zeros_like(logits) if gradient is None else gradient
        close(gradient, torch.zeros_like(logits), rtol=0, atol=0)
    equal(list(submission.token_losses(logits[:, :1], ids[:, :1]).shape), [3, 0])
    some = alone | alone.roll(1, dims=1)
    close(
        submission.shifted_loss(logits, ids, some),
        mean(table(logits, ids)[p] for p in counting(some)),
        **EXACT,
    )
