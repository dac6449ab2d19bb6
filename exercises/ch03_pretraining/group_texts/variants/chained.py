# idea: chain and zip; the stream puts what is left in front as one more text

from itertools import chain


def token_columns(batch):
    return {name: rows for name, rows in batch.items() if isinstance(rows[0], list)}


def group_texts(batch, length):
    columns = token_columns(batch)
    sizes = [list(map(len, rows)) for rows in columns.values()]
    if any(row != sizes[0] for row in sizes):
        raise ValueError("some text has different lengths in two columns")
    return {
        name: list(map(list, zip(*[iter(chain.from_iterable(rows))] * length)))
        for name, rows in columns.items()
    }


def group_stream(batches, length):
    rest = None
    for batch in batches:
        columns = token_columns(batch)
        if rest is not None:
            columns = {name: [rest[name], *rows] for name, rows in columns.items()}
        blocks = group_texts(columns, length)
        rest = {
            name: list(chain.from_iterable(rows))[len(blocks[name]) * length :]
            for name, rows in columns.items()
        }
        yield blocks
