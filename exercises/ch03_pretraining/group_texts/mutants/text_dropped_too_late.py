# fails: test_other_columns
# idea: counts by the first column and drops the text afterwards

from itertools import chain


def group_texts(batch, length):
    kinds = (list, str)
    joined = {
        name: list(chain(*rows))
        for name, rows in batch.items()
        if isinstance(rows[0], kinds)
    }
    total = len(joined[next(iter(joined))])
    total = total // length * length
    return {
        name: [tokens[i : i + length] for i in range(0, total, length)]
        for name, tokens in joined.items()
        if isinstance(batch[name][0], list)
    }


def group_stream(batches, length):
    for batch in batches:
        yield group_texts(batch, length)
