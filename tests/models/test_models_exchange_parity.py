"""Models loaded from what transformers saved: logits, loss and every gradient are transformers' own.

1e-10 in float64, 1e-5 in float32; with padding on both sides, caches, tied and untied weights, uneven groups of heads.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from exchange_cases import CASES, DECODERS, build

from minillm.models.exchange import exchange_for
from minillm.models.pretrained import from_pretrained
from minillm.nn import positions_from_mask

pytest.importorskip("transformers")
PRECISIONS = [(torch.float64, 1e-10), (torch.float32, 1e-5)]
FAMILIES = ("llama", "mistral", "qwen2", "qwen3")


@pytest.fixture(autouse=True)
def full_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer's RMSNorm falls to float32 whatever it is given; hold it at the precision of its input."""

    def forward(self: Any, x: torch.Tensor) -> torch.Tensor:
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)

    for family in FAMILIES:
        module = __import__(f"transformers.models.{family}.modeling_{family}", fromlist=[family])
        monkeypatch.setattr(getattr(module, f"{family.capitalize()}RMSNorm"), "forward", forward)


def pair(name: str, dtype: torch.dtype, folder: Path) -> tuple[Any, Any]:
    """The peer, and ours loaded from what the peer saved."""
    peer = build(name).to(dtype)
    peer.save_pretrained(folder)
    model = from_pretrained(folder)
    assert next(model.parameters()).dtype == dtype
    return model, peer


