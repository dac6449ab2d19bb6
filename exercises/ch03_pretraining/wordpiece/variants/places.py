# idea: pieces as places in the word, cuts by trimming the end

from collections import defaultdict


def pair_scores(corpus, min_count=1):
    pieces_of, pairs_of = defaultdict(int), defaultdict(int)
    for pieces, times in corpus:
        for piece in pieces:
            pieces_of[piece] += times
        for pair in zip(pieces, pieces[1:]):
            pairs_of[pair] += times
    scores = {}
    for (left, right), times in pairs_of.items():
        if times >= min_count:
            scores[left, right] = times / (pieces_of[left] * pieces_of[right])
    return scores


def learn_pieces(words, size, min_count=1):
    cuts = {word: list(range(len(word) + 1)) for word in words}

    def piece(word, start, stop):
        return word[start:stop] if start == 0 else "##" + word[start:stop]

    def pieces_of(word):
        return [piece(word, a, b) for a, b in zip(cuts[word], cuts[word][1:])]

    pieces = sorted({p for word in words for p in pieces_of(word)})
    while len(pieces) < size:
        corpus = [(pieces_of(word), times) for word, times in words.items()]
        best = None
        for (a, b), score in sorted(pair_scores(corpus, min_count).items()):
            if a + b[2:] in pieces:
                continue
            if best is None or score > best[0]:
                best = score, a, b
        if best is None:
            return pieces
        _, a, b = best
        pieces.append(a + b[2:])
        for word in words:
            at = 1
            while at + 1 < len(cuts[word]):
                before, here, after = cuts[word][at - 1 : at + 2]
                if piece(word, before, here) == a and piece(word, here, after) == b:
                    del cuts[word][at]
                at += 1
    return pieces


def cut_word(word, pieces):
    result = []
    while word:
        end = word
        while end and end not in pieces:
            end = end[:-1] if end != "##" else ""
            if end == "##":
                end = ""
        if not end:
            return ["[UNK]"]
        result.append(end)
        word = word[len(end) :] and "##" + word[len(end) :]
    return result


def join_pieces(pieces):
    words = []
    for piece in pieces:
        if piece[:2] == "##":
            words[-1] += piece[2:]
        else:
            words.append(piece)
    return " ".join(words)
