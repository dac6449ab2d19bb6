"""The convolutional model's window and gate."""

import pytest
import torch
from torch.nn import functional as F

from minillm.models.early import ConvolutionConfig, ConvolutionLM, influence
from minillm.models.early.convolution import GatedBlock


def test_a_block_is_the_gated_sum_over_its_window():
    torch.manual_seed(0)
    block = GatedBlock(4, 3).double()
    x = torch.randn(1, 6, 4, dtype=torch.float64)
    weight, bias = block.convolution.weight, block.convolution.bias
    padded = torch.cat([torch.zeros(1, 2, 4, dtype=torch.float64), x], dim=1)[0]
    for t in range(6):
        both = bias + sum(weight[:, :, k] @ padded[t + k] for k in range(3))
        expected = x[0, t] + both[:4] * torch.sigmoid(both[4:])
        torch.testing.assert_close(block(x)[0, t], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("layers", "kernel"), [(1, 1), (1, 3), (2, 2), (3, 3)])
def test_the_window_is_the_receptive_field(layers, kernel):
    torch.manual_seed(0)
    config = ConvolutionConfig(11, width=8, layers=layers, kernel=kernel)
    ids = torch.randint(0, 11, (2, 12))
    reach = influence(ConvolutionLM(config).double(), ids, positions=[11])[0] > 0
    assert int(reach.sum()) == config.receptive_field
    assert bool(reach[12 - config.receptive_field :].all())


def test_padding_on_both_sides_would_be_seen(rows):
    # The bug that this guards against: the usual "same" padding lets an output see one token too many.
    class Leaky(ConvolutionLM):
        def __init__(self, config):
            super().__init__(config)
            for block in self.blocks:
                block.pad = lambda x: F.pad(x, (1, 1))

    matrix = influence(Leaky(ConvolutionConfig(11, layers=1)).double(), rows)
    assert (matrix.diagonal(1) > 1e-6).all()
