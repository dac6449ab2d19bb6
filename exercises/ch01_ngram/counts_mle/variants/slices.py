# idea: zip of shifted lists, and a defaultdict turned into a dict

from collections import defaultdict


def ngram_counts(sentences, n):
    counts = defaultdict(int)
    for sentence in sentences:
        words = ["<s>"] + sentence + ["</s>"]
        for ngram in zip(*(words[i:] for i in range(n)), strict=False):
            if ngram != ("<s>",):
                counts[ngram] += 1
    return dict(counts)


def mle(counts, history):
    total = sum(count for ngram, count in counts.items() if ngram[:-1] == history)
    return {ngram[-1]: count / total for ngram, count in counts.items() if ngram[:-1] == history}
