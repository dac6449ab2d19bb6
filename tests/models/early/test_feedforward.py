"""The feed-forward model against its equation, and its window."""

import pytest
import torch

from minillm.models.early import FeedForwardConfig, FeedForwardLM, influence


@pytest.mark.parametrize("direct", [False, True])
def test_logits_are_the_papers_equation(direct):
    torch.manual_seed(0)
    model = FeedForwardLM(FeedForwardConfig(vocab_size=5, order=4, embedding=3, hidden=7, direct=direct)).double()
    table, start = model.embedding.weight, model.embedding.weight[5]
    logits = model(torch.tensor([[5, 2, 0, 4]]))[0]
    windows = [
        [start, start, start],
        [start, start, table[2]],
        [start, table[2], table[0]],
        [table[2], table[0], table[4]],
    ]
    for position, window in enumerate(windows):
        x = torch.cat(window)
        y = model.output.bias + model.output.weight @ torch.tanh(model.hidden.bias + model.hidden.weight @ x)
        if direct:
            y = y + model.direct.weight @ x
        torch.testing.assert_close(logits[position], y, rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", [2, 3, 5])
def test_only_the_window_matters(order, rows):
    torch.manual_seed(0)
    model = FeedForwardLM(FeedForwardConfig(11, order=order)).double()
    last = rows.shape[1] - 1
    for position in range(1, rows.shape[1]):
        changed = rows.clone()
        changed[:, position] = (changed[:, position] + 1) % 11
        change = (model(rows)[:, last] - model(changed)[:, last]).abs().max()
        assert (change > 1e-6) == (position > last - (order - 1))


def test_influence_is_a_band(rows):
    torch.manual_seed(0)
    matrix = influence(FeedForwardLM(FeedForwardConfig(11, order=3)).double(), rows)
    ones = torch.ones(8, 8)
    assert torch.equal(matrix > 0, (ones.tril() - ones.tril(-2)).bool())


def test_parameters_are_counted_as_in_the_paper():
    config = FeedForwardConfig(vocab_size=100, order=4, embedding=6, hidden=10, direct=True)
    # V(1 + nm + h) + h(1 + (n-1)m) in the paper, with m for the vectors of the table and nm - m = 18 direct weights a
    # word; one row more for the start symbol.
    expected = 100 * (1 + 4 * 6 + 10) + 10 * (1 + 3 * 6) + 6
    assert sum(p.numel() for p in FeedForwardLM(config).parameters()) == expected
