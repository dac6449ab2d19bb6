# fails: test_shift_matrix
# idea: fits a matrix to the first places

import numpy as np


def sinusoid(length: int, width: int, base: float = 10_000.0) -> np.ndarray:
    angle = np.outer(np.arange(length), base ** (-np.arange(0, width, 2) / width))
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(length, width)


def shift_matrix(offset: int, width: int, base: float = 10_000.0) -> np.ndarray:
    pe = sinusoid(abs(offset) + width, width, base)
    first, second = pe[: len(pe) - abs(offset)], pe[abs(offset) :]
    return np.linalg.pinv(first) @ second if offset >= 0 else np.linalg.pinv(second) @ first
    for i in range(0, width, 2):
        angle = offset * base ** (-i / width)
        cosine, sine = np.cos(angle), np.sin(angle)
        matrix[i : i + 2, i : i + 2] = [[cosine, -sine], [sine, cosine]]
    return matrix
