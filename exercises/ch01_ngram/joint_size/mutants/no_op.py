# fails: test_small_tables
# idea: gives the vocabulary's size back


def joint_size(vocabulary, length):
    return vocabulary


def log10_size(vocabulary, length):
    return vocabulary


def ngram_parameters(vocabulary, order):
    return vocabulary
