# idea: numpy's generator, and places computed instead of lists grown

import numpy as np


def sentence_pairs(documents, seed):
    rng = np.random.default_rng(seed)
    numbers = [d for d in range(len(documents)) if len(documents[d])]
    if len(numbers) <= 1:
        raise ValueError("no other document to draw from")
    result = []
    for d in numbers:
        for i in range(len(documents[d]) - 1):
            if rng.integers(2):
                result.append((documents[d][i], documents[d][i + 1], 0))
                continue
            other = rng.choice([n for n in numbers if n != d])
            where = rng.integers(len(documents[other]))
            result.append((documents[d][i], documents[other][where], 1))
    return result


def lay_out(first, second, cls_id, sep_id, pad_id, length):
    a, b, room = len(first), len(second), length - 3
    if a + b > room:
        half = (room + 1) // 2
        if a <= half and a <= room - a:
            b = room - a
        elif b <= room // 2:
            a = room - b
        else:
            a, b = half, room // 2
    ids = np.full(length, pad_id)
    ids[: a + b + 3] = [cls_id, *first[:a], sep_id, *second[:b], sep_id]
    place = np.arange(length)
    segments = (place > a + 1) & (place < a + b + 3)
    return ids.tolist(), segments.astype(int).tolist(), (place < a + b + 3).tolist()
