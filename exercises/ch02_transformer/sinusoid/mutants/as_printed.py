# fails: test_a_shift_exists
# idea: exponent doubled, and the cosine of the next frequency

import numpy as np


def sinusoid(length: int, width: int, base: float = 10_000.0) -> np.ndarray:
    result = np.zeros((length, width))
    for p in range(length):
        for i in range(0, width, 2):
            result[p, i] = np.sin(p / base ** (2 * i / width))
            result[p, i + 1] = np.cos(p / base ** (2 * (i + 1) / width))
    return result


def shift_matrix(offset: int, width: int, base: float = 10_000.0) -> np.ndarray:
    matrix = np.zeros((width, width))
    for i in range(0, width, 2):
        angle = offset * base ** (-i / width)
        cosine, sine = np.cos(angle), np.sin(angle)
        matrix[i : i + 2, i : i + 2] = [[cosine, -sine], [sine, cosine]]
    return matrix
