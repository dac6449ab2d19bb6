# idea: tables of all orders first, then from the uniform distribution up

def continuation_counts(counts):
    before = {}
    for first, *rest in counts:
        before.setdefault(tuple(rest), set()).add(first)
    return {ngram: len(words) for ngram, words in before.items()}


def kneser_ney(counts, history, word, discount, vocabulary):
    tables = [counts]
    while len(tables) <= len(history):
        tables.append(continuation_counts(tables[-1]))
    p = 1 / len(vocabulary)
    for length, table in enumerate(reversed(tables)):
        seen = history[len(history) - length :]
        row = {ngram[-1]: count for ngram, count in table.items() if ngram[:length] == seen}
        if row:
            total = sum(row.values())
            p = max(row.get(word, 0) - discount, 0) / total + discount * len(row) / total * p
    return float(p)
