# idea: adds up what each word really gives up

def continuation_counts(counts):
    result = {}
    for ngram in counts:
        result[ngram[1:]] = result.get(ngram[1:], 0) + 1
    return result


def kneser_ney(counts, history, word, discount, vocabulary):
    below = 1.0 / len(vocabulary)
    if history:
        below = kneser_ney(continuation_counts(counts), history[1:], word, discount, vocabulary)
    row = {ngram[-1]: count for ngram, count in counts.items() if ngram[:-1] == history}
    if not row:
        return below
    kept = {w: max(count - discount, 0.0) for w, count in row.items()}
    freed = sum(row.values()) - sum(kept.values())
    return (kept.get(word, 0.0) + freed * below) / sum(row.values())
