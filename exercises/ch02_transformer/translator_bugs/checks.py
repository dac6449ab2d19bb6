"""A property for each part, and the whole model once more, written as formulas over its weights."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from minillm.grading.expect import close, equal, is_true

SIZES = {"source_vocab": 11, "target_vocab": 9, "width": 8, "heads": 2, "layers": 2}


def waves(length, width, own=False):
    rows = []
    for p in range(length):
        row = []
        for i in range(width):
            angle = p / 10_000 ** ((i if own else i - i % 2) / width)
            row.append(math.cos(angle) if i % 2 else math.sin(angle))
        rows.append(row)
    return torch.tensor(rows)


def norm(x, weight, bias):
    return F.layer_norm(x, weight.shape, weight, bias, 1e-5)


def heads_of(p, x, memory, mask, heads, size=None):
    """One head after the other; p gives a parameter by its name."""
    width = x.shape[-1]
    own = width // heads
    q, k, v = (
        F.linear(y, p(f"{name}.weight"), p(f"{name}.bias"))
        for name, y in (("query", x), ("key", memory), ("value", memory))
    )
    mixed = []
    for j in range(heads):
        part = slice(j * own, (j + 1) * own)
        scores = q[..., part] @ k[..., part].mT / (size or own) ** 0.5
        weights = scores.masked_fill(~mask, -math.inf).softmax(dim=-1)
        mixed.append(weights @ v[..., part])
    return F.linear(torch.cat(mixed, dim=-1), p("output.weight"), p("output.bias"))


def layer(p, x, mask, heads, memory=None, memory_mask=None):
    def under(name):
        return lambda rest: p(f"{name}.{rest}")

    def normed(name, y):
        return norm(y, p(f"{name}.weight"), p(f"{name}.bias"))

    y = normed("norm", x)
    x = x + heads_of(under("attention"), y, y, mask, heads)
    if memory is not None:
        x = x + heads_of(
            under("cross"), normed("cross_norm", x), memory, memory_mask, heads
        )
    y = F.linear(normed("last_norm", x), p("up.weight"), p("up.bias")).relu()
    return x + F.linear(y, p("down.weight"), p("down.bias"))


def logits_of(p, source, target, heads, layers):
    width, time = p("norm.weight").shape[0], target.shape[1]
    real = (source != 0)[:, None, :]
    x = p("source.weight")[source] + waves(source.shape[1], width)
    for i in range(layers):
        x = layer(lambda name, i=i: p(f"encoder.{i}.{name}"), x, real, heads)
    memory = norm(x, p("memory_norm.weight"), p("memory_norm.bias"))
    seen = torch.ones(time, time, dtype=torch.bool).tril()
    y = p("target.weight")[target] + waves(time, width)
    for i in range(layers):
        y = layer(
            lambda name, i=i: p(f"decoder.{i}.{name}"), y, seen, heads, memory, real
        )
    y = norm(y, p("norm.weight"), p("norm.bias"))
    return F.linear(y, p("output.weight"), p("output.bias"))


def texts(rng, batch=3, source_time=6, time=7):
    source = torch.from_numpy(
        rng.integers(1, SIZES["source_vocab"], (batch, source_time))
    )
    target = torch.from_numpy(rng.integers(1, SIZES["target_vocab"], (batch, time)))
    return source, target


def logits(model, source, target):
    """Logits of the right shape, or the check ends here."""
    got = model(source, target)
    equal(list(getattr(got, "shape", [])), [*target.shape, SIZES["target_vocab"]])
    is_true(bool(got.isfinite().all()), "the logits should be finite")
    return got


def test_positions(submission, rng):
    for length, width in [(1, 2), (7, 6), (int(rng.integers(20, 60)), 16)]:
        close(
            submission.wave_positions(length, width),
            waves(length, width),
            rtol=0,
            atol=2e-5,
            causes={"other_frequency": waves(length, width, own=True)},
        )


def test_norm(submission, rng):
    for width in (4, 16):
        unit = submission.build("UnitNorm", width)
        for scale in (2.0, 0.01):
            x = torch.from_numpy(
                scale * rng.standard_normal((3, 5, width)) + scale
            ).float()
            centered = x - x.mean(dim=-1, keepdim=True)
            sample = (x.var(dim=-1, keepdim=True) + 1e-5).sqrt()
            causes = {
                "sample": centered / sample,
                "eps_outside": centered
                / (x.std(dim=-1, keepdim=True, correction=0) + 1e-5),
            }
            right = norm(x, torch.ones(width), torch.zeros(width))
            close(unit(x).detach(), right, rtol=1e-4, atol=1e-5, causes=causes)


def test_scale(submission, rng):
    for width, heads in [(8, 4), (12, 2), (6, 6)]:
        built = submission.build("Heads", width, heads)
        named = {
            name: value.detach() for name, value in built.named_parameters().items()
        }
        x, memory = (
            torch.from_numpy(6 * rng.standard_normal((2, n, width))).float()
            for n in (3, 5)
        )
        mask = torch.from_numpy(rng.random((2, 3, 5)) < 0.7)
        mask[..., 2] = True
        right = heads_of(named.__getitem__, x, memory, mask, heads)
        causes = {
            "whole_width": heads_of(
                named.__getitem__, x, memory, mask, heads, size=width
            ),
            "unscaled": heads_of(named.__getitem__, x, memory, mask, heads, size=1),
        }
        got = built(x, memory, mask)
        close(got.detach(), right, rtol=1e-4, atol=1e-4, causes=causes)


def test_no_future(submission, rng):
    """Another token at place s: the logits from s on may change, those before s may not."""
    model = submission.build("Translator", **SIZES)
    source, target = texts(rng)
    before = logits(model, source, target)
    for s in (2, 6):
        other = target.clone()
        other[:, s] = 1 + (target[:, s] + 2) % (SIZES["target_vocab"] - 1)
        moved = (logits(model, source, other) - before).detach().abs().amax(dim=(0, 2))
        ahead = moved[:s].max().item()
        is_true(
            ahead < 1e-6,
            f"another token at place {s} of the target changes the logits of an earlier place, by {ahead:.2g}",
            cause="leak",
        )
        is_true(
            bool((moved[s:] > 1e-5).all()),
            f"another token at place {s} of the target should change the logits of that place and of all after it",
            cause="blind",
        )


def test_padding(submission, rng):
    model = submission.build("Translator", **SIZES)
    source, target = texts(rng)
    before = logits(model, source, target).detach()
    for more in (1, int(rng.integers(2, 6))):
        longer = torch.cat([source, source.new_zeros(len(source), more)], dim=1)
        moved = (logits(model, longer, target).detach() - before).abs().max().item()
        is_true(
            moved < 1e-4,
            f"{more} more PAD at the end of the sources changes the logits by {moved:.2g}",
            cause="padding",
        )
    for place in (0, 5):
        other = source.clone()
        other[:, place] = 1 + source[:, place] % (SIZES["source_vocab"] - 1)
        moved = (logits(model, other, target).detach() - before).abs().amax(dim=(0, 2))
        is_true(
            bool((moved > 1e-5).all()),
            f"another token at place {place} of the source should change the logits at every place of the target",
            cause="blind",
        )


def test_shift(submission, rng):
    """The loss from the model's own logits, one guess at a time."""
    model = submission.build("Translator", **SIZES)
    source, target = texts(rng)
    for row, length in enumerate(rng.integers(3, 7, size=2).tolist()):
        target[row, length:] = 0

    def mean(guesses, wanted, count_pad=False):
        logs = guesses.detach().log_softmax(dim=-1)
        losses = [
            -logs[b, t, wanted[b, t]].item()
            for b in range(len(wanted))
            for t in range(wanted.shape[1])
            if wanted[b, t] or count_pad
        ]
        return torch.tensor(math.fsum(losses) / len(losses))

    guesses = logits(model, source, target[:, :-1])
    copied = logits(model, source, target[:, 1:])
    whole = logits(model, source, target)
    right = mean(guesses, target[:, 1:])
    is_true(bool(right > 0), "the logits should not name the next token for sure")
    causes = {
        "unshifted": mean(copied, target[:, 1:]),
        "unshifted_too": mean(whole, target),
        "pad_counts": mean(guesses, target[:, 1:], count_pad=True),
    }
    got = submission.translation_loss(model=model, source=source, target=target)
    close(got.detach(), right, rtol=1e-5, causes=causes)


