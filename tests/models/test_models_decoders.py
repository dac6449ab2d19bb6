"""What holds for every decoder-only model, GPT and LLaMA with all its switches."""

from dataclasses import replace

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models import GPT, GPTConfig, Llama, LlamaConfig
from minillm.nn import Trace, positions_from_mask

LLAMA = LlamaConfig.tiny()
CONFIGS = {
    "gpt2": GPTConfig.tiny(),
    "gpt1": replace(GPTConfig.tiny(), norm="post"),
    "gpt_untied": replace(GPTConfig.tiny(), tied=False),
    "llama": LLAMA,
    "multi_query": replace(LLAMA, kv_heads=1),
    "uneven_groups": replace(LLAMA, heads=6, kv_heads=2, head_width=8),
    "mistral": replace(LLAMA, window=3),
    "qwen2": replace(LLAMA, qkv_bias=True, tied=True),
    "qwen3": replace(LLAMA, qk_norm=True, head_width=12, tied=True),
    "palm": replace(LLAMA, parallel=True, tied=True, kv_heads=1, norm="layer"),
    "llama31": replace(LLAMA, rope_scaling=(8.0, 1.0, 4.0, 16)),
    "alibi": replace(LLAMA, positions="alibi", window=5),
    "learned": replace(LLAMA, positions="learned", gated=False, activation="relu"),
    "sinusoidal": replace(LLAMA, positions="sinusoidal", activation="gelu"),
    "no_positions": replace(LLAMA, positions="none", head_width=7),
}


def build(name):
    config = CONFIGS[name]
    torch.manual_seed(0)
    model = (GPT if isinstance(config, GPTConfig) else Llama)(config).double().eval()
    # Initial weights are small; larger ones make every part matter.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0) if parameter.dim() > 1 else parameter.add_(0.3 * torch.randn_like(parameter))
    return model


@pytest.fixture(params=CONFIGS)
def model(request):
    return build(request.param)


@pytest.fixture
def ids():
    return torch.randint(0, 256, (2, 12), generator=torch.Generator().manual_seed(1))


def test_no_position_sees_the_future(model, ids):
    """By the gradient: d logits_t / d x_t' is zero for t' > t, and not for t' = t."""
    embedded = []
    handle = model.token_embedding.register_forward_hook(
        lambda module, arguments, output: embedded.append(output.detach().requires_grad_()) or embedded[0]
    )
    logits = model(ids)
    handle.remove()
    for t in (0, 4, 10, 11):
        (gradient,) = torch.autograd.grad(logits[:, t].square().sum(), embedded[0], retain_graph=True)
        assert (gradient[:, t + 1 :] == 0).all()
        assert (gradient[:, t].abs().amax(-1) > 0).all()


@pytest.mark.parametrize("pieces", [[12], [1] * 12, [5, 1, 1, 5], [3, 9]])
def test_cached_decoding_equals_the_whole_text(model, ids, pieces):
    whole = model(ids)
    cache = model.new_cache(2, 12)
    parts = [model(piece, cache=cache) for piece in ids.split(pieces, dim=1)]
    assert cache.length == 12
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=0, atol=1e-12)


def test_left_padding_changes_nothing_for_the_real_tokens(model, ids):
    whole = model(ids[:1])
    padded = torch.cat((torch.full((1, 5), 7), ids[:1]), 1)
    both = torch.cat((padded, torch.randint(0, 256, (1, 17))))
    mask = torch.ones(2, 17, dtype=torch.bool)
    mask[0, :5] = False
    positions = positions_from_mask(mask)
    logits = model(both, mask=mask, positions=positions)
    torch.testing.assert_close(logits[:1, 5:], whole, rtol=0, atol=1e-12)
    assert logits.isfinite().all()

    cache = model.new_cache(2, 17)
    parts = []
    for start, end in ((0, 9), (9, 10), (10, 13), (13, 17)):
        parts.append(model(both[:, start:end], mask=mask[:, :end], positions=positions[:, start:end], cache=cache))
    torch.testing.assert_close(torch.cat(parts, 1), logits, rtol=0, atol=1e-12)


def test_right_padding_changes_nothing_for_the_real_tokens(model, ids):
    mask = torch.ones(2, 12, dtype=torch.bool)
    mask[1, 8:] = False
    torch.testing.assert_close(model(ids, mask=mask)[1, :8], model(ids[1:, :8])[0], rtol=0, atol=1e-12)


def test_the_trace_records_all_and_changes_nothing(model, ids):
    trace = Trace()
    mask = torch.ones(2, 12, dtype=torch.bool)
    mask[0, :3] = False
    torch.testing.assert_close(model(ids, mask=mask, trace=trace), model(ids, mask=mask), rtol=0, atol=1e-12)
    config = model.config
    assert [tuple(h.shape) for h in trace.hidden] == [(2, 12, config.width)] * (config.layers + 1)
    assert [tuple(a.shape) for a in trace.attention] == [(2, config.heads, 12, 12)] * config.layers
    for attention in trace.attention:
        torch.testing.assert_close(attention.sum(-1)[0, :, 3:], torch.ones_like(attention.sum(-1)[0, :, 3:]))
        assert (attention[0, :, :3] == 0).all()
        assert (attention.triu(1) == 0).all()
    final = trace.hidden[-1] if model.norm is None else model.norm(trace.hidden[-1])
    torch.testing.assert_close(model.head(final), model(ids, mask=mask), rtol=0, atol=1e-12)


