"""How many layers of a sparse pattern it takes until every position can know of every other."""

import torch
from jaxtyping import Bool
from torch import Tensor

from minillm.nn.sparse.checks import require_at_least, require_square


def reach(mask: Bool[Tensor, "queries keys"], hops: int) -> Bool[Tensor, "queries keys"]:
    """Which positions another can hear of within some layers of attention.

    A position always keeps what it has, since the residual connection carries it, whether or not the pattern lets it
    attend to itself.

    Args:
        mask: True where query i may attend to key j.
        hops: Layers.

    Returns:
        True at (i, j) where what stood at j before the layers can be known at i after them.

    Raises:
        InvalidInput: The mask is not square, or ``hops`` is negative.

    Example:
        >>> from minillm.nn.sparse import band_mask
        >>> reach(band_mask(5, 3), hops=2)[0].tolist()
        [True, True, True, False, False]

    Source:
        Book section 2.4.2; Zaheer et al. 2020, section 2 (attention as a directed graph).
    """
    require_square(mask)
    require_at_least(0, hops=hops)
    known = torch.eye(len(mask), dtype=torch.bool, device=mask.device)
    for _ in range(hops):
        known = _step(mask, known)
    return known


def hops_to_mix(mask: Bool[Tensor, "queries keys"]) -> int | None:
    """Layers until every position can have heard of every other.

    Args:
        mask: True where query i may attend to key j.

    Returns:
        The number, or None where some position never hears of some other.

    Raises:
        InvalidInput: The mask is not square.

    Example:
        >>> from minillm.nn.sparse import band_mask, block_local_mask
        >>> hops_to_mix(band_mask(64, 3)), hops_to_mix(block_local_mask(64, 8))
        (63, None)

    Source:
        Book section 2.4.2; Zaheer et al. 2020, section 2 (attention as a directed graph).
    """
    require_square(mask)
    known = torch.eye(len(mask), dtype=torch.bool, device=mask.device)
    hops = 0
    while not known.all():
        further = _step(mask, known)
        if torch.equal(further, known):
            return None
        known, hops = further, hops + 1
    return hops


def _step(mask: Tensor, known: Tensor) -> Tensor:
    """One more layer: i hears of what the keys it attends to knew."""
    return known | ((mask.float() @ known.float()) > 0)
