"""Who may attend to whom: boolean masks, True where attention is allowed.

Source: book section 2.2.5; Vaswani et al. 2017, section 3.2.3; Beltagy et al. 2020 (windows).
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from minillm.errors import InvalidInput


def causal_mask(
    queries: int, keys: int | None = None, *, window: int | None = None, device: torch.device | str | None = None
) -> Bool[Tensor, "queries keys"]:
    """The mask that hides the future, aligned at the last query and the last key.

    With fewer queries than keys (decoding with a cache) the queries are the *last* positions: query ``i`` stands at
    ``keys - queries + i``. With more queries than keys the first rows see nothing; attention is zero there.

    Args:
        queries: Number of queries.
        keys: Number of keys; as many as queries by default.
        window: A query sees this many positions at most, itself included (sliding window); all by default.
        device: Where the mask lives.

    Returns:
        True where the query (row) may attend to the key (column).

    Raises:
        InvalidInput: The window is below 1.

    Example:
        >>> causal_mask(2, 3).int().tolist()
        [[1, 1, 0], [1, 1, 1]]

    Source: book section 2.2.5; Mistral 7B (Jiang et al. 2023) for the window.
    """
    if window is not None and window < 1:
        raise InvalidInput(f"window is {window}; a query must see at least itself: give 1 or more, or None for all.")
    keys = queries if keys is None else keys
    query = torch.arange(keys - queries, keys, device=device)[:, None]
    key = torch.arange(keys, device=device)[None, :]
    visible = key <= query
    return visible if window is None else visible & (key > query - window)


def padding_mask(ids: Int[Tensor, "batch time"], padding_id: int) -> Bool[Tensor, "batch time"]:
    """True at real tokens, False at padding.

    Args:
        ids: Token ids.
        padding_id: The id that fills up short rows.

    Returns:
        The mask which the models take as ``mask=``.

    Example:
        >>> padding_mask(torch.tensor([[5, 7, 0]]), padding_id=0).tolist()
        [[True, True, False]]

    Source: book section 2.2.5 (``create_masks``).
    """
    return ids != padding_id


def positions_from_mask(mask: Bool[Tensor, "batch time"]) -> Int[Tensor, "batch time"]:
    """Positions that count real tokens only, so that left padding does not shift a text.

    Args:
        mask: True at real tokens.

    Returns:
        0, 1, 2 ... over the real tokens of each row; padding before the first real token gets 0.

    Example:
        >>> positions_from_mask(torch.tensor([[False, True, True]])).tolist()
        [[0, 0, 1]]

    Source: the convention of Hugging Face's ``generate``.
    """
    return (mask.cumsum(-1) - 1).clamp(min=0)


class Visibility(NamedTuple):
    """What attention needs to know: a mask, or that plain causality suffices.

    Attributes:
        mask: Broadcastable to (batch, heads, queries, keys), or None where nothing but ``causal`` restricts.
        causal: Hide the future (queries and keys are then equally many); the kernel does it without a mask.
    """

    mask: Bool[Tensor, "..."] | None
    causal: bool


def visibility(
    queries: int,
    keys: int,
    *,
    causal: bool,
    window: int | None = None,
    padding: Bool[Tensor, "batch keys"] | None = None,
    device: torch.device | str | None = None,
) -> Visibility:
    """The cheapest description of who sees whom, made once a forward pass for all layers.

    Args:
        queries: Number of queries, the last of the keys' positions.
        keys: Number of keys, those in a cache included.
        causal: Hide the future.
        window: Sliding window, as in :func:`causal_mask`; needs ``causal``.
        padding: True at the keys that are real tokens.
        device: Where a mask is made.

    Returns:
        A mask only where one is needed: none for plain causal training, none for one new token with a cache.

    Raises:
        InvalidInput: ``padding`` covers another number of keys, or a window is given without causality.

    Example:
        >>> visibility(4, 4, causal=True), visibility(1, 9, causal=True)
        (Visibility(mask=None, causal=True), Visibility(mask=None, causal=False))

    Source: this project.
    """
    if window is not None and not causal:
        raise InvalidInput("a sliding window is given without causality; it is defined for causal attention only.")
    if padding is not None and padding.shape[1] != keys:
        raise InvalidInput(
            f"the mask covers {padding.shape[1]} positions, but there are {keys} keys; "
            "give one entry a key, those already in the cache included."
        )
    padded = None if padding is None else padding[:, None, None, :]
    windowed = window is not None and window < keys
    if not causal or (queries == 1 and not windowed):
        return Visibility(padded, False)
    if padded is None and not windowed and queries == keys:
        return Visibility(None, True)
    mask = causal_mask(queries, keys, window=window, device=device)
    return Visibility(mask if padded is None else mask & padded, False)