def test_last_is_the_last_position(model, ids):
    last = model(ids, last=True)
    assert last.shape == (2, 1, 256)
    torch.testing.assert_close(last, model(ids)[:, -1:], rtol=0, atol=1e-12)
    torch.testing.assert_close(model.head(model.hidden(ids)), model(ids), rtol=0, atol=0)


def test_every_parameter_has_a_gradient(model, ids):
    model(ids).logsumexp(-1).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        # A bias of the keys shifts all scores of a query alike, which the softmax does not see.
        if "attention.key.bias" not in name or isinstance(model, Llama):
            assert parameter.grad.abs().max() > 1e-9, name


def test_beams_are_selected_and_a_cache_is_cut(model, ids):
    cache = model.new_cache(2, 16)
    model(ids[:, :8], cache=cache)
    cache.select(torch.tensor([1, 1, 0]))
    new = ids[[1, 1, 0], 8:10]
    torch.testing.assert_close(model(new, cache=cache), model(ids[[1, 1, 0], :10])[:, 8:], rtol=0, atol=1e-12)
    cache.truncate(4)
    again = model(ids[[1, 1, 0], 4:9], cache=cache)
    torch.testing.assert_close(again, model(ids[[1, 1, 0], :9])[:, 4:], rtol=0, atol=1e-12)


def test_a_full_cache_says_so_and_keeps_what_it_has(model, ids):
    cache = model.new_cache(2, 8)
    model(ids[:, :8], cache=cache)
    with pytest.raises(InvalidInput, match="8 of 8"):
        model(ids[:, 8:9], cache=cache)
    assert cache.length == 8


def test_a_mask_of_the_wrong_length_is_refused(model, ids):
    with pytest.raises(InvalidInput, match="one entry a key"):
        model(ids, mask=torch.ones(2, 11, dtype=torch.bool))


def test_the_seed_decides_the_weights(model):
    def draw(seed):
        torch.manual_seed(seed)
        return type(model)(model.config).state_dict()

    first, again, other = draw(3), draw(3), draw(4)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["token_embedding.weight"], other["token_embedding.weight"])


def test_a_model_trains_after_it_has_generated_in_inference_mode(ids):
    model = Llama(LLAMA)
    with torch.inference_mode():
        model(ids)
    model(ids).sum().backward()
    assert model.token_embedding.weight.grad is not None


def test_rotary_models_survive_meta_devices_and_casts(ids):
    model = build("llama").float()
    expected = model(ids)
    with torch.device("meta"):
        empty = Llama(LLAMA)
        assert empty(ids.to("meta")).shape == (2, 12, 256)
    empty.load_state_dict(model.state_dict(), assign=True)
    assert torch.equal(empty(ids), expected)
    assert torch.equal(
        model.bfloat16().float().rotary(0, 12, None, expected).cos, empty.rotary(0, 12, None, expected).cos
    )


def test_gpt_beyond_its_positions_is_refused_and_llama_goes_on(ids):
    long = torch.zeros(1, 65, dtype=torch.long)
    with pytest.raises(InvalidInput, match="64 learned positions"):
        build("gpt2")(long)
    model = build("llama")
    assert model(long).isfinite().all()
    wider = Llama(replace(LLAMA, context=128)).double()
    wider.load_state_dict(model.state_dict())
    torch.testing.assert_close(model(long), wider(long), rtol=0, atol=1e-12)


def test_a_window_bounds_what_a_layer_sees(ids):
    model = build("mistral")
    trace = Trace()
    model(ids, trace=trace)
    seen = trace.attention[0] > 0
    assert seen.sum(-1).max() == 3
    assert seen[0, 0].sum(-1).tolist() == [1, 2] + [3] * 10


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"width": 0}, "width is 0"),
        ({"layers": -1}, "layers is -1"),
        ({"heads": 5}, "multiple of 5 heads"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"norm": "middle"}, "norm is 'middle'"),
        ({"vocab_size": True}, "vocab_size is True"),
        ({"ffn_width": 0}, "ffn_width is 0"),
    ],
)
@pytest.mark.parametrize("config", [GPTConfig.tiny(), LLAMA], ids=["gpt", "llama"])
def test_impossible_sizes_are_refused(config, changes, told):
    with pytest.raises(InvalidInput, match=told):
        replace(config, **changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kv_heads": 3}, "3 key/value heads"),
        ({"head_width": 7}, "7 wide"),
        ({"window": 0}, "window is 0"),
        ({"rope_scaling": (8.0, 1.0)}, "rope_scaling"),
        ({"activation": "mish"}, "mish"),
        ({"positions": "absolute"}, "absolute"),
    ],
)
def test_impossible_llama_switches_are_refused(changes, told):
    with pytest.raises(InvalidInput, match=told):
        replace(LLAMA, **changes)
