# fails: test_other_columns
# idea: the book's program: the first column says how many blocks there are

from itertools import chain


def group_texts(batch, length):
    joined = {name: list(chain(*rows)) for name, rows in batch.items()}
    total = len(joined[next(iter(batch))])
    total = total // length * length
    return {
        name: [tokens[i : i + length] for i in range(0, total, length)]
        for name, tokens in joined.items()
    }


def group_stream(batches, length):
    for batch in batches:
        yield group_texts(batch, length)
