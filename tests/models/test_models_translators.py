"""What holds for both encoder-decoders, the Transformer of 2017 and BART."""

from dataclasses import replace

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models import BART, BARTConfig, Transformer, TransformerConfig, greedy_translate, shift_right
from minillm.models.stack import cross_memory
from minillm.nn import Trace, sinusoidal_positions

TRANSFORMER = TransformerConfig.tiny()
CONFIGS = {
    "post": TRANSFORMER,
    "pre": replace(TRANSFORMER, norm="pre", encoder_layers=1),
    "shared": replace(TRANSFORMER, shared=True, tied=True),
    "bart": replace(BARTConfig.tiny(), vocab_size=64),
    "bart_scaled": replace(BARTConfig.tiny(), vocab_size=64, scale_embedding=True, decoder_layers=1),
}


@pytest.fixture(params=CONFIGS)
def model(request):
    config = CONFIGS[request.param]
    torch.manual_seed(0)
    model = (Transformer if isinstance(config, TransformerConfig) else BART)(config).double().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
            elif "blocks" in name and isinstance(model, BART):
                parameter.mul_(20.0)
    return model


@pytest.fixture
def source():
    return torch.randint(0, 64, (3, 9), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def target():
    return torch.randint(0, 64, (3, 7), generator=torch.Generator().manual_seed(2))


@pytest.fixture
def source_mask():
    mask = torch.ones(3, 9, dtype=torch.bool)
    mask[0, 6:] = False
    mask[2, 1:] = False
    return mask


def test_the_decoder_sees_no_future_and_all_of_the_source(model, source, target):
    inputs = {}

    def record(name):
        def hook(module, arguments, output):
            inputs[name] = output.detach().requires_grad_()
            return inputs[name]

        return hook

    table = model.token_embedding if isinstance(model, BART) else model.target_embedding
    memory = model.encode(source).detach().requires_grad_()
    handle = table.register_forward_hook(record("target"))
    logits = model(None, target, memory=memory)
    handle.remove()
    for t in (0, 3, 6):
        seen, read = torch.autograd.grad(logits[:, t].square().sum(), (inputs["target"], memory), retain_graph=True)
        assert (seen[:, t + 1 :] == 0).all()
        assert (seen[:, t].abs().amax(-1) > 0).all()
        assert (read.abs().amax(-1) > 0).all()


def test_the_encoder_sees_both_sides(model, source):
    memory = model.encode(source)
    changed = source.clone()
    changed[:, -1] = (changed[:, -1] + 1) % 64
    assert (model.encode(changed)[:, 0] - memory[:, 0]).abs().amax(-1).min() > 1e-6


@pytest.mark.parametrize("pieces", [[7], [1] * 7, [4, 1, 2]])
def test_cached_decoding_equals_the_whole_target(model, source, target, source_mask, pieces):
    whole = model(source, target, source_mask=source_mask)
    memory = model.encode(source, source_mask)
    cache = model.new_cache(3, 7)
    parts = []
    for step, piece in enumerate(target.split(pieces, dim=1)):
        # From the second step on the cache has all there is to know of the source.
        given = {"memory": memory, "source_mask": source_mask} if step == 0 else {}
        parts.append(model(None, piece, cache=cache, **given))
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=0, atol=1e-12)


def test_the_source_is_projected_once(model, source, target):
    calls = []
    layer = model.decoder_blocks[0].cross.key
    handle = layer.register_forward_hook(lambda *_: calls.append(1))
    cache = model.new_cache(3, 7)
    for piece in target.split(1, dim=1):
        model(source, piece, cache=cache)
    handle.remove()
    assert len(calls) == 1


def test_beams_take_their_source_along(model, source, target, source_mask):
    rows = torch.tensor([2, 2, 0, 1])
    whole = model(source, target, source_mask=source_mask)[rows]
    cache = model.new_cache(3, 7)
    model(source, target[:, :4], source_mask=source_mask, cache=cache)
    cache.select(rows)
    rest = model(None, target[rows, 4:], cache=cache)
    torch.testing.assert_close(rest, whole[:, 4:], rtol=0, atol=1e-12)


def test_padding_of_the_source_is_not_read(model, source, target, source_mask):
    logits = model(source, target, source_mask=source_mask)
    torch.testing.assert_close(logits[:1], model(source[:1, :6], target[:1]), rtol=0, atol=1e-12)
    other = source.clone()
    other[0, 6:] = 5
    torch.testing.assert_close(model(other, target, source_mask=source_mask), logits, rtol=0, atol=1e-12)


def test_left_padding_of_the_target(model, source, target):
    mask = torch.ones(3, 10, dtype=torch.bool)
    mask[:, :3] = False
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    padded = torch.cat((torch.zeros(3, 3, dtype=torch.long), target), 1)
    logits = model(source, padded, mask=mask, positions=positions)
    torch.testing.assert_close(logits[:, 3:], model(source, target), rtol=0, atol=1e-12)


