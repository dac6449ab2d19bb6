import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm.errors import InvalidInput
from minillm.models.gpt import GPT, GPTConfig
from minillm.training import (
    IGNORE,
    causal_loss,
    denoising_loss,
    masked_loss,
    mixed_loss,
    next_sentence_loss,
    token_loss,
)

IDS = torch.tensor([[3, 1, 4, 1, 5], [2, 7, 1, 0, 0]])
MASK = torch.tensor([[True] * 5, [True, True, True, False, False]])


def logits(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_the_causal_loss_is_a_plain_loop_over_next_tokens():
    scores = logits(2, 5, 8)
    total, count = causal_loss(scores, IDS, MASK)
    terms = [-scores[row, t].log_softmax(0)[IDS[row, t + 1]] for row in range(2) for t in range(4) if MASK[row, t + 1]]
    assert int(count) == len(terms) == 6
    torch.testing.assert_close(total, sum(terms), rtol=0, atol=1e-12)


def test_without_the_shift_a_causal_model_learns_to_copy():
    """The book's equation 2.25 (E22) lets a state predict a token that it has read."""
    torch.manual_seed(0)
    ids = torch.randint(0, 8, (16, 17))  # no token tells anything about the next: ln 8 is the best there is

    def trained(loss_of):
        model = GPT(GPTConfig(vocab_size=8, context=17, layers=1, heads=1, width=16))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        for _ in range(60):
            fresh = torch.randint(0, 8, (16, 17))
            total, count = loss_of(model(fresh), fresh)
            optimizer.zero_grad()
            (total / count).backward()
            optimizer.step()
        total, count = loss_of(model(ids), ids)
        return float(total.detach() / count)

    assert trained(causal_loss) > 0.9 * math.log(8)
    assert trained(token_loss) < 0.1 * math.log(8)  # the labels are the inputs: copied, and nothing learned


def test_positions_without_a_label_have_no_say():
    scores = logits(1, 4, 8).requires_grad_()
    labels = torch.tensor([[IGNORE, 2, IGNORE, 5]])
    total, count = masked_loss(scores, labels)
    total.backward()
    assert int(count) == 2
    assert scores.grad[0, [0, 2]].abs().max() == 0
    assert scores.grad[0, [1, 3]].abs().min() > 0


def test_nothing_to_predict_is_a_zero_and_no_nan():
    total, count = masked_loss(logits(1, 3, 8), torch.full((1, 3), IGNORE))
    assert float(total) == 0
    assert int(count) == 0


def test_next_sentence_and_denoising_are_cross_entropy():
    pair = logits(3, 2)
    total, count = next_sentence_loss(pair, torch.tensor([0, 1, 1]))
    wanted = -pair.log_softmax(1)[torch.arange(3), torch.tensor([0, 1, 1])].sum()
    torch.testing.assert_close(total, wanted, rtol=0, atol=1e-12)
    assert int(count) == 3
    scores = logits(2, 5, 8)
    labels = IDS.masked_fill(~MASK, IGNORE)
    torch.testing.assert_close(denoising_loss(scores, labels)[0], masked_loss(scores, labels)[0])


@settings(max_examples=20, deadline=None)
@given(weight=st.floats(0, 2))
def test_the_mixed_gradient_is_the_weighted_sum(weight):
    """Equation 2.29, with each example's own mean over its tokens."""
    classes, scores = logits(2, 3).requires_grad_(), logits(2, 5, 8).requires_grad_()
    kinds = torch.tensor([2, 0])
    total, count = mixed_loss(classes, kinds, scores, IDS, weight, MASK)
    found = torch.autograd.grad(total, (classes, scores))
    fitted = next_sentence_loss(classes[:, :2], torch.tensor([1, 0]))[0] * 0 + token_loss(classes, kinds)[0]
    means = sum(
        causal_loss(scores[row : row + 1], IDS[row : row + 1], MASK[row : row + 1])[0] / n
        for row, n in ((0, 4), (1, 2))
    )
    wanted = torch.autograd.grad(fitted + weight * means, (classes, scores), materialize_grads=True)
    assert int(count) == 2
    for mine, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def test_the_mixed_loss_can_be_cut_into_micro_batches():
    classes, scores, kinds = logits(2, 3), logits(2, 5, 8), torch.tensor([2, 0])
    whole, _ = mixed_loss(classes, kinds, scores, IDS, 0.5, MASK)
    parts = [
        mixed_loss(classes[i : i + 1], kinds[i : i + 1], scores[i : i + 1], IDS[i : i + 1], 0.5, MASK[i : i + 1])[0]
        for i in range(2)
    ]
    torch.testing.assert_close(whole, sum(parts), rtol=0, atol=1e-12)


@pytest.mark.parametrize("weight", [-0.1, float("nan")])
def test_a_negative_lambda_is_refused(weight):
    with pytest.raises(InvalidInput, match="lambda"):
        mixed_loss(logits(2, 3), torch.tensor([0, 1]), logits(2, 5, 8), IDS, weight)


def test_half_precision_is_summed_in_single():
    scores = torch.zeros(1, 3, 50_000, dtype=torch.bfloat16)
    total, count = token_loss(scores, torch.tensor([[1, 2, 3]]))
    assert total.dtype == torch.float32
    assert float(total / count) == pytest.approx(math.log(50_000), rel=1e-5)
