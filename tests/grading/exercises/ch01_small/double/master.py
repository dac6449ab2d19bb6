"""Twice as much."""

import numpy as np


def double(x: np.ndarray) -> np.ndarray:
    """Every number, times two."""
    # solution:
    return 2 * x
    # stub:
    raise NotImplementedError("multiply by two")
    # end
