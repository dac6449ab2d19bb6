"""The short way of one new token gives what the long way gives, and is left where it would not."""

from dataclasses import replace

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models import Llama, LlamaConfig
from minillm.models.llama_step import LlamaStep, can_join
from minillm.nn import positions_from_mask

BASE = LlamaConfig.tiny()
JOINED = {
    "llama": BASE,
    "multi_head": replace(BASE, kv_heads=None),
    "multi_query": replace(BASE, kv_heads=1),
    "uneven_groups": replace(BASE, heads=6, kv_heads=2, head_width=8),
    "mistral": replace(BASE, window=3),
    "qwen2": replace(BASE, qkv_bias=True, tied=True),
    "qwen3": replace(BASE, qk_norm=True, head_width=12),
    "llama31": replace(BASE, rope_scaling=(8.0, 1.0, 4.0, 16)),
}
APART = {
    "palm": replace(BASE, parallel=True),
    "layer_norm": replace(BASE, norm="layer"),
    "alibi": replace(BASE, positions="alibi"),
    "relu": replace(BASE, activation="relu"),
    "plain": replace(BASE, gated=False),
}


def build(config):
    torch.manual_seed(0)
    model = Llama(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0) if parameter.dim() > 1 else parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def draw(rows, time):
    return torch.randint(0, 256, (rows, time), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", JOINED)
@torch.no_grad()
def test_steps_equal_the_whole_text(name):
    model, ids = build(JOINED[name]), draw(3, 12)
    cache = model.new_cache(3, 12)
    parts = [model(piece, cache=cache) for piece in ids.split([5, 1, 1, 1, 2, 1, 1], dim=1)]
    assert isinstance(cache.step, LlamaStep)
    torch.testing.assert_close(torch.cat(parts, 1), model(ids), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", JOINED)
@torch.no_grad()
def test_left_padded_steps_equal_the_whole_text(name):
    model, ids = build(JOINED[name]), draw(2, 12)
    mask = torch.ones(2, 12, dtype=torch.bool)
    mask[0, :4] = False
    positions = positions_from_mask(mask)
    whole = model(ids, mask=mask, positions=positions)
    cache = model.new_cache(2, 12)
    for end in range(7, 13):
        start = cache.length
        last = model(ids[:, start:end], mask=mask[:, :end], positions=positions[:, start:end], cache=cache, last=True)
        torch.testing.assert_close(last[:, 0], whole[:, end - 1], rtol=0, atol=1e-12)


@torch.no_grad()
def test_a_mask_of_the_wrong_length_is_refused():
    model, ids = build(BASE), draw(2, 4)
    cache = model.new_cache(2, 4)
    model(ids[:, :3], cache=cache)
    with pytest.raises(InvalidInput, match="one entry a key"):
        model(ids[:, 3:], mask=torch.ones(2, 1, dtype=torch.bool), cache=cache)


@pytest.mark.parametrize("name", APART)
@torch.no_grad()
def test_other_layers_go_the_long_way(name):
    model, ids = build(APART[name]), draw(2, 8)
    cache = model.new_cache(2, 8)
    parts = [model(piece, cache=cache) for piece in ids.split([6, 1, 1], dim=1)]
    assert not isinstance(cache.step, LlamaStep)
    torch.testing.assert_close(torch.cat(parts, 1), model(ids), rtol=0, atol=1e-12)


class Doubled(torch.nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


@torch.no_grad()
def test_a_replaced_or_watched_layer_is_not_passed_over():
    ids = draw(2, 8)
    model = build(BASE)
    replaced = Doubled(32, 96, bias=False).double()
    model.blocks[1].feedforward.up = replaced
    cache = model.new_cache(2, 8)
    parts = [model(piece, cache=cache) for piece in ids.split([6, 1, 1], dim=1)]
    torch.testing.assert_close(torch.cat(parts, 1), model(ids), rtol=0, atol=1e-12)

    model = build(BASE)
    calls = []
    model.blocks[0].attention.register_forward_hook(lambda *_: calls.append(1))
    cache = model.new_cache(2, 8)
    for piece in ids.split([6, 1, 1], dim=1):
        model(piece, cache=cache)
    assert len(calls) == 3


def test_gradients_and_dropout_go_the_long_way():
    model, ids = build(BASE), draw(2, 8)
    cache = model.new_cache(2, 8)
    with torch.no_grad():
        model(ids[:, :7], cache=cache)
    logits = model(ids[:, 7:], cache=cache)
    assert logits.requires_grad
    assert cache.step is None
    noisy = build(replace(BASE, dropout=0.5)).train()
    with torch.no_grad():
        cache = noisy.new_cache(2, 8)
        noisy(ids[:, :1], cache=cache)
        assert cache.step is None


def test_large_models_are_not_copied():
    with torch.device("meta"):
        config = replace(BASE, width=1024, ffn_width=4096, layers=2)
        assert not can_join(config, Llama(config).blocks)
        assert can_join(BASE, Llama(BASE).blocks)


@torch.inference_mode()
def test_a_new_cache_sees_new_weights():
    model, ids = build(BASE), draw(1, 5)
    for _ in range(2):
        cache = model.new_cache(1, 5)
        parts = [model(piece, cache=cache) for piece in ids.split(1, dim=1)]
        torch.testing.assert_close(torch.cat(parts, 1), model(ids), rtol=0, atol=1e-12)
        for parameter in model.parameters():
            parameter.data.mul_(1.1)
