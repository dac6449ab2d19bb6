# idea: numpy for the logarithm, recursion for the power

import numpy as np


def joint_size(vocabulary, length):
    return 1 if length == 0 else vocabulary * joint_size(vocabulary, length - 1)


def log10_size(vocabulary, length):
    return float(np.log10(vocabulary) * length)


def ngram_parameters(vocabulary, order):
    return (vocabulary - 1) * joint_size(vocabulary, order - 1)
