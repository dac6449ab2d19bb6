# fails: test_stream
# idea: puts what was left over behind the new tokens

from collections.abc import Iterable, Iterator


def group_texts(batch: dict[str, list], length: int) -> dict[str, list[list]]:
    (blocks,) = group_stream([batch], length)
    return blocks


def group_stream(
    batches: Iterable[dict[str, list]], length: int
) -> Iterator[dict[str, list[list]]]:
    left: dict[str, list] = {}
    for batch in batches:
        columns = {
            name: rows
            for name, rows in batch.items()
            if all(isinstance(row, list) for row in rows)
        }
        if len({tuple(map(len, rows)) for rows in columns.values()}) > 1:
            raise ValueError(f"rows differ in length between the columns {[*columns]}")
        blocks = {}
        for name, rows in columns.items():
            tokens = [token for row in rows for token in row] + left.get(name, [])
            whole = len(tokens) - len(tokens) % length
            blocks[name] = [tokens[i : i + length] for i in range(0, whole, length)]
            left[name] = tokens[whole:]
        yield blocks
