import pytest
import torch
from torch import nn

from minillm.errors import InvalidInput
from minillm.models.gpt import GPT, GPTConfig
from minillm.training import (
    IGNORE,
    Muon,
    TrainConfig,
    decayed,
    hidden_matrices,
    make_optimizers,
    orthogonalize,
    predict,
    scale_gradients,
    update,
)


def gpt(tied=True):
    torch.manual_seed(0)
    return GPT(GPTConfig(vocab_size=16, context=16, layers=2, heads=2, width=16, tied=tied))


def test_weights_decay_and_norms_biases_and_embeddings_do_not():
    flags = decayed(gpt())
    assert {name for name, flag in flags.items() if flag} == {
        f"blocks.{layer}.{part}.weight"
        for layer in range(2)
        for part in (
            "attention.query",
            "attention.key",
            "attention.value",
            "attention.output",
            "feedforward.up",
            "feedforward.down",
        )
    }
    assert decayed(gpt(tied=False))["output.weight"]


def test_muon_takes_the_layers_matrices_and_nothing_else():
    # Width, context and vocabulary are equal: shapes do not tell an embedding from a weight.
    model = gpt(tied=False)
    assert hidden_matrices(model) == {name for name, flag in decayed(model).items() if flag} - {"output.weight"}


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "muon"])
def test_every_parameter_is_updated_by_one_group(optimizer):
    model = gpt()
    made = make_optimizers(model, TrainConfig(steps=1, optimizer=optimizer, weight_decay=0.3))
    held = [p for o in made for group in o.param_groups for p in group["params"]]
    assert sorted(map(id, held)) == sorted(map(id, model.parameters()))
    names = {id(p): name for name, p in model.named_parameters()}
    for group in (group for o in made for group in o.param_groups):
        for parameter in group["params"]:
            assert group["weight_decay"] == (0.3 if decayed(model)[names[id(parameter)]] else 0)


def test_frozen_parameters_are_left_out():
    model = gpt()
    model.token_embedding.weight.requires_grad_(False)
    held = [p for o in make_optimizers(model, TrainConfig(steps=1)) for g in o.param_groups for p in g["params"]]
    assert len(held) == len(list(model.parameters())) - 1


def test_adamw_is_its_formula():
    weight = nn.Linear(1, 1, bias=False).double()
    start = float(weight.weight.detach())
    config = TrainConfig(steps=1, learning_rate=0.1, weight_decay=0.5, betas=(0.8, 0.9))
    (optimizer,) = make_optimizers(weight, config)
    first = second = 0.0
    value = start
    for step, gradient in enumerate((0.3, -0.2, 0.5), start=1):
        weight.weight.grad = torch.full((1, 1), gradient, dtype=torch.float64)
        optimizer.step()
        first, second = 0.8 * first + 0.2 * gradient, 0.9 * second + 0.1 * gradient**2
        value -= 0.1 * 0.5 * value
        value -= 0.1 * (first / (1 - 0.8**step)) / ((second / (1 - 0.9**step)) ** 0.5 + 1e-8)
    assert float(weight.weight.detach()) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("shape", [(32, 32), (48, 16), (16, 48), (5, 16, 24)])
def test_orthogonalization_moves_singular_values_and_keeps_the_vectors(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    result = orthogonalize(matrices)
    values = torch.linalg.svdvals(result)
    assert values.min() > 0.3
    assert values.max() < 1.25
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    inner = u.mT @ result @ v.mT
    off = inner - torch.diag_embed(inner.diagonal(dim1=-2, dim2=-1))
    assert off.abs().max() < 1e-10
    assert not torch.allclose(values, torch.linalg.svdvals(matrices), rtol=0.1)


@pytest.mark.parametrize(("scale", "theirs"), [("spectral", "original"), ("rms", "match_rms_adamw")])
def test_muon_is_torch_s_own(scale, theirs):
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(shape, generator=generator) for shape in ((24, 16), (16, 24), (24, 16), (16, 16))]
    ours = [nn.Parameter(value.clone()) for value in start]
    peers = [nn.Parameter(value.clone()) for value in start]
    # Torch computes the iteration in bfloat16 always; so must we here.
    mine = Muon(ours, lr=0.1, weight_decay=0.3, momentum=0.9, scale=scale, dtype=torch.bfloat16)
    peer = torch.optim.Muon(peers, lr=0.1, weight_decay=0.3, momentum=0.9, adjust_lr_fn=theirs)
    for _ in range(4):
        for a, b in zip(ours, peers, strict=True):
            a.grad = torch.randn(a.shape, generator=generator)
            b.grad = a.grad.clone()
        mine.step()
        peer.step()
    for a, b, before in zip(ours, peers, start, strict=True):
        moved = (b - before * (1 - 0.1 * 0.3) ** 4).norm()
        assert (a - b).norm() < 0.05 * moved


