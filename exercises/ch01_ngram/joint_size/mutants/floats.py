# fails: test_the_books_figure
# idea: computes with floats and rounds in the end

import math


def joint_size(vocabulary, length):
    return int(float(vocabulary) ** length)


def log10_size(vocabulary, length):
    return length * math.log10(vocabulary)


def ngram_parameters(vocabulary, order):
    return vocabulary ** (order - 1) * (vocabulary - 1)
