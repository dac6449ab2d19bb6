"""Properties that hold for every model that the harness can train."""

import math

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models.early import (
    IGNORE,
    Batch,
    ConvolutionConfig,
    FeedForwardConfig,
    HiddenMarkovConfig,
    RecurrentConfig,
    TrainConfig,
    influence,
    optimize,
)
from minillm.models.early.harness import batch_loss


def test_shape_and_normalization(build, rows):
    logits = build(11)(rows)
    assert logits.shape == (3, 8, 11)
    assert logits.std(dim=-1).min() > 1e-3
    torch.testing.assert_close(logits.softmax(-1).sum(-1), torch.ones(3, 8))


def test_no_gradient_flows_from_the_future(build, rows):
    matrix = influence(build(11).double(), rows)
    assert torch.equal(matrix.triu(1), torch.zeros_like(matrix))
    # The token just read matters, except the start symbol to the hidden Markov model.
    assert (matrix.diagonal()[1:] > 1e-6).all()


def test_changing_a_token_leaves_what_comes_before_it(build, rows):
    model = build(11).double()
    changed = rows.clone()
    changed[:, 5] = (changed[:, 5] + 1) % 11
    before, after = model(rows), model(changed)
    torch.testing.assert_close(before[:, :5], after[:, :5], rtol=0, atol=1e-12)
    assert (before[:, 5] - after[:, 5]).abs().amax(dim=-1).min() > 1e-6


def test_rows_do_not_see_each_other(build, rows):
    model = build(11).double()
    changed = rows.clone()
    changed[0, 1:] = (changed[0, 1:] + 1) % 11
    torch.testing.assert_close(model(rows)[1:], model(changed)[1:], rtol=0, atol=1e-12)
    torch.testing.assert_close(model(rows)[1:], model(rows[1:]), rtol=0, atol=1e-12)


def test_what_fills_a_row_up_changes_nothing_before_it(build, rows):
    model = build(11).double()
    torch.testing.assert_close(model(rows)[:, :5], model(rows[:, :5]), rtol=0, atol=1e-12)


def test_gradients_agree_with_finite_differences(build):
    model = build(4).double()
    ids = torch.tensor([[4, 1, 3, 0], [4, 2, 2, 1]])
    vectors = model.embed(ids).detach().requires_grad_()
    assert torch.autograd.gradcheck(model.predict, (vectors,), fast_mode=True)
    names, weights = zip(*model.named_parameters(), strict=True)

    def outputs(*values):
        return torch.func.functional_call(model, dict(zip(names, values, strict=True)), (ids,))

    assert torch.autograd.gradcheck(outputs, weights, fast_mode=True)


def test_learns_a_language_of_period_three(build):
    # "a b c a b c ..." from any of three starts: alone the frequencies of the tokens leave ln 3 nats.
    phase = torch.arange(48) % 3
    text = (phase[:, None] + torch.arange(10)) % 3
    inputs = torch.cat([torch.full((48, 1), 3), text[:, :-1]], dim=1)
    targets = text.clone()
    targets[:, 0] = IGNORE
    batch = Batch(inputs, targets)
    model = build(3)
    losses = optimize(model, [batch] * 200, lambda b: batch_loss(model, b), TrainConfig(learning_rate=0.05))
    assert losses[0] > 0.5 * math.log(3)
    assert float(batch_loss(model, batch).detach()) < 0.03


@pytest.mark.parametrize("bad", [-1, 12])
def test_an_id_without_a_vector_is_refused(build, bad):
    with pytest.raises(InvalidInput, match="0 to 10 for tokens and 11 for the start symbol"):
        build(11)(torch.tensor([[11, 3, bad]]))


def test_an_empty_batch_is_refused(build):
    with pytest.raises(InvalidInput, match="at least one row"):
        build(11)(torch.empty(0, 3, dtype=torch.long))


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (lambda: FeedForwardConfig(0), "vocab_size"),
        (lambda: FeedForwardConfig(5, order=1), "order"),
        (lambda: RecurrentConfig(5, layers=0), "layers"),
        (lambda: ConvolutionConfig(5, kernel=0), "kernel"),
        (lambda: HiddenMarkovConfig(5, states=-1), "states"),
        (lambda: TrainConfig(epochs=0), "epochs"),
        (lambda: TrainConfig(learning_rate=0.0), "learning_rate"),
        (lambda: TrainConfig(learning_rate=float("nan")), "learning_rate"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(config, name):
    with pytest.raises(InvalidInput, match=name):
        config()
