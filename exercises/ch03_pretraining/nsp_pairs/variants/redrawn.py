# idea: draws documents again until another one comes; builds the row from pairs of id and segment

import random


def sentence_pairs(documents, seed):
    random.seed(seed)
    documents = list(filter(None, documents))
    if len(documents) in (0, 1):
        raise ValueError
    pairs = []
    for document in documents:
        for i, sentence in enumerate(document[:-1]):
            label = random.getrandbits(1)
            if label == 0:
                second = document[i + 1]
            else:
                other = document
                while other is document:
                    other = random.choice(documents)
                second = random.choice(other)
            pairs.append((sentence, second, label))
    return pairs


def lay_out(first, second, cls_id, sep_id, pad_id, length):
    a, b = list(first), list(second)
    for _ in range(len(a) + len(b) + 3 - length):
        if len(b) >= len(a):
            del b[-1]
        else:
            del a[-1]
    row = [(token, 0) for token in [cls_id] + a + [sep_id]]
    row += [(token, 1) for token in b + [sep_id]]
    real = [True for _ in row]
    while len(row) < length:
        row.append((pad_id, 0))
        real.append(False)
    ids, segments = map(list, zip(*row))
    return ids, segments, real
