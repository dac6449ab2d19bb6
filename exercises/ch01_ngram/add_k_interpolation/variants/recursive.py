# idea: recursion from the longest history down, row sums from the n-grams themselves

def add_k(counts, history, word, k, vocabulary):
    row = sum(count for ngram, count in counts.items() if ngram[:-1] == history)
    return (counts.get(history + (word,), 0) + k) / (row + k * len(vocabulary))


def interpolated(counts, history, word, weights, vocabulary):
    if not counts:
        return 1.0 / len(vocabulary)
    *shorter_counts, ngrams = counts
    *shorter_weights, weight = weights
    below = interpolated(shorter_counts, history[1:], word, shorter_weights, vocabulary)
    total = sum(count for ngram, count in ngrams.items() if ngram[:-1] == history)
    if total == 0:
        return below
    return below + weight * (ngrams.get(history + (word,), 0) / total - below)
