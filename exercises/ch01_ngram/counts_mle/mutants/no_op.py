# fails: test_counts
# idea: nothing is counted

def ngram_counts(sentences, n):
    return {}


def mle(counts, history):
    return {}
