# fails: test_interpolation
# idea: every word is as probable as every other

def add_k(counts, history, word, k, vocabulary):
    return 1 / len(vocabulary)


def interpolated(counts, history, word, weights, vocabulary):
    return 1 / len(vocabulary)
