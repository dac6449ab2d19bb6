"""Closed-form discounts from counts of counts, and what to do where they make no sense."""

import warnings

import numpy as np
from jaxtyping import Int

# What lmplz --discount_fallback takes from counts of 1, of 2, and of 3 or more.
FALLBACK = (0.5, 1.0, 1.5)

Discounts = tuple[float, float, float]


class DiscountWarning(UserWarning):
    """The counts are too few or too regular for an estimate, and fixed numbers were used in its place."""


def warn_fallback(what: str, order: int, reason: str, instead: str) -> None:
    """Say that an estimate was replaced.

    Args:
        what: The name of the estimate.
        order: The order of the n-grams it was for.
        reason: Why it could not be used.
        instead: What is used now.

    Example:
        >>> warn_fallback("discount", 2, "no bigram occurs twice", "0.5")  # doctest: +SKIP
    """
    message = f"{what} for order {order}: {reason}; using {instead} (usual for small or artificial text)"
    warnings.warn(message, DiscountWarning, stacklevel=2)


def counts_of_counts(counts: Int[np.ndarray, "ngrams"], largest: int) -> Int[np.ndarray, "largest"]:
    """How many n-grams occur exactly once, twice, ... up to ``largest`` times.

    Args:
        counts: One count an n-gram; zeros are not looked at.
        largest: The last count of interest.

    Returns:
        n_1 to n_largest.

    Example:
        >>> counts_of_counts(np.array([1, 1, 2, 5]), 3).tolist()
        [2, 1, 0]
    """
    return np.bincount(counts[counts <= largest], minlength=largest + 1)[1:]


def absolute_discount(n1: int, n2: int) -> float:
    """The one discount of absolute and Kneser-Ney smoothing.

    Args:
        n1: Number of n-grams that occur once.
        n2: Number of n-grams that occur twice.

    Returns:
        n1 / (n1 + 2 n2), which is meaningful when both are positive.

    Example:
        >>> absolute_discount(6, 2)
        0.6

    Source: Ney, Essen and Kneser (1994).
    """
    return n1 / (n1 + 2 * n2)


def modified_discounts(n1: int, n2: int, n3: int, n4: int) -> Discounts:
    """The three discounts of modified Kneser-Ney smoothing, for counts of 1, of 2, and of 3 or more.

    Args:
        n1: Number of n-grams that occur once, which must be positive like n2 and n3.
        n2: Number of n-grams that occur twice.
        n3: Number of n-grams that occur three times.
        n4: Number of n-grams that occur four times.

    Returns:
        D_i = i - (i + 1) Y n_{i+1} / n_i with Y = n1 / (n1 + 2 n2); out of range (below 0) on unfit counts.

    Example:
        >>> modified_discounts(8, 4, 2, 1)
        (0.5, 1.25, 2.0)

    Source: Chen and Goodman (1998), section 3.
    """
    y = absolute_discount(n1, n2)
    return 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3


def estimate_absolute(counts: Int[np.ndarray, "ngrams"], order: int) -> Discounts:
    """The absolute discount of one order, as the same number for every count.

    Args:
        counts: One (adjusted) count an n-gram.
        order: The order, for the warning.

    Returns:
        (D, D, D); D is 0.5, with a ``DiscountWarning``, when no n-gram occurs once or none occurs twice.

    Example:
        >>> estimate_absolute(np.array([1, 1, 1, 2]), 2)
        (0.6, 0.6, 0.6)
    """
    n1, n2 = counts_of_counts(counts, 2).tolist()
    if n1 and n2:
        discount = absolute_discount(n1, n2)
    else:
        discount = FALLBACK[0]
        warn_fallback("absolute discount", order, f"n1 = {n1} and n2 = {n2}", str(discount))
    return discount, discount, discount


def estimate_modified(counts: Int[np.ndarray, "ngrams"], order: int) -> Discounts:
    """The modified Kneser-Ney discounts of one order.

    Args:
        counts: One (adjusted) count an n-gram.
        order: The order, for the warning.

    Returns:
        D1, D2, D3+; ``FALLBACK``, with a ``DiscountWarning``, when n1, n2 or n3 is zero or a discount falls below zero.

    Example:
        >>> estimate_modified(np.repeat([1, 2, 3, 4], [8, 4, 2, 1]), 2)
        (0.5, 1.25, 2.0)
    """
    n = counts_of_counts(counts, 4).tolist()
    if not all(n[:3]):
        reason = "n1, n2, n3 = " + ", ".join(map(str, n[:3]))
    else:
        discounts = modified_discounts(*n)
        if min(discounts) >= 0:
            return discounts
        reason = "D1, D2, D3+ = " + ", ".join(f"{discount:.3g}" for discount in discounts)
    warn_fallback("modified Kneser-Ney discounts", order, reason, "0.5, 1, 1.5")
    return FALLBACK
