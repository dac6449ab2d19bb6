# fails: test_bigrams
# idea: always answers 0

def continuation_counts(counts):
    return {}


def kneser_ney(counts, history, word, discount, vocabulary):
    return 0.0
