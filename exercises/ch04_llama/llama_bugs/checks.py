"""A property for each part that the other faults do not touch, and the whole model as formulas over its weights."""

import pytest
import torch

from minillm.grading.expect import close, equal, is_true

VOCAB = 13
# width, heads, kv_heads, hidden, layers
SIZES = [(16, 4, 2, 24, 2), (12, 6, 2, 10, 1), (8, 2, 2, 12, 2)]


def draw(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape)).float()


def named(module):
    """The parameters by name, in double precision."""
    found = module.named_parameters()
    return {name: value.detach().double() for name, value in found.items()}


def norm(x, weight, eps=1e-5, outside=False):
    square = x.square().mean(-1, keepdim=True)
    return weight * x / (square.sqrt() + eps if outside else (square + eps).sqrt())


def spun(x, positions, pairs="halves"):
    """Vectors (..., time, size), their pairs as complex numbers."""
    size = x.shape[-1]
    theta = torch.tensor([10_000 ** (-2 * i / size) for i in range(size // 2)])
    angles = positions[:, None].double() * theta.double()
    if pairs == "cut":
        both = torch.cat([angles, angles], -1)
        return x * both.cos() + torch.cat([-x[..., -1:], x[..., :-1]], -1) * both.sin()
    first, second = slice(0, size // 2), slice(size // 2, size)
    if pairs == "neighbors":
        first, second = slice(0, size, 2), slice(1, size, 2)
    turn = torch.polar(torch.ones_like(angles), angles)
    turned = torch.complex(x[..., first].contiguous(), x[..., second].contiguous())
    turned = turned * turn
    result = torch.empty_like(x)
    result[..., first], result[..., second] = turned.real, turned.imag
    return result


def attention(p, x, heads, kv_heads, positions, tiled=False):
    """One head after the other; p gives a weight by its name."""
    width, time = x.shape[-1], x.shape[1]
    size = width // heads
    q, k, v = (x @ p[f"{name}.weight"].T for name in ("query", "key", "value"))
    seen = torch.ones(time, time, dtype=torch.bool).tril()
    mixed = []
    for j in range(heads):
        shared = j % kv_heads if tiled else j * kv_heads // heads
        own, theirs = (slice(n * size, (n + 1) * size) for n in (j, shared))
        queries, keys = spun(q[..., own], positions), spun(k[..., theirs], positions)
        scores = (queries @ keys.mT / size**0.5).masked_fill(~seen, -torch.inf)
        mixed.append(scores.softmax(dim=-1) @ v[..., theirs])
    return torch.cat(mixed, dim=-1) @ p["output.weight"].T


def gated(p, x, mistake=""):
    gate, up = x @ p["gate.weight"].T, x @ p["up.weight"].T
    if mistake == "swapped":
        gate, up = up, gate
    inner = gate * up if mistake == "not_bent" else gate * gate.sigmoid() * up
    return inner @ p["down.weight"].T


def model(p, ids, heads, kv_heads, layers):
    x, positions = p["embedding.weight"][ids], torch.arange(ids.shape[1])

    def under(prefix):
        return {
            name.removeprefix(prefix): value
            for name, value in p.items()
            if name.startswith(prefix)
        }

    for i in range(layers):
        own = under(f"blocks.{i}.")
        y = norm(x, own["norm.weight"])
        x = x + attention(
            under(f"blocks.{i}.attention."), y, heads, kv_heads, positions
        )
        y = norm(x, own["last_norm.weight"])
        x = x + gated(under(f"blocks.{i}.feedforward."), y)
    return norm(x, p["norm.weight"]) @ p["output.weight"].T


def logits(tiny, ids, *memory):
    """Logits of the right shape, or the check ends here."""
    got = tiny(ids, *memory)
    equal(list(getattr(got, "shape", [])), [*ids.shape, VOCAB])
    is_true(bool(got.isfinite().all()), "the logits should be finite")
    return got.detach()


def text(rng, batch, time):
    return torch.from_numpy(rng.integers(VOCAB, size=(batch, time)))


def test_norm(submission, rng):
    for width in (4, 16):
        built = submission.build("ScaleNorm", width)
        ones = torch.ones(width, dtype=torch.float64)
        for scale in (2.0, 0.003):
            x = scale * draw(rng, 3, 5, width)
            outside = norm(x.double(), ones, outside=True).float()
            causes = {
                "eps_outside": outside,
                "no_eps": norm(x.double(), ones, eps=0.0).float(),
            }
            right = norm(x.double(), ones).float()
            close(built(x).detach(), right, rtol=1e-5, atol=1e-6, causes=causes)


def test_rotation(submission, rng):
    """Lengths stay, and each pair is turned by its angle."""
    for size, time in [(2, 3), (4, 6), (16, 9)]:
        x, positions = draw(rng, 2, 3, time, size), torch.arange(time) * 3
        got = submission.rotate_to(x, positions)
        exact = x.double()
        causes = {
            "cut_at_the_last": spun(exact, positions, "cut").float(),
            "neighbors": spun(exact, positions, "neighbors").float(),
        }
        causes = causes if size > 2 else {}
        right = spun(exact, positions).float()
        close(got, right, rtol=1e-5, atol=1e-5, causes=causes)


@pytest.mark.parametrize("sizes", [(12, 6, 2), (16, 4, 2)])
def test_groups(submission, rng, sizes):
    """All tokens at position 0, where nothing is turned: whose keys and values does a head get?"""
    width, heads, kv_heads = sizes
    built = submission.build("SharedHeads", *sizes)
    x, positions = 2 * draw(rng, 2, 5, width), torch.zeros(5, dtype=torch.int64)
    p = named(built)
    right = attention(p, x.double(), heads, kv_heads, positions).float()
    tiled = attention(p, x.double(), heads, kv_heads, positions, tiled=True).float()
    got = built(x, positions).detach()
    close(got, right, rtol=1e-4, atol=1e-5, causes={"tiled": tiled})


def test_gate(submission, rng):
    for width, hidden in [(4, 6), (10, 3)]:
        built = submission.build("GatedLayer", width, hidden)
        x, p = 4 * draw(rng, 3, 2, width), named(built)
        causes = {
            name: gated(p, x.double(), name).float() for name in ("swapped", "not_bent")
        }
        right = gated(p, x.double()).float()
        close(built(x).detach(), right, rtol=1e-4, atol=1e-5, causes=causes)


def test_norm_placement(submission, rng):
    """Vectors 100 and 1,000 times as long: they pass by untouched, and what is added to them stays the same."""
    for width, heads, kv_heads, hidden, _ in SIZES:
        block = submission.build("LlamaBlock", width, heads, kv_heads, hidden)
        x = draw(rng, 1, 6, width)
        x = x + x.sign()
        added = {}
        for factor in (100, 1000):
            got = block(factor * x, torch.arange(6)).detach()
            equal(list(got.shape), list(x.shape))
            added[factor] = got - factor * x
        passed = float(got.norm() / (1000 * x).norm())
        is_true(
            passed > 0.5,
            f"vectors 1,000 times as long come out of the block with {passed:.1%} of their length",
            cause="norm_after",
        )
        size = float(added[100].norm())
        is_true(size > 1e-3, "the block should add something to x")
        change = float((added[1000] - added[100]).norm()) / size
        is_true(
            change < 0.15,
            f"what is added to vectors ten times as long changes by {change:.0%}: each part should see normalized vectors",
            cause="no_norm",
        )


def test_memory(submission, rng):
    """A text read in pieces gets the logits that it gets in one."""
    for width, heads, kv_heads, hidden, layers in SIZES[:2]:
        tiny = submission.build(
            "TinyLlama", VOCAB, width, heads, kv_heads, hidden, layers
        )
        ids = text(rng, 2, 12)
        whole = logits(tiny, ids)
        other = logits(tiny, (ids + 1) % VOCAB)
        is_true(
            bool((whole - other).abs().mean() > 1e-2),
            "the logits should depend on the tokens",
        )
        memory = submission.build("Memory", layers)
        for first, last in [(0, 5), (5, 6), (6, 10), (10, 11), (11, 12)]:
            got = logits(tiny, ids[:, first:last], memory)
            off = float((got - whole[:, first:last]).abs().max())
            is_true(
                off < 1e-4,
                f"tokens {first} to {last - 1}, read after the others with a memory, get logits that are off by {off:.2g}",
                cause="restarted" if first else "",
            )


def test_whole_model(submission, rng):
    for width, heads, kv_heads, hidden, layers in SIZES:
        tiny = submission.build(
            "TinyLlama", VOCAB, width, heads, kv_heads, hidden, layers
        )
        p = named(tiny)
        equal(len(p), 3 + 9 * layers)
        ids = text(rng, 2, 9)
        right = model(p, ids, heads, kv_heads, layers).float()
        close(logits(tiny, ids), right, rtol=1e-3, atol=1e-4)
        memory = submission.build("Memory", layers)
        parts = [logits(tiny, ids[:, a:b], memory) for a, b in [(0, 4), (4, 5), (5, 9)]]
        close(torch.cat(parts, dim=1), right, rtol=1e-3, atol=1e-4)
