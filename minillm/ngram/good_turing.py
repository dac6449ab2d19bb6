"""Good-Turing: what an observed count is worth once the mass of the unseen has been set aside."""

import numpy as np
from jaxtyping import Float, Int

from minillm.ngram.discounts import FALLBACK, counts_of_counts, warn_fallback

KATZ_CUTOFF = 5


def simple_good_turing(r: Int[np.ndarray, "kinds"], n: Int[np.ndarray, "kinds"]) -> Float[np.ndarray, "kinds"] | None:
    """Adjusted counts by Gale and Sampson's method: Turing's estimate while it is reliable, a fitted line after.

    Args:
        r: The counts that occur, ascending, all positive.
        n: How many n-grams have each of these counts.

    Returns:
        One adjusted count r* for each r, scaled so that together they leave the share n_1 / N to the unseen; None when
        no line can be fitted (fewer than two kinds of count, nothing seen once, or a slope of -1 or above).

    Example:
        >>> simple_good_turing(np.array([1, 2, 3]), np.array([60, 20, 10])).round(3).tolist()
        [0.478, 1.144, 1.847]

    Source: Gale and Sampson (1995), "Good-Turing frequency estimation without tears".
    """
    if len(r) < 2 or r[0] != 1:
        return None
    after = np.append(r[1:], 2 * r[-1] - r[-2])
    spread = 2 * n / (after - np.append(0, r[:-1]))
    slope, _ = np.polyfit(np.log(r), np.log(spread), 1)
    if slope >= -1:
        return None
    adjusted = (r + 1) * (1 + 1 / r) ** slope
    for i in range(len(r) - 1):
        turing = (r[i] + 1) * n[i + 1] / n[i]
        deviation = (r[i] + 1) * np.sqrt(n[i + 1] * (1 + n[i + 1] / n[i])) / n[i]
        if r[i + 1] != r[i] + 1 or abs(turing - adjusted[i]) <= 1.96 * deviation:
            break
        adjusted[i] = turing
    total = float(r @ n)
    return adjusted * ((total - n[0]) / (n @ adjusted))


def adjusted_counts(
    counts: Int[np.ndarray, "ngrams"], unseen: int, order: int
) -> tuple[Float[np.ndarray, "ngrams"], float]:
    """What each seen n-gram, and each unseen one, is worth in Good-Turing smoothing.

    Args:
        counts: One count an n-gram, zero for none.
        unseen: Among how many unseen n-grams the freed mass is shared.
        order: The order, for the warning.

    Returns:
        The adjusted counts (0 where the count is 0), and the count that each unseen n-gram gets. Where no line can be
        fitted, the counts lose 0.5, 1 or 1.5 as in ``discounts.FALLBACK``, with a ``DiscountWarning``.

    Example:
        >>> worth, each_unseen = adjusted_counts(np.repeat([1, 2, 3], [60, 20, 10]), unseen=120, order=2)
        >>> round(float(worth[0]), 3), each_unseen
        (0.478, 0.5)
    """
    r, kind, n = np.unique(counts[counts > 0], return_inverse=True, return_counts=True)
    fitted = simple_good_turing(r, n)
    if fitted is None:
        reason = "counts of counts " + ", ".join(f"n{a} = {b}" for a, b in zip(r[:4], n[:4], strict=True))
        warn_fallback("Good-Turing", order, reason + " fit no line", "discounts 0.5, 1, 1.5")
        fitted = r - np.array(FALLBACK)[np.minimum(r, 3) - 1]
    worth = np.zeros(len(counts))
    worth[counts > 0] = fitted[kind]
    freed = float(r @ n - n @ fitted)
    return worth, freed / unseen if unseen else 0.0


def katz_ratios(counts: Int[np.ndarray, "ngrams"], order: int) -> Float[np.ndarray, "cutoff"]:
    """Katz's discount ratios for counts of 1 to 5; larger counts are trusted.

    Args:
        counts: One count an n-gram.
        order: The order, for the warning.

    Returns:
        d_r = (r*/r - A) / (1 - A) with r* = (r + 1) n_{r+1} / n_r and A = 6 n_6 / n_1. One that is not in (0, 1] is
        replaced by (r - D) / r with D from ``discounts.FALLBACK``, with a ``DiscountWarning``.

    Example:
        >>> katz_ratios(np.repeat([1, 2, 3, 4, 5, 6], [600, 200, 100, 60, 40, 28]), 2).round(3).tolist()
        [0.537, 0.653, 0.722, 0.769, 0.778]

    Source: Katz (1987).
    """
    r = np.arange(1, KATZ_CUTOFF + 1)
    n = counts_of_counts(counts, KATZ_CUTOFF + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = (KATZ_CUTOFF + 1) * n[-1] / n[0]
        ratios = ((r + 1) * n[1:] / n[:-1] / r - tail) / (1 - tail)
    sound = (ratios > 0) & (ratios <= 1)
    if not sound.all():
        reason = "n1 to n6 = " + ", ".join(map(str, n.tolist()))
        counts_of = ", ".join(map(str, r[~sound].tolist()))
        warn_fallback("Katz discounts", order, reason, f"discounts 0.5, 1, 1.5 for counts of {counts_of}")
    return np.where(sound, ratios, 1 - np.array(FALLBACK)[np.minimum(r, 3) - 1] / r)
