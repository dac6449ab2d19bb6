"""Blocks made by counting places in one long row of numbered tokens."""

import pytest

from minillm.grading.expect import equal, is_true

NAMES = ["input_ids", "attention_mask", "special_tokens_mask"]


def texts(rng, count, most=9):
    """Token columns: the ids are numbered through, so that each place can be told from all others."""
    lengths = rng.integers(0, most, size=count).tolist()
    start, ids = int(rng.integers(1000)), []
    for size in lengths:
        ids.append(list(range(start, start + size)))
        start += size
    masks = [rng.integers(0, 2, size=size).tolist() for size in lengths]
    words = [[f"w{token}" for token in row] for row in ids]
    return {"input_ids": ids, "attention_mask": masks, "tokens": words}


def others(rng, count):
    """Columns that hold no tokens. The strings are longer than the texts have tokens."""
    return {
        "text": ["习惯 " * int(rng.integers(20, 40)) for _ in range(count)],
        "id": rng.integers(10**6, size=count).tolist(),
        "score": [None if x < 0.3 else float(x) for x in rng.random(count)],
    }


def flat(rows):
    return [token for row in rows for token in row]


def blocks(rows, length):
    tokens = flat(rows)
    count = len(tokens) // length
    return [tokens[i * length : (i + 1) * length] for i in range(count)]


def grouped(columns, length):
    return {name: blocks(rows, length) for name, rows in columns.items()}


def mistakes(columns, length):
    def each(cut):
        return {name: cut(rows) for name, rows in columns.items()}

    def pieces(tokens, step):
        return [tokens[i : i + length] for i in range(0, len(tokens), step)]

    return {
        "remainder_kept": each(lambda rows: pieces(flat(rows), length)),
        "each_text_alone": each(
            lambda rows: [block for row in rows for block in blocks([row], length)]
        ),
        "overlap": each(
            lambda rows: [
                block
                for block in pieces(flat(rows), max(length - 1, 1))
                if len(block) == length
            ]
        ),
        "block_missing": each(lambda rows: blocks(rows, length)[:-1]),
    }


def counted(batch, length, keep):
    """What the book's program gives: the first column says how many tokens there are."""
    rows = {
        name: list("".join(rows)) if name == "text" else flat(rows)
        for name, rows in batch.items()
    }
    whole = len(next(iter(rows.values()))) // length * length
    return {
        name: [tokens[i : i + length] for i in range(0, whole, length)]
        for name, tokens in rows.items()
        if name in keep
    }


def test_blocks(submission, rng):
    for count, length in [(1, 1), (6, 4), (int(rng.integers(20, 40)), 7)]:
        columns = texts(rng, count)
        columns["input_ids"][0] = list(range(50, 59))
        columns["attention_mask"][0] = [1] * 9
        columns["tokens"][0] = ["w"] * 9
        equal(
            submission.group_texts(columns, length),
            grouped(columns, length),
            causes=mistakes(columns, length),
        )


def test_other_columns(submission, rng):
    """With the text first, last and between, and with other columns of all kinds."""
    count, length = int(rng.integers(8, 16)), 5
    columns = texts(rng, count)
    for name, token in [("input_ids", 7), ("attention_mask", 1), ("tokens", "w")]:
        columns[name][0] = [token] * 8
    more = others(rng, count)
    text = {"text": more["text"]}
    between = {"input_ids": columns["input_ids"]} | text | columns
    for batch in (text | columns, columns | text, between, more | columns):
        right = grouped(
            {name: batch[name] for name in batch if name in columns}, length
        )
        causes = {
            "other_columns_kept": {name: right.get(name, batch[name]) for name in batch}
        }
        got = submission.group_texts(batch, length)
        if next(iter(batch)) == "text" and "id" not in batch:
            keep = batch if isinstance(got, dict) and "text" in got else columns
            causes["characters"] = counted(batch, length, keep)
        equal(got, right, causes=causes)
        equal(list(got), list(right))


def test_no_token_lost_or_doubled(submission, rng):
    """In whatever lengths the tokens come, they come out once, in order, and the end is short of a block."""
    for length in (1, 3, 8, int(rng.integers(10, 30))):
        columns = texts(rng, 60)
        tokens = flat(columns["input_ids"])
        got = submission.group_texts(columns, length)
        equal(sorted(got), sorted(columns))
        for name, rows in got.items():
            is_true(
                all(type(row) is list and len(row) == length for row in rows),
                f"a block of {name} has not {length} tokens",
                cause="remainder_kept"
                if all(0 < len(row) <= length for row in rows)
                else "",
            )
        out = flat(got["input_ids"])
        is_true(len(out) == len(set(out)), "a token comes twice", cause="overlap")
        lost = len(tokens) - len(out)
        is_true(
            0 <= lost < length,
            f"{lost} tokens are missing, which is a block of {length} or more",
            cause="block_missing" if length <= lost < 2 * length else "",
        )
        equal(out, tokens[: len(out)])
        equal(flat(got["attention_mask"]), flat(columns["attention_mask"])[: len(out)])


def test_few_tokens(submission, rng):
    """Less than a block, exactly one, exactly two, and nothing at all."""
    length = int(rng.integers(4, 9))
    for total in (0, 1, length - 1, length, length + 1, 2 * length):
        ids = rng.integers(5, 1000, size=total).tolist()
        cut = int(rng.integers(total + 1))
        columns = {"input_ids": [[], ids[:cut], [], ids[cut:], []]}
        columns["attention_mask"] = [[1] * len(row) for row in columns["input_ids"]]
        causes = {
            name: wrong
            for name, wrong in mistakes(columns, length).items()
            if name in ("remainder_kept", "block_missing")
        }
        equal(
            submission.group_texts(columns, length),
            grouped(columns, length),
            causes=causes,
        )


def test_columns_that_do_not_fit(submission, rng):
    for _ in range(3):
        columns = texts(rng, 8)
        equal(submission.group_texts(columns, 3), grouped(columns, 3))
        row = int(rng.integers(8))
        shorter = columns | {"attention_mask": [*columns["attention_mask"]]}
        shorter["attention_mask"][row] = shorter["attention_mask"][row] + [1]
        shifted = columns | {"attention_mask": [*columns["attention_mask"]]}
        shifted["attention_mask"][0] = [1] * (len(columns["input_ids"][0]) + 1)
        shifted["attention_mask"][1] = [1] * (len(columns["input_ids"][1]) + 2)
        for wrong in (shorter, shifted):
            with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
                submission.group_texts(wrong, 3)
    # As many tokens in all, and each text's own number is another.
    moved = {"input_ids": [[1, 2], [3]], "attention_mask": [[1], [1, 1]]}
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        submission.group_texts(moved, 3)


def test_stream(submission, rng):
    for length in (2, 7, 25):
        start, batches, right, left = 0, [], [], []
        for count in (3, 6, 1, 4):
            rows = []
            for size in rng.integers(0, 9, size=count).tolist():
                rows.append(list(range(start, start + size)))
                start += size
            batches.append({"text": ["a long text"] * count, "input_ids": rows})
            tokens = left + flat(rows)
            right.append({"input_ids": blocks([tokens], length)})
            left = tokens[len(tokens) - len(tokens) % length :]
        alone = [{"input_ids": blocks(batch["input_ids"], length)} for batch in batches]
        got = list(submission.group_stream(batches, length))
        equal(got, right, causes={"left_behind": alone})