def test_muon_is_for_matrices():
    for wrong in (torch.zeros(3), torch.zeros(2, 3, 4)):
        with pytest.raises(InvalidInput, match="not a matrix"):
            Muon([nn.Parameter(wrong)])
    for settings in ({"lr": -1.0}, {"momentum": 1.0}, {"scale": "none"}):
        with pytest.raises(InvalidInput):
            Muon([nn.Parameter(torch.eye(2))], **settings)


def batches_with_padding():
    """Two micro-batches whose numbers of labels differ as 7 to 2."""
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randint(16, (4, 8), generator=generator)
    labels = torch.randint(16, (4, 8), generator=generator)
    labels[2:, 2:] = IGNORE
    labels[0, 7] = IGNORE
    return inputs, labels


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "muon"])
def test_accumulation_is_the_big_batch(optimizer):
    inputs, labels = batches_with_padding()
    config = TrainConfig(steps=1, optimizer=optimizer, learning_rate=0.05)
    results = []
    for cuts in (
        [inputs.split(4), labels.split(4)],
        [inputs.split([2, 2]), labels.split([2, 2])],
        [inputs.split(1), labels.split(1)],
    ):
        model = gpt().double()
        made = make_optimizers(model, config)
        for _ in range(3):
            total, count, norm = update(model, list(model.parameters()), made, zip(*cuts, strict=True), predict, config)
        assert all(p.grad is None for p in model.parameters())  # else the next update would get this one's, too
        # The bias of the keys has no effect, and a gradient of rounding errors, which AdamW would blow up.
        weights = [p.detach().clone() for name, p in model.named_parameters() if "key.bias" not in name]
        results.append((total, norm, weights))
    assert int(count) == 19
    for total, norm, weights in results[1:]:
        torch.testing.assert_close(total, results[0][0], rtol=0, atol=1e-10)
        torch.testing.assert_close(norm, results[0][1], rtol=0, atol=1e-12)
        for mine, whole in zip(weights, results[0][2], strict=True):
            torch.testing.assert_close(mine, whole, rtol=0, atol=1e-12)


def test_the_mean_of_means_would_be_another_gradient():
    """What transformers did until issue 34191: each micro-batch's mean, averaged."""
    inputs, labels = batches_with_padding()
    gradients = []
    for halves in (1, 2):
        model = gpt().double()
        for x, y in zip(inputs.chunk(halves), labels.chunk(halves), strict=True):
            total, count = predict(model, (x, y))
            (total / count / halves).backward()
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    assert (gradients[0] - gradients[1]).norm() > 0.1 * gradients[0].norm()


def test_clipping_is_torch_s_own_and_counts_a_tied_weight_once():
    inputs, labels = batches_with_padding()
    for clip in (0.05, 100.0, None):
        ours, theirs = gpt().double(), gpt().double()
        total, count = predict(ours, (inputs, labels))
        total.backward()
        norm = scale_gradients(list(ours.parameters()), count, clip)
        total, count = predict(theirs, (inputs, labels))
        (total / count).backward()
        wanted = torch.nn.utils.clip_grad_norm_(theirs.parameters(), clip or float("inf"))
        torch.testing.assert_close(norm, wanted, rtol=0, atol=1e-12)
        whole = torch.cat([p.grad.flatten() for p in ours.parameters()]).norm()
        assert float(whole) == pytest.approx(min(float(norm), clip or float("inf")), rel=1e-4)
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(a.grad, b.grad, rtol=0, atol=1e-12)
