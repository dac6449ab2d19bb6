"""Linformer: keys and values are projected along the sequence to a fixed number of rows."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from minillm.errors import InvalidInput
from minillm.nn.sparse.checks import require_at_least


class LowRankAttention(nn.Module):
    r"""Attention of rank at most ``rank``: :math:`\mathrm{softmax}(Q(EK)^\top/\sqrt{d_k})FV`.

    Two learned matrices mix the T keys and the T values into ``rank`` of each, so that the cost is
    :math:`O(T\cdot\text{rank})`. Every mixed key holds something of all positions, the future too: there is no causal
    form.

    Args:
        length: Longest sequence; a shorter one uses the first columns of the projections.
        rank: Rows that keys and values are projected to.
        share: Use one matrix for keys and values.

    Attributes:
        key_projection: The matrix E.
        value_projection: The matrix F; E itself where shared.

    Raises:
        InvalidInput: A number is below 1, or the rank exceeds the length.

    Example:
        >>> attention = LowRankAttention(length=64, rank=8)
        >>> x = torch.randn(2, 4, 64, 16)
        >>> attention(x, x, x).shape
        torch.Size([2, 4, 64, 16])

    Source:
        Book section 2.4.2 names the low-rank family; Wang et al. 2020, equation 7, https://arxiv.org/abs/2006.04768.
    """

    def __init__(self, length: int, rank: int, share: bool = False) -> None:
        super().__init__()
        require_at_least(1, length=length, rank=rank)
        if rank > length:
            raise InvalidInput(f"rank={rank} was given; a sequence of {length} has at most that rank.")
        self.key_projection = nn.Parameter(torch.randn(rank, length) * length**-0.5)
        self.value_projection = self.key_projection if share else nn.Parameter(torch.randn(rank, length) * length**-0.5)

    def forward(
        self,
        query: Float[Tensor, "*batch queries head_width"],
        key: Float[Tensor, "*batch keys head_width"],
        value: Float[Tensor, "*batch keys value_width"],
    ) -> Float[Tensor, "*batch queries value_width"]:
        """Attend to the projected keys and values.

        Args:
            query: Queries.
            key: Keys.
            value: Values.

        Returns:
            The mixed values.

        Raises:
            InvalidInput: More keys than the projections have columns.
        """
        keys, longest = key.shape[-2], self.key_projection.shape[1]
        if keys > longest:
            raise InvalidInput(f"{keys} keys were given; the projections were made for at most {longest}.")
        few_keys = self.key_projection[:, :keys] @ key
        few_values = self.value_projection[:, :keys] @ value
        return F.softmax(query @ few_keys.transpose(-2, -1) * query.shape[-1] ** -0.5, dim=-1) @ few_values
