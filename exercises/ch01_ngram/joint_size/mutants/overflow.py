# fails: test_logarithm
# idea: takes the logarithm of a float that cannot hold the number

import math


def joint_size(vocabulary, length):
    return vocabulary**length


def log10_size(vocabulary, length):
    return math.log10(float(vocabulary) ** length)


def ngram_parameters(vocabulary, order):
    return vocabulary ** (order - 1) * (vocabulary - 1)