def test_whole_model(submission, rng):
    for heads, layers in [(2, 1), (4, 2)]:
        sizes = SIZES | {"heads": heads, "layers": layers}
        model = submission.build("Translator", **sizes)
        named = {
            name: value.detach() for name, value in model.named_parameters().items()
        }
        expected = sum(math.prod(shape) for shape in shapes(**sizes))
        equal(sum(value.numel() for value in named.values()), expected)
        source, target = texts(rng)
        source[0, int(rng.integers(2, 6)) :] = 0
        right = logits_of(named.__getitem__, source, target, heads, layers)
        got = logits(model, source, target)
        close(got.detach(), right, rtol=1e-3, atol=1e-4)
        spread = float(np.ptp(right.numpy()))
        is_true(spread > 0.1, "the logits should differ")


def shapes(source_vocab, target_vocab, width, heads, layers):
    square, unit = [(width, width), (width,)], [(width,), (width,)]
    feedforward = [(width, 4 * width), (4 * width,), (4 * width, width), (width,)]
    found = [(source_vocab, width), (target_vocab, width), *unit, *unit]
    found += [(width, target_vocab), (target_vocab,)]
    for attentions in (1, 2):
        found += layers * (
            4 * attentions * square + (attentions + 1) * unit + feedforward
        )
    return found
