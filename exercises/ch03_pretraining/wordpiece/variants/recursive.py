# idea: dictionaries of counts, cuts by recursion, a trie of nothing but slices

def pair_scores(corpus, min_count=1):
    one, two = {}, {}
    for pieces, times in corpus:
        for i in range(len(pieces)):
            one[pieces[i]] = one.get(pieces[i], 0) + times
        for i in range(len(pieces) - 1):
            key = pieces[i], pieces[i + 1]
            two[key] = two.get(key, 0) + times
    return {k: n / (one[k[0]] * one[k[1]]) for k, n in two.items() if not n < min_count}


def learn_pieces(words, size, min_count=1):
    splits = {w: tuple((i > 0) * "##" + c for i, c in enumerate(w)) for w in words}
    pieces = sorted(set().union(*splits.values()))
    known = set(pieces)
    for _ in range(size - len(pieces)):
        scores = pair_scores([(list(splits[w]), words[w]) for w in words], min_count)
        ranked = sorted(scores.items())
        ranked.sort(key=lambda item: item[1], reverse=True)
        ranked = [(a, b) for (a, b), _ in ranked if a + b.lstrip("#") not in known]
        if not ranked:
            break
        a, b = ranked[0]
        both = a + b[2:]
        pieces.append(both)
        known.add(both)
        for word, split in splits.items():
            new = []
            for piece in split:
                if new and new[-1] == a and piece == b:
                    new[-1] = both
                else:
                    new.append(piece)
            splits[word] = tuple(new)
    return pieces


def cut_word(word, pieces, mark=""):
    if word == "":
        return []
    known = set(pieces)
    end = max((n for n in range(len(word) + 1) if n and mark + word[:n] in known), default=0)
    if end == 0:
        return ["[UNK]"]
    rest = cut_word(word[end:], pieces, "##")
    return rest if rest == ["[UNK]"] else [mark + word[:end], *rest]


def join_pieces(pieces):
    text = ""
    for piece in pieces:
        if piece.startswith("##"):
            text += piece[2:]
        else:
            text += (" " if text else "") + piece
    return text
