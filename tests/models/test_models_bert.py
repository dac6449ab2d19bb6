from dataclasses import replace

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models import BERT, BERTConfig
from minillm.nn import Trace

CONFIG = BERTConfig.tiny()


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = BERT(CONFIG).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(5.0) if parameter.dim() > 1 else parameter.add_(0.3 * torch.randn_like(parameter))
    return model


@pytest.fixture
def ids():
    return torch.randint(0, 256, (2, 10), generator=torch.Generator().manual_seed(1))


def test_every_position_sees_every_other(model, ids):
    embedded = []
    handle = model.token_embedding.register_forward_hook(
        lambda module, arguments, output: embedded.append(output.detach().requires_grad_()) or embedded[0]
    )
    logits = model(ids)
    handle.remove()
    for t in (0, 5, 9):
        (gradient,) = torch.autograd.grad(logits[:, t].square().sum(), embedded[0], retain_graph=True)
        assert (gradient.abs().amax(-1) > 0).all()


def test_padding_is_not_read(model, ids):
    mask = torch.ones(2, 10, dtype=torch.bool)
    mask[0, 6:] = False
    logits = model(ids, mask=mask)
    torch.testing.assert_close(logits[:1, :6], model(ids[:1, :6]), rtol=0, atol=1e-12)
    torch.testing.assert_close(
        model.next_sentence(ids, mask=mask)[0], model.next_sentence(ids[:1, :6])[0], rtol=0, atol=1e-12
    )


def test_segments_and_positions_tell(model, ids):
    logits = model(ids)
    segments = torch.zeros_like(ids)
    torch.testing.assert_close(model(ids, segments=segments), logits, rtol=0, atol=1e-12)
    segments[:, 5:] = 1
    assert (model(ids, segments=segments) - logits).abs().max() > 1e-3
    assert (model.next_sentence(ids, segments=segments) - model.next_sentence(ids)).abs().max() > 1e-4
    order = torch.randperm(10)
    positions = torch.arange(10).expand(2, -1)
    shuffled = model(ids[:, order], positions=positions[:, order])
    torch.testing.assert_close(shuffled, logits[:, order], rtol=0, atol=1e-12)
    assert (model(ids[:, order]) - logits[:, order]).abs().max() > 1e-3


def test_the_trace_records_all_and_changes_nothing(model, ids):
    trace = Trace()
    mask = torch.ones(2, 10, dtype=torch.bool)
    mask[1, 7:] = False
    hidden = model.hidden(ids, mask=mask, trace=trace)
    torch.testing.assert_close(hidden, model.hidden(ids, mask=mask), rtol=0, atol=1e-12)
    assert len(trace.hidden) == 3
    assert [tuple(a.shape) for a in trace.attention] == [(2, 4, 10, 10)] * 2
    torch.testing.assert_close(trace.hidden[-1], hidden)


def test_the_head_may_be_given_the_masked_positions_only(model, ids):
    hidden = model.hidden(ids)
    chosen = torch.tensor([[False, True] * 5, [True, False] * 5])
    torch.testing.assert_close(model.head(hidden[chosen]), model(ids)[chosen], rtol=0, atol=1e-12)


def test_one_pass_serves_both_heads(model, ids):
    torch.testing.assert_close(model.next_sentence_head(model.hidden(ids)), model.next_sentence(ids), rtol=0, atol=0)


def test_heads_that_were_left_out_say_so(ids):
    bare = BERT(replace(CONFIG, pooler=False, mlm_head=False, nsp_head=False))
    assert bare.hidden(ids).shape == (2, 10, 32)
    with pytest.raises(InvalidInput, match="mlm_head=True"):
        bare(ids)
    with pytest.raises(InvalidInput, match="nsp_head=True"):
        bare.next_sentence(ids)
    with pytest.raises(InvalidInput, match="pooler=True"):
        bare.pool(bare.hidden(ids))
    with pytest.raises(InvalidInput, match="reads the pooler"):
        replace(CONFIG, pooler=False)


def test_a_text_beyond_the_positions_is_refused(model):
    with pytest.raises(InvalidInput, match="64 learned positions"):
        model(torch.zeros(1, 65, dtype=torch.long))
