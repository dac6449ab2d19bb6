# idea: the block is solved from sines and cosines of two places

import numpy as np


def sinusoid(length, width, base=10_000.0):
    dimension = np.arange(width)
    angle = np.arange(length)[:, None] / base ** ((dimension - dimension % 2) / width)
    return np.sin(angle + (dimension % 2) * np.pi / 2)


def shift_matrix(offset, width, base=10_000.0):
    blocks = []
    for i in range(0, width, 2):
        turn = offset / base ** (i / width)
        start = np.array([[0.0, 1.0], [1.0, 0.0]])
        end = np.array([[np.sin(turn), np.cos(turn)], [np.sin(turn + np.pi / 2), np.cos(turn + np.pi / 2)]])
        blocks.append(np.linalg.solve(start, end))
    matrix = np.zeros((width, width))
    for i, block in enumerate(blocks):
        matrix[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = block
    return matrix
