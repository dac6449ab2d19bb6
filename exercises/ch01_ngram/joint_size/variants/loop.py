# idea: multiplies word by word, and takes the logarithm of the integer

import math


def joint_size(vocabulary, length):
    size = 1
    for _ in range(length):
        size *= vocabulary
    return size


def log10_size(vocabulary, length):
    return math.log10(joint_size(vocabulary, length))


def ngram_parameters(vocabulary, order):
    rows = joint_size(vocabulary, order - 1)
    return rows * vocabulary - rows
