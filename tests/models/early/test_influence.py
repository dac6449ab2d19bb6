"""The size of a dependence, on a model whose Jacobian is known."""

import pytest
import torch

from minillm.errors import InvalidInput
from minillm.models.early import influence


class Linear:
    """Logits at t are ``a`` times token t plus ``b`` times token t - 2, through a fixed matrix each."""

    vocab_size = 5

    def __init__(self):
        generator = torch.Generator().manual_seed(0)
        self.table = torch.randn(6, 3, generator=generator)
        self.a, self.b = torch.randn(2, 3, 5, generator=generator)

    def embed(self, ids):
        return self.table[ids]

    def predict(self, vectors):
        logits = vectors @ self.a
        logits[:, 2:] = logits[:, 2:] + vectors[:, :-2] @ self.b
        return logits

    def __call__(self, ids):
        return self.predict(self.embed(ids))


def test_it_is_the_frobenius_norm_of_the_jacobian():
    model = Linear()
    matrix = influence(model, torch.zeros(1, 6, dtype=torch.long), probes=3_000)
    expected = model.a.norm() * torch.eye(6) + model.b.norm() * torch.diag(torch.ones(4), -2)
    torch.testing.assert_close(matrix, expected, rtol=0.05, atol=0)


def test_only_the_positions_asked_for():
    model, ids = Linear(), torch.zeros(2, 6, dtype=torch.long)
    matrix = influence(model, ids, positions=[5, 1])
    assert matrix.shape == (2, 6)
    assert (matrix > 0).nonzero().tolist() == [[0, 3], [0, 5], [1, 1]]


def test_the_seed_decides_everything():
    model, ids = Linear(), torch.zeros(2, 6, dtype=torch.long)
    assert torch.equal(influence(model, ids), influence(model, ids))
    assert not torch.equal(influence(model, ids), influence(model, ids, seed=1))


def test_bad_input_is_refused():
    model, ids = Linear(), torch.zeros(2, 6, dtype=torch.long)
    with pytest.raises(InvalidInput, match="positions 0 to 5"):
        influence(model, ids, positions=[6])
    with pytest.raises(InvalidInput, match="probes"):
        influence(model, ids, probes=0)
