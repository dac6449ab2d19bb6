"""The layer as formulas over weights by name: one head and one token at a time, in double precision."""

from collections.abc import Mapping

import pytest
import torch

from minillm.grading.expect import close, equal, is_true

# width, heads, kv_heads, ffn_width
FULL, GROUPED, SINGLE = (8, 2, 2, 12), (24, 6, 2, 20), (16, 4, 1, 10)
NEAR = {"rtol": 1e-5, "atol": 1e-5}


def draw(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape)).float()


def shapes(width, heads, kv_heads, ffn_width):
    shared = kv_heads * (width // heads)
    return {
        "input_layernorm.weight": [width],
        "self_attn.q_proj.weight": [width, width],
        "self_attn.k_proj.weight": [shared, width],
        "self_attn.v_proj.weight": [shared, width],
        "self_attn.o_proj.weight": [width, width],
        "post_attention_layernorm.weight": [width],
        "mlp.gate_proj.weight": [ffn_width, width],
        "mlp.up_proj.weight": [ffn_width, width],
        "mlp.down_proj.weight": [width, ffn_width],
    }


def weights_for(rng, sizes):
    """Norms around 1, matrices that keep the size of a vector."""
    return {
        name: draw(rng, *shape) / shape[-1] ** 0.5
        if len(shape) == 2
        else 1 + 0.3 * draw(rng, *shape)
        for name, shape in shapes(*sizes).items()
    }


def built(submission, sizes, weights, **settings):
    layer = submission.build("LlamaLayer", *sizes, **settings)
    layer.load(weights)
    return layer


def spun(x, base, pairs="halves"):
    """Vectors (time, size) at positions 0, 1, ..., their pairs as complex numbers."""
    size = x.shape[1]
    if pairs == "none":
        return x
    if pairs == "cut":
        angles = turns(len(x), size, base).repeat(1, 2)
        return x * angles.cos() + torch.cat([-x[:, -1:], x[:, :-1]], 1) * angles.sin()
    first = slice(0, size // 2) if pairs == "halves" else slice(0, size, 2)
    second = slice(size // 2, size) if pairs == "halves" else slice(1, size, 2)
    angles = turns(len(x), size, base)
    turned = torch.complex(x[:, first], x[:, second]) * torch.polar(
        torch.ones_like(angles), angles
    )
    result = torch.empty_like(x)
    result[:, first], result[:, second] = turned.real, turned.imag
    return result


def turns(time, size, base):
    theta = [base ** (-2 * i / size) for i in range(size // 2)]
    return torch.arange(time)[:, None] * torch.tensor(theta, dtype=torch.float64)


def norm(x, weight, eps, mean=False):
    x = x - x.mean(-1, keepdim=True) if mean else x
    return weight * x / (x.square().mean(-1, keepdim=True) + eps).sqrt()


def attention(p, x, heads, kv_heads, base, wrong):
    """One text (time, width)."""
    time, width = x.shape
    size, groups = width // heads, heads // kv_heads
    q, k, v = (x @ p(f"self_attn.{name}_proj.weight").T for name in "qkv")
    seen = torch.ones(time, time, dtype=torch.bool).tril()
    mixed = []
    for j in range(heads):
        shared = j % kv_heads if wrong == "tiled" else j // groups
        own, theirs = (slice(n * size, (n + 1) * size) for n in (j, shared))
        pairs = {"neighbors": "neighbors", "not_turned": "none", "cut": "cut"}
        pairs = pairs.get(wrong, "halves")
        queries, keys = spun(q[:, own], base, pairs), spun(k[:, theirs], base, pairs)
        values = spun(v[:, theirs], base) if wrong == "values_turned" else v[:, theirs]
        scale = {"unscaled": 1, "whole_width": width}.get(wrong, size) ** -0.5
        scores = queries @ keys.T * scale
        if wrong != "sees_ahead":
            scores = scores.masked_fill(~seen, -torch.inf)
        mixed.append(scores.softmax(dim=-1) @ values)
    return torch.cat(mixed, dim=-1) @ p("self_attn.o_proj.weight").T


def reference(weights, x, sizes, eps=1e-6, base=10_000.0, wrong="", *, exact=True):
    """The layer on (batch, time, width); wrong names a mistake."""
    _, heads, kv_heads, _ = sizes

    def p(name):
        return weights[name].double() if exact else weights[name]

    def normed(name, y):
        if wrong == "norms_swapped":
            name = ({"input", "post_attention"} - {name}).pop()
        return norm(y, p(f"{name}_layernorm.weight"), eps, mean=wrong == "layer_norm")

    def attend(y):
        rows = [attention(p, row, heads, kv_heads, base, wrong) for row in y]
        return torch.stack(rows)

    def feedforward(y):
        gate, up = (y @ p(f"mlp.{name}_proj.weight").T for name in ("gate", "up"))
        gate, up = (up, gate) if wrong == "gate_swapped" else (gate, up)
        return (gate * gate.sigmoid() * up) @ p("mlp.down_proj.weight").T

    x = x.double() if exact else x
    if wrong == "post_norm":
        x = normed("input", x + attend(x))
        return normed("post_attention", x + feedforward(x))
    if wrong == "parallel":
        y = normed("input", x)
        return x + attend(y) + feedforward(normed("post_attention", x))
    x = x + attend(normed("input", x))
    return x + feedforward(normed("post_attention", x))


MISTAKES = ["tiled", "neighbors", "cut", "not_turned", "values_turned", "unscaled"]
MISTAKES += ["whole_width", "sees_ahead", "norms_swapped", "layer_norm", "post_norm"]
MISTAKES += ["gate_swapped", "parallel"]


class Mistakes(Mapping):
    """What each mistake gives, computed only where a result is wrong."""

    def __init__(self, *given, **settings):
        sizes = given[2]
        self.names = MISTAKES if sizes[1] != sizes[2] else MISTAKES[1:]
        self.given, self.settings = given, settings

    def __getitem__(self, name):
        return reference(*self.given, **self.settings, wrong=name).float()

    def __iter__(self):
        return iter(self.names)

    def __len__(self):
        return len(self.names)


def compare(got, *given, **settings):
    right = reference(*given, **settings).float()
    close(got.detach(), right, causes=Mistakes(*given, **settings), **NEAR)


def test_names(submission, rng):
    """A checkpoint fits if every name and shape does."""
    for sizes in (FULL, GROUPED):
        layer = submission.build("LlamaLayer", *sizes)
        found = layer.named_parameters()
        wanted = shapes(*sizes)
        missing, more = wanted.keys() - found.keys(), found.keys() - wanted.keys()
        is_true(
            not missing and not more,
            f"names of parameters: missing {sorted(missing)}, too many {sorted(more)}",
        )
        equal({name: list(value.shape) for name, value in found.items()}, wanted)
        weights = weights_for(rng, sizes)
        layer.load(weights)
        kept = layer.named_parameters()
        is_true(
            all(bool((kept[name] == weights[name]).all()) for name in wanted),
            "load(weights) should take the weights over",
        )
        x = draw(rng, 1, 3, sizes[0])
        once, mirrored = layer(x).detach(), layer(-x).detach()
        equal([list(once.shape), list(mirrored.shape)], 2 * [list(x.shape)])
        is_true(
            bool((once - x).abs().max() > 1e-3 and (once - mirrored).abs().max() > 0.1),
            "the layer should add something to x that depends on x",
        )


def test_one_key_head_for_each(submission, rng):
    same_numbers(submission, rng, FULL)


@pytest.mark.parametrize("sizes", [GROUPED, SINGLE])
def test_shared_key_heads(submission, rng, sizes):
    same_numbers(submission, rng, sizes)


def same_numbers(submission, rng, sizes):
    for batch, time in [(1, 1), (2, 9)]:
        weights, x = weights_for(rng, sizes), 2 * draw(rng, batch, time, sizes[0])
        layer = built(submission, sizes, weights)
        compare(layer(x), weights, x, sizes)


def test_settings(submission, rng):
    """Another epsilon, seen on short vectors, and another base, seen at a distance."""
    weights = weights_for(rng, GROUPED)
    x = 0.1 * draw(rng, 2, 5, GROUPED[0])
    layer = built(submission, GROUPED, weights, eps=0.01)
    compare(layer(x), weights, x, GROUPED, eps=0.01)
    x = draw(rng, 1, 40, GROUPED[0])
    layer = built(submission, GROUPED, weights, base=50.0)
    compare(layer(x), weights, x, GROUPED, base=50.0)


def test_residual_paths(submission, rng):
    """With one way down set to zero, the rest of the layer is what is left."""
    sizes = GROUPED
    x = draw(rng, 2, 4, sizes[0])
    for closed in ("self_attn.o_proj.weight", "mlp.down_proj.weight"):
        weights = weights_for(rng, sizes)
        weights[closed] = torch.zeros_like(weights[closed])
        compare(built(submission, sizes, weights)(x), weights, x, sizes)
        other = {"self_attn.o_proj.weight", "mlp.down_proj.weight"} - {closed}
        weights |= {name: torch.zeros_like(weights[name]) for name in other}
        layer = built(submission, sizes, weights)
        causes = {"post_norm": reference(weights, x, sizes, wrong="post_norm").float()}
        close(layer(x).detach(), x, causes=causes, **NEAR)


def test_no_future(submission, rng):
    """Another vector at place s changes the results from s on, and none before."""
    sizes = SINGLE
    weights, x = weights_for(rng, sizes), draw(rng, 1, 8, sizes[0])
    layer = built(submission, sizes, weights)
    before = layer(x).detach()
    equal(list(before.shape), list(x.shape))
    for s in (1, 5, 7):
        other = x.clone()
        other[0, s] += draw(rng, sizes[0])
        moved = (layer(other).detach() - before).abs().amax(dim=(0, 2))
        is_true(
            bool((moved[:s] < 1e-6).all()),
            f"another vector at place {s} changes an earlier result by {float(moved[:s].max()):.2g}",
            cause="sees_ahead",
        )
        is_true(
            bool((moved[s:] > 1e-6).all()),
            f"another vector at place {s} should change all results from there on",
        )


def test_gradients(submission, rng):
    """By x and by every weight, against torch's backward pass through the formulas."""
    sizes = GROUPED
    weights, x = weights_for(rng, sizes), draw(rng, 2, 5, sizes[0])
    upstream = draw(rng, 2, 5, sizes[0])
    layer = built(submission, sizes, weights)
    ours = {name: value.double().requires_grad_() for name, value in weights.items()}
    given = x.double().requires_grad_()
    (reference(ours, given, sizes, exact=False) * upstream).sum().backward()
    value, gradients = layer.value_and_grads(
        "forward", x.requires_grad_(), upstream=upstream
    )
    close(value.detach(), reference(weights, x.detach(), sizes).float(), **NEAR)
    for name, right in {"0": given, **ours}.items():
        gradient = gradients.get(name)
        is_true(
            gradient is not None, f"{'x' if name == '0' else name} gets no gradient"
        )
        close(gradient, right.grad.float(), rtol=1e-4, atol=1e-4)
