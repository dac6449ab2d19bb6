"""Published sparse patterns, each a union of the simple ones: Star-Transformer, Longformer, ETC, BigBird."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.nn.sparse.checks import require_at_least
from minillm.nn.sparse.patterns import band_mask, dilated_mask, global_mask, random_mask


def star_transformer_mask(length: int, ring: bool = False) -> Bool[Tensor, "length length"]:
    """Star-Transformer: neighbors see one another, and one relay node sees and is seen by all.

    Args:
        length: Number of positions, the relay at position 0 among them.
        ring: Let the first and last of the other positions be neighbors too, as in the paper; the book's band is
            open.

    Returns:
        A band of width 3 and one global position.

    Raises:
        InvalidInput: No length.

    Example:
        >>> star_transformer_mask(4).int().tolist()
        [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1], [1, 0, 1, 1]]

    Source:
        Book section 2.4.2, figure 2.10; Guo et al. 2019, section 3.1, https://arxiv.org/abs/1902.09113.
    """
    mask = band_mask(length, 3) | global_mask(length, (0,))
    if ring and length > 1:
        mask[1, -1] = mask[-1, 1] = True
    return mask


def longformer_mask(
    length: int, width: int = 3, global_positions: Sequence[int] = (0,), dilation: int = 1
) -> Bool[Tensor, "length length"]:
    """Longformer: a sliding window, and some of the positions global.

    The paper dilates the window in some heads of the upper layers; give such a head a mask of its own.

    Args:
        length: Number of positions.
        width: Keys in the window: odd.
        global_positions: Positions inside the sequence that see and are seen by all, such as ``[CLS]`` or a question.
        dilation: Distance from one key of the window to the next.

    Returns:
        The mask.

    Raises:
        InvalidInput: No length, an even width, or a position outside the sequence.

    Example:
        >>> longformer_mask(4, width=1).int().tolist()
        [[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1]]

    Source:
        Book section 2.4.2, figure 2.10; Beltagy et al. 2020, section 3.1, https://arxiv.org/abs/2004.05150.
    """
    return dilated_mask(length, width, dilation) | global_mask(length, global_positions)


def etc_mask(
    length: int, width: int = 3, global_tokens: int = 1, segments: Sequence[int] | None = None
) -> Bool[Tensor, "total total"]:
    """ETC: a sliding window over the input, and global tokens that stand outside it, in front.

    Args:
        length: Positions of the input, global tokens not counted.
        width: Keys in the window: odd.
        global_tokens: Number of global tokens.
        segments: For every input position the global token that sums up its segment (a sentence, an entry of a
            table). Given, a global token looks only at its own segment; all inputs still see all global tokens.

    Returns:
        Mask over ``global_tokens + length`` positions, global tokens first.

    Raises:
        InvalidInput: A number is too small, or the segments do not fit the input or the global tokens.

    Example:
        >>> etc_mask(3, width=1, global_tokens=2, segments=[0, 0, 1]).int().tolist()
        [[1, 1, 1, 1, 0], [1, 1, 0, 0, 1], [1, 1, 1, 0, 0], [1, 1, 0, 1, 0], [1, 1, 0, 0, 1]]

    Source:
        Book section 2.4.2, figure 2.10; Ainslie et al. 2020, section 3.1, https://arxiv.org/abs/2004.08483.
    """
    require_at_least(1, length=length, global_tokens=global_tokens)
    mask = global_mask(global_tokens + length, range(global_tokens))
    mask[global_tokens:, global_tokens:] = band_mask(length, width)
    if segments is not None:
        if len(segments) != length or not all(0 <= s < global_tokens for s in segments):
            raise InvalidInput(
                f"{len(segments)} segment numbers were given for {length} positions and {global_tokens} global tokens; "
                f"give one a position, each from 0 to {global_tokens - 1}."
            )
        mask[:global_tokens, global_tokens:] = torch.arange(global_tokens)[:, None] == torch.tensor(segments)
    return mask


def bigbird_mask(
    length: int,
    width: int = 3,
    global_positions: Sequence[int] = (0,),
    random_keys: int = 3,
    *,
    generator: torch.Generator,
) -> Bool[Tensor, "length length"]:
    """BigBird: window, global positions, and a few random keys for every query.

    The random keys may fall on keys that are seen anyway, so rows differ in how many they have. The paper's code does
    the same with blocks of 64 positions in the place of positions: ``mask.repeat_interleave(64, 0)`` and ``1``.

    Args:
        length: Number of positions.
        width: Keys in the window: odd.
        global_positions: Positions inside the sequence that see and are seen by all.
        random_keys: Keys drawn for each query.
        generator: Source of the draws.

    Returns:
        The mask.

    Raises:
        InvalidInput: No length, an even width, or a position outside the sequence.

    Example:
        >>> mask = bigbird_mask(64, generator=torch.Generator().manual_seed(0))
        >>> 0.11 < float(mask.float().mean()) < 0.13
        True

    Source:
        Book section 2.4.2, figure 2.10; Zaheer et al. 2020, section 2, https://arxiv.org/abs/2007.14062.
    """
    return longformer_mask(length, width, global_positions) | random_mask(length, random_keys, generator)
