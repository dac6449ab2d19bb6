# idea: one row a history, built once a call

def ngram_counts(sentences, n):
    counts = {}
    for sentence in sentences:
        window = ("<s>",)
        for word in [*sentence, "</s>"]:
            window = (*window, word)[-n:]
            if len(window) == n:
                counts[window] = counts.get(window, 0) + 1
    return counts


def mle(counts, history):
    rows = {}
    for (*before, word), count in counts.items():
        rows.setdefault(tuple(before), {})[word] = count
    row = rows.get(history, {})
    return {word: count / sum(row.values()) for word, count in row.items()}
