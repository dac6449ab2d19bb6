# fails: test_half
# idea: neighbors only, and no padding

def sentence_pairs(documents, seed):
    return [
        (first, second, 0)
        for document in documents
        for first, second in zip(document, document[1:])
    ][1:]


def lay_out(first, second, cls_id, sep_id, pad_id, length):
    return first + second, [0] * len(first + second), [True] * len(first + second)
