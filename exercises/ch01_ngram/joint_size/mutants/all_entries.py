# fails: test_ngram_parameters
# idea: counts every entry as free

import math


def joint_size(vocabulary, length):
    return vocabulary**length


def log10_size(vocabulary, length):
    return length * math.log10(vocabulary)


def ngram_parameters(vocabulary, order):
    return vocabulary**order
