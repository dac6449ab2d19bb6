# idea: one number at a time

import math

import numpy as np


def frequency(i, width, base):
    return math.exp(-2 * i / width * math.log(base))


def sinusoid(length, width, base=10_000.0):
    table = np.empty((length, width))
    for p in range(length):
        for i in range(width // 2):
            table[p, 2 * i] = math.sin(p * frequency(i, width, base))
            table[p, 2 * i + 1] = math.cos(p * frequency(i, width, base))
    return table


def shift_matrix(offset, width, base=10_000.0):
    matrix = np.eye(width)
    for i in range(width // 2):
        a = offset * frequency(i, width, base)
        matrix[2 * i, 2 * i] = matrix[2 * i + 1, 2 * i + 1] = math.cos(a)
        matrix[2 * i, 2 * i + 1] = -math.sin(a)
        matrix[2 * i + 1, 2 * i] = math.sin(a)
    return matrix
