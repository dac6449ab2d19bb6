# fails: test_small_tables
# idea: counts shorter strings as well

import math


def joint_size(vocabulary, length):
    return sum(vocabulary**shorter for shorter in range(length + 1))


def log10_size(vocabulary, length):
    return length * math.log10(vocabulary)


def ngram_parameters(vocabulary, order):
    return vocabulary ** (order - 1) * (vocabulary - 1)