def test_the_trace_records_all_and_changes_nothing(model, source, target, source_mask):
    trace = Trace()
    traced = model(source, target, source_mask=source_mask, trace=trace)
    torch.testing.assert_close(traced, model(source, target, source_mask=source_mask), rtol=0, atol=1e-12)
    config = model.config
    assert len(trace.hidden) == config.decoder_layers + 1
    assert [tuple(a.shape) for a in trace.attention] == [(3, 4, 7, 7)] * config.decoder_layers
    assert [tuple(a.shape) for a in trace.cross] == [(3, 4, 7, 9)] * config.decoder_layers
    assert [tuple(a.shape) for a in trace.encoder.attention] == [(3, 4, 9, 9)] * config.encoder_layers
    assert (trace.cross[0][0, :, :, 6:] == 0).all()
    torch.testing.assert_close(trace.cross[0].sum(-1), torch.ones(3, 4, 7, dtype=torch.float64))


def test_greedy_translation_is_the_same_with_and_without_a_cache(model, source, source_mask):
    options = {"begin": 1, "end": 2, "length": 12, "source_mask": source_mask}
    cached = greedy_translate(model, source, **options)
    assert torch.equal(cached, greedy_translate(model, source, cached=False, **options))
    assert len(cached.unique()) > 1
    written = torch.cat((torch.ones(3, 1, dtype=torch.long), cached), 1)
    logits = model(source, written[:, :-1], source_mask=source_mask)
    for row in range(3):
        for step, token in enumerate(cached[row].tolist()):
            assert token == logits[row, step].argmax()
            if token == 2:
                break


def test_greedy_translation_stops_at_the_end_token(model, source):
    free = greedy_translate(model, source, begin=1, end=63, length=6)
    end = free[0, 1].item()
    stopped = greedy_translate(model, source[:1], begin=1, end=end, length=6)
    first = (free[0] == end).nonzero()[0, 0].item()
    assert stopped.tolist() == [free[0, : first + 1].tolist()]
    together = greedy_translate(model, source, begin=1, end=end, length=6)
    for row, alone in zip(together.tolist(), free.tolist(), strict=True):
        kept = alone[: alone.index(end) + 1] if end in alone else alone
        assert row == (kept + [end] * 6)[: len(row)]
    with pytest.raises(InvalidInput, match="length is 0"):
        greedy_translate(model, source, begin=1, end=2, length=0)


def test_last_is_the_last_position(model, source, target):
    torch.testing.assert_close(model(source, target, last=True), model(source, target)[:, -1:], rtol=0, atol=1e-12)
    torch.testing.assert_close(model.head(model.hidden(source, target)), model(source, target), rtol=0, atol=0)


def test_every_parameter_has_a_gradient(model, source, target):
    model(source, target).logsumexp(-1).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        if not name.endswith("key.bias"):
            assert parameter.grad.abs().max() > 1e-9, name


def test_nothing_to_translate_from_is_refused(model, source, target):
    with pytest.raises(InvalidInput, match="nothing to translate from"):
        model(None, target)
    with pytest.raises(InvalidInput, match="source_mask covers 8"):
        cross_memory(model.decoder_blocks, model.encode(source), torch.ones(3, 8, dtype=torch.bool), None)


def test_word_order_of_the_source_matters(model, source, target):
    assert (model(source.flip(1), target) - model(source, target)).abs().max() > 1e-3


def test_the_transformers_embeddings_are_scaled_before_sinusoids_are_added(source, target):
    model = Transformer(TRANSFORMER)
    trace = Trace()
    model(source, target, trace=trace)
    for hidden, table, ids in (
        (trace.encoder.hidden[0], model.source_embedding, source),
        (trace.hidden[0], model.target_embedding, target),
    ):
        expected = table(ids) * 32**0.5 + sinusoidal_positions(ids.shape[1], 32)
        torch.testing.assert_close(hidden, expected)
        # Scaled, the words weigh as much as the positions do.
        assert 0.8 < (table.weight * 32**0.5).std().item() < 1.2


def test_shift_right_begins_with_the_start_token():
    assert shift_right(torch.tensor([[5, 6, 2], [7, 2, 1]]), 2).tolist() == [[2, 5, 6], [2, 7, 2]]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shared": True, "source_vocab": 7}, "cannot share"),
        ({"norm": "none"}, "norm is 'none'"),
        ({"decoder_layers": 0}, "decoder_layers is 0"),
        ({"heads": 3}, "3 heads"),
    ],
)
def test_impossible_transformers_are_refused(changes, told):
    with pytest.raises(InvalidInput, match=told):
        replace(TRANSFORMER, **changes)
