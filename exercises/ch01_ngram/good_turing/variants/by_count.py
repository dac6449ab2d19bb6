# idea: one adjusted count for each count, then a second pass over the words

def counts_of_counts(counts):
    n = {}
    for r in counts.values():
        n[r] = n.get(r, 0) + 1
    return n


def good_turing(counts, vocabulary, cutoff):
    n, length = counts_of_counts(counts), sum(counts.values())
    unseen = len(vocabulary) - len(counts)
    p0 = 0.0 if unseen == 0 else n.get(1, 0) / length
    star = {r: (r + 1) * n[r + 1] / n[r] if r <= cutoff and n.get(r + 1) else r for r in n}
    scale = (1 - p0) / sum(n[r] * star[r] for r in n)
    return {w: star[counts[w]] * scale if w in counts else p0 / unseen for w in vocabulary}
