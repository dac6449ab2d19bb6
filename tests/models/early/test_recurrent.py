"""The cells against torch.nn, by copying weights."""

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models.early import (
    ElmanCell,
    GRUCell,
    LSTMCell,
    RecurrentConfig,
    RecurrentLM,
    StepByStep,
    influence,
)

FUSED = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", FUSED)
def test_outputs_and_gradients_equal_torch(cell, layers):
    torch.manual_seed(0)
    theirs = FUSED[cell](5, 7, num_layers=layers, batch_first=True).double()
    ours = StepByStep(cell, 5, 7, layers).double()
    ours.copy_from(theirs)
    x = torch.randn(4, 9, 5, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 9, 7, dtype=torch.float64)
    expected, got = theirs(x)[0], ours(x)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)
    (expected_gradient,) = torch.autograd.grad((expected * weight).sum(), x)
    (gradient,) = torch.autograd.grad((got * weight).sum(), x)
    assert expected_gradient.abs().max() > 1e-3
    torch.testing.assert_close(gradient, expected_gradient, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(ElmanCell, torch.nn.RNNCell), (LSTMCell, torch.nn.LSTMCell), (GRUCell, torch.nn.GRUCell)],
)
def test_one_step_from_a_given_state(ours, theirs):
    torch.manual_seed(0)
    cell, reference = ours(5, 7).double(), theirs(5, 7).double()
    for part, linear in (("ih", cell.input), ("hh", cell.recurrent)):
        linear.weight.data.copy_(getattr(reference, f"weight_{part}"))
        linear.bias.data.copy_(getattr(reference, f"bias_{part}"))
    x, h, c = torch.randn(3, 5).double(), torch.randn(3, 7).double(), torch.randn(3, 7).double()
    if ours is LSTMCell:
        expected = reference(x, (h, c))
        got = cell(x, (h, c))
    else:
        expected = (reference(x, h),)
        got = cell(x, (h,))
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_an_open_forget_gate_passes_the_gradient_unshrunk():
    # Forget gate 1, input gate 0: the cell is copied, and so is the gradient, over any number of steps.
    cell = LSTMCell(2, 3).double()
    with torch.no_grad():
        for linear in (cell.input, cell.recurrent):
            linear.weight.zero_()
            linear.bias.zero_()
        cell.input.bias[0:3] = -50.0
        cell.input.bias[3:6] = 50.0
    start = torch.ones(1, 3, dtype=torch.float64, requires_grad=True)
    h, c = torch.zeros(1, 3, dtype=torch.float64), start
    for _ in range(200):
        h, c = cell(torch.zeros(1, 2, dtype=torch.float64), (h, c))
    (gradient,) = torch.autograd.grad(c.sum(), start)
    torch.testing.assert_close(gradient, torch.ones_like(gradient), rtol=0, atol=1e-12)


def test_an_elman_gradient_shrinks_by_the_recurrent_matrix():
    # Without input and near zero the network is linear with matrix U: after k steps the gradient is U^k.
    cell = ElmanCell(1, 4).double()
    with torch.no_grad():
        cell.recurrent.weight.copy_(0.5 * torch.eye(4))
        for tensor in (cell.input.weight, cell.input.bias, cell.recurrent.bias):
            tensor.zero_()
    start = torch.zeros(1, 4, dtype=torch.float64, requires_grad=True)
    (h,) = (start,)
    for _ in range(10):
        (h,) = cell(torch.zeros(1, 1, dtype=torch.float64), (h,))
    (gradient,) = torch.autograd.grad(h.sum(), start)
    torch.testing.assert_close(gradient, torch.full_like(gradient, 0.5**10), rtol=1e-12, atol=0)


@pytest.mark.parametrize("cell", FUSED)
def test_the_language_model_is_the_same_fused_or_not(cell, rows):
    torch.manual_seed(0)
    fused = RecurrentLM(RecurrentConfig(11, cell, embedding=5, hidden=7, layers=2)).double()
    plain = RecurrentLM(RecurrentConfig(11, cell, embedding=5, hidden=7, layers=2, fused=False)).double()
    plain.layers.copy_from(fused.layers)
    plain.embedding, plain.output = fused.embedding, fused.output
    torch.testing.assert_close(plain(rows), fused(rows), rtol=0, atol=1e-12)


def test_every_earlier_token_matters(rows):
    torch.manual_seed(0)
    for cell in FUSED:
        matrix = influence(RecurrentLM(RecurrentConfig(11, cell)).double(), rows)
        assert (matrix[torch.ones(8, 8).tril().bool()] > 0).all()


def test_weights_of_another_shape_are_refused():
    with pytest.raises(InvalidInput, match="same cell, widths"):
        StepByStep("lstm", 5, 7).copy_from(torch.nn.GRU(5, 7))
    with pytest.raises(InvalidInput, match="Layer 1"):
        StepByStep("gru", 5, 7, layers=2).copy_from(torch.nn.GRU(5, 7))
