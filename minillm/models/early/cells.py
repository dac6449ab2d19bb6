"""One step of the three classic recurrent networks, written out gate by gate.

Every cell maps the token vector :math:`x_t` and the state before it to the state after it. The maps of all
gates lie side by side in one matrix, in the order in which ``torch.nn`` keeps them, so that weights can be
copied from there.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minillm.models.early.interface import require_positive


class ElmanCell(nn.Module):
    r"""The simple recurrent network: :math:`h_t = \tanh(W x_t + U h_{t-1} + b)`.

    Args:
        input_size: Width of the token vectors.
        hidden_size: Width of the state.

    Example:
        >>> cell = ElmanCell(8, 16)
        >>> (h,) = cell(torch.zeros(2, 8))

    Source:
        Elman 1990; Mikolov et al. 2010 as a language model.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        require_positive(input_size=input_size, hidden_size=hidden_size)
        self.hidden_size = hidden_size
        self.input = nn.Linear(input_size, hidden_size)
        self.recurrent = nn.Linear(hidden_size, hidden_size)

    def forward(
        self, x: Float[Tensor, "batch input"], state: tuple[Float[Tensor, "batch hidden"]] | None = None
    ) -> tuple[Float[Tensor, "batch hidden"]]:
        """Take one step.

        Args:
            x: The token's vector.
            state: The hidden state h before it; None before the first token, for zeros.

        Returns:
            The hidden state after it.
        """
        (h,) = state or (x.new_zeros(len(x), self.hidden_size),)
        return (torch.tanh(self.input(x) + self.recurrent(h)),)


class LSTMCell(nn.Module):
    r"""Long short-term memory: a cell :math:`c` that is added to, so that gradients can pass unshrunk.

    :math:`c_t = f_t \odot c_{t-1} + i_t \odot g_t` and :math:`h_t = o_t \odot \tanh(c_t)`, with input gate
    :math:`i`, forget gate :math:`f`, candidate :math:`g` and output gate :math:`o`, each a function of
    :math:`x_t, h_{t-1}`.

    Args:
        input_size: Width of the token vectors.
        hidden_size: Width of the hidden state and of the cell.

    Example:
        >>> cell = LSTMCell(8, 16)
        >>> h, c = cell(torch.zeros(2, 8))

    Source:
        Hochreiter and Schmidhuber 1997; the forget gate is from Gers et al. 2000.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        require_positive(input_size=input_size, hidden_size=hidden_size)
        self.hidden_size = hidden_size
        self.input = nn.Linear(input_size, 4 * hidden_size)
        self.recurrent = nn.Linear(hidden_size, 4 * hidden_size)

    def forward(
        self,
        x: Float[Tensor, "batch input"],
        state: tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]] | None = None,
    ) -> tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]]:
        """Take one step.

        Args:
            x: The token's vector.
            state: The hidden state h and the cell c before it; None before the first token, for zeros.

        Returns:
            Both after it.
        """
        h, c = state or (x.new_zeros(len(x), self.hidden_size),) * 2
        i, f, g, o = (self.input(x) + self.recurrent(h)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class GRUCell(nn.Module):
    r"""The gated recurrent unit: :math:`h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}`.

    Update gate :math:`z` and reset gate :math:`r` are functions of :math:`x_t, h_{t-1}`; the candidate is
    :math:`n_t = \tanh(W x_t + r_t \odot (U h_{t-1}))`. The reset gate stands outside the product with
    :math:`U`, as in ``torch.nn.GRU``; the paper has it inside, :math:`U (r_t \odot h_{t-1})`.

    Args:
        input_size: Width of the token vectors.
        hidden_size: Width of the state.

    Example:
        >>> cell = GRUCell(8, 16)
        >>> (h,) = cell(torch.zeros(2, 8))

    Source:
        Cho et al. 2014.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        require_positive(input_size=input_size, hidden_size=hidden_size)
        self.hidden_size = hidden_size
        self.input = nn.Linear(input_size, 3 * hidden_size)
        self.recurrent = nn.Linear(hidden_size, 3 * hidden_size)

    def forward(
        self, x: Float[Tensor, "batch input"], state: tuple[Float[Tensor, "batch hidden"]] | None = None
    ) -> tuple[Float[Tensor, "batch hidden"]]:
        """Take one step.

        Args:
            x: The token's vector.
            state: The hidden state h before it; None before the first token, for zeros.

        Returns:
            The hidden state after it.
        """
        (h,) = state or (x.new_zeros(len(x), self.hidden_size),)
        r_x, z_x, n_x = self.input(x).chunk(3, dim=-1)
        r_h, z_h, n_h = self.recurrent(h).chunk(3, dim=-1)
        r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
        n = torch.tanh(n_x + r * n_h)
        return ((1 - z) * n + z * h,)