def batch(side: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids (none of them an id of padding, whose gradient the peer drops), mask and labels."""
    ids = torch.randint(3, 61, (3, 11), generator=torch.Generator().manual_seed(5))
    mask = torch.ones(3, 11, dtype=torch.bool)
    if side == "left":
        mask[0, :4] = False
    else:
        mask[1, 8:] = False
    return ids, mask, ids.masked_fill(~mask, -100)


def causal_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)


def check_gradients(model: Any, peer: Any, tolerance: float) -> None:
    """Every gradient of the peer, taken apart as its weights are, equals ours; and there is something to compare."""
    theirs = {name: parameter.grad for name, parameter in peer.named_parameters()}
    ours = {name: parameter.grad for name, parameter in model.named_parameters()}
    compared = set()
    for weight in exchange_for(model).weights(model.config):
        if weight.theirs not in theirs:  # a buffer
            continue
        parts = weight.unpack(theirs[weight.theirs], [ours[name].shape for name in weight.ours])
        for name, expected in parts.items():
            torch.testing.assert_close(
                ours[name], expected, rtol=0, atol=tolerance, msg=lambda text, n=name: f"{n}: {text}"
            )
            # The softmax does not see a shift of all keys' scores: the gradient of a key's bias is zero.
            assert name.endswith("key.bias") or expected.abs().max() > 1e-4, name
            compared.add(name)
    assert compared == ours.keys()


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@pytest.mark.parametrize("name", DECODERS)
def test_decoders(name: str, dtype: torch.dtype, tolerance: float, side: str, tmp_path: Path) -> None:
    model, peer = pair(name, dtype, tmp_path)
    ids, mask, labels = batch(side)
    positions = positions_from_mask(mask)
    logits = model(ids, mask=mask, positions=positions)
    theirs = peer(ids, attention_mask=mask.long(), position_ids=positions, labels=labels)
    torch.testing.assert_close(logits[mask], theirs.logits[mask], rtol=0, atol=tolerance)
    assert logits.std() > 0.1
    loss, expected = causal_loss(logits, labels), causal_loss(theirs.logits, labels)
    assert abs(loss - expected) < tolerance
    assert abs(loss - theirs.loss) < 1e-5, "the peer computes its loss in float32"
    loss.backward()
    expected.backward()
    check_gradients(model, peer, tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@pytest.mark.parametrize("name", DECODERS)
@torch.no_grad()
def test_decoders_with_a_cache(name: str, dtype: torch.dtype, tolerance: float, tmp_path: Path) -> None:
    model, peer = pair(name, dtype, tmp_path)
    ids, mask, _ = batch("left")
    positions = positions_from_mask(mask)
    cache, past, start = model.new_cache(3, 11), None, 0
    for stop in (6, 7, 8, 11):
        new = slice(start, stop)
        ours = model(ids[:, new], mask=mask[:, :stop], positions=positions[:, new], cache=cache)
        theirs = peer(
            ids[:, new],
            attention_mask=mask[:, :stop].long(),
            position_ids=positions[:, new],
            past_key_values=past,
            use_cache=True,
        )
        torch.testing.assert_close(ours[mask[:, new]], theirs.logits[mask[:, new]], rtol=0, atol=tolerance)
        past, start = theirs.past_key_values, stop
    whole = model(ids, mask=mask, positions=positions)
    torch.testing.assert_close(ours[:, -1], whole[:, -1], rtol=0, atol=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@pytest.mark.parametrize("name", ["bert", "bert_masked", "bert_bare"])
def test_bert(name: str, dtype: torch.dtype, tolerance: float, tmp_path: Path) -> None:
    model, peer = pair(name, dtype, tmp_path)
    ids, mask, labels = batch("right")
    segments = (torch.arange(11) > 5).long().expand(3, -1)
    theirs = peer(ids, attention_mask=mask.long(), token_type_ids=segments)
    hidden = model.hidden(ids, mask=mask, segments=segments)
    if name == "bert_bare":
        ours = [hidden[mask], model.pool(hidden)]
        expected = [theirs.last_hidden_state[mask], theirs.pooler_output]
    elif name == "bert":
        ours = [model.head(hidden)[mask], model.next_sentence_head(hidden)]
        expected = [theirs.prediction_logits[mask], theirs.seq_relationship_logits]
    else:
        ours, expected = [model.head(hidden)[mask]], [theirs.logits[mask]]
    for one, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=tolerance)
    losses = []
    for outputs in (ours, expected):
        target = torch.tensor([0, 1, 0]) if name == "bert" else None
        loss = F.cross_entropy(outputs[0], labels[mask]) if name != "bert_bare" else outputs[0].pow(3).mean()
        if len(outputs) > 1:
            loss = loss + (outputs[1].pow(2).mean() if target is None else F.cross_entropy(outputs[1], target))
        losses.append(loss)
        loss.backward()
    assert abs(losses[0] - losses[1]) < tolerance
    check_gradients(model, peer, tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@pytest.mark.parametrize("name", ["bart", "bart_scaled"])
def test_bart(name: str, dtype: torch.dtype, tolerance: float, tmp_path: Path) -> None:
    model, peer = pair(name, dtype, tmp_path)
    source, source_mask, _ = batch("right")
    target, _, labels = (tensor[:, :7] for tensor in batch("right"))
    ours = model(source, target, source_mask=source_mask)
    theirs = peer(source, attention_mask=source_mask.long(), decoder_input_ids=target).logits
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance)
    losses = [causal_loss(ours, labels), causal_loss(theirs, labels)]
    assert abs(losses[0] - losses[1]) < tolerance
    for loss in losses:
        loss.backward()
    check_gradients(model, peer, tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
@torch.no_grad()
def test_bart_with_a_cache(dtype: torch.dtype, tolerance: float, tmp_path: Path) -> None:
    model, peer = pair("bart", dtype, tmp_path)
    source, source_mask, _ = batch("right")
    memory = model.encode(source, source_mask)
    encoded = peer.get_encoder()(source, attention_mask=source_mask.long())
    torch.testing.assert_close(memory[source_mask], encoded.last_hidden_state[source_mask], rtol=0, atol=tolerance)
    cache, past, start = model.new_cache(3, 7), None, 0
    for stop in (1, 2, 5, 7):
        new = source[:, start:stop]
        ours = model(None, new, source_mask=source_mask, memory=memory, cache=cache)
        theirs = peer(
            encoder_outputs=encoded,
            attention_mask=source_mask.long(),
            decoder_input_ids=new,
            past_key_values=past,
            use_cache=True,
        )
        torch.testing.assert_close(ours, theirs.logits, rtol=0, atol=tolerance)
        past, start = theirs.past_key_values, stop


def test_every_case_is_compared() -> None:
    assert {"gpt2", "bert", "bart", "llama", "mistral", "qwen2", "qwen3"} <= CASES.keys()
