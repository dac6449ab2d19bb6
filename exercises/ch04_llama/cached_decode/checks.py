"""One text and one token at a time, with nothing kept; then caches that come from no text at all."""

import cmath
from itertools import pairwise

import torch

from minillm.grading.expect import close, equal, is_true

EXACT = {"rtol": 1e-9, "atol": 1e-10}
WIDTH, HEADS, SIZE, VOCAB = 12, 3, 4, 17


def draw(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape))


def weights_for(rng, width=WIDTH, heads=HEADS, size=SIZE):
    shapes = {"query": (width, heads * size), "key": (width, size)}
    shapes |= {"value": (width, size), "output": (heads * size, width)}
    shapes |= {"embedding": (VOCAB, width), "logits": (width, VOCAB)}
    return {name: draw(rng, *shape) / shape[0] ** 0.5 for name, shape in shapes.items()}


def spin(row, position):
    """One vector, its pairs as complex numbers."""
    size, result = len(row), []
    for i in range(0, size, 2):
        pair = complex(row[i], row[i + 1])
        pair *= cmath.exp(1j * int(position) * 10_000 ** (-i / size))
        result += [pair.real, pair.imag]
    return torch.tensor(result, dtype=torch.float64)


def keys_of(weights, x, start=0, turned=True):
    rows = x @ weights["key"]
    if not turned:
        return rows
    return torch.stack([spin(row, start + i) for i, row in enumerate(rows)])


def attend(
    weights, x, keys=None, values=None, *, restart=False, ahead=False, late=False
):
    """Tokens x of one text after the given keys and values; the switches are mistakes."""
    size = weights["key"].shape[1]
    past = 0 if keys is None else len(keys)
    start = 0 if restart else past
    new_keys, new_values = keys_of(weights, x, start), x @ weights["value"]
    keys = new_keys if keys is None else torch.cat([keys, new_keys])
    values = new_values if values is None else torch.cat([values, new_values])
    result = []
    for i, row in enumerate(x @ weights["query"]):
        seen = len(keys) if ahead else (0 if late else past) + i + 1
        mixed = []
        for q in row.split(size):
            shares = (keys[:seen] @ spin(q, start + i) / size**0.5).softmax(dim=0)
            mixed.append(shares @ values[:seen])
        result.append(torch.cat(mixed) @ weights["output"])
    return torch.stack(result)


def guesses(weights, prompt, count):
    """Reads the whole text anew for every token."""
    ids = list(prompt)
    for _ in range(count):
        x = weights["embedding"][torch.tensor(ids)]
        state = x[-1] + attend(weights, x)[-1]
        ids.append(int((state @ weights["logits"]).argmax()))
    return ids[len(prompt) :]


def all_real(x):
    return torch.ones(x.shape[:2], dtype=torch.bool)


def call(submission, weights, x, real, cache=None):
    """Result and cache, of the right types and shapes."""
    answer = submission.cached_attention(weights, x, real, cache)
    is_true(
        type(answer) is tuple and len(answer) == 2 and type(answer[1]) is dict,
        "cached_attention should return a tuple of the result and the new cache, a dict",
    )
    result, kept = answer
    is_true(isinstance(result, torch.Tensor), "the result should be a tensor")
    equal([str(result.dtype), list(result.shape)], ["torch.float64", list(x.shape)])
    equal(sorted(kept), ["keys", "real", "values"])
    before = 0 if cache is None else cache["real"].shape[1]
    slots, size = before + x.shape[1], weights["key"].shape[1]
    wanted = {"keys": (slots, size), "values": (slots, size), "real": (slots,)}
    for name, shape in wanted.items():
        found = list(getattr(kept[name], "shape", []))
        is_true(
            found == [len(x), *shape],
            f"after {before} + {x.shape[1]} tokens the shape of {name} in the cache is {found}, not {[len(x), *shape]}",
        )
    return result, kept


def test_whole_text(submission, rng):
    for batch, time in [(1, 1), (2, 5), (3, 8)]:
        weights, x = weights_for(rng), 2 * draw(rng, batch, time, WIDTH)
        got, _ = call(submission, weights, x, all_real(x))
        right = torch.stack([attend(weights, row) for row in x])
        causes = {
            "sees_ahead": torch.stack([attend(weights, row, ahead=True) for row in x])
        }
        close(got, right, causes=causes, **EXACT)


def test_what_is_kept(submission, rng):
    """Keys are kept turned, each at its own position, and those that are there are not touched."""
    weights, x = weights_for(rng), draw(rng, 2, 7, WIDTH)
    cache = None
    for first, last in [(0, 4), (4, 5), (5, 7)]:
        piece = x[:, first:last]
        _, cache = call(submission, weights, piece, all_real(piece), cache)
        so_far = x[:, :last]
        keys = torch.stack([keys_of(weights, row) for row in so_far])
        plain = torch.stack([keys_of(weights, row, turned=False) for row in so_far])
        again = torch.cat(
            [keys[:, :first], torch.stack([keys_of(weights, row) for row in piece])], 1
        )
        close(
            cache["keys"],
            keys,
            causes={"keys_not_turned": plain, "restarted": again},
            **EXACT,
        )
        close(cache["values"], so_far @ weights["value"], **EXACT)
        equal(cache["real"], all_real(so_far))


def test_pieces(submission, rng):
    """However a text is cut, each token gets what it gets in the whole."""
    for _ in range(2):
        weights, x = weights_for(rng), 2 * draw(rng, 2, 11, WIDTH)
        cuts = sorted({0, 11, *rng.integers(1, 11, size=3).tolist(), 9, 10})
        whole = torch.stack([attend(weights, row) for row in x])
        cache = None
        for first, last in pairwise(cuts):
            piece = x[:, first:last]
            got, cache = call(submission, weights, piece, all_real(piece), cache)
            causes = {}
            for name, switch in [
                ("restarted", "restart"),
                ("mask_of_the_new", "late"),
                ("sees_ahead", "ahead"),
            ]:
                wrong = [
                    attend(
                        weights,
                        row[first:last],
                        keys_of(weights, row[:first]) if first else None,
                        row[:first] @ weights["value"] if first else None,
                        **{switch: True},
                    )
                    for row in x
                ]
                causes[name] = torch.stack(wrong)
            close(got, whole[:, first:last], causes=causes, **EXACT)


def test_any_cache(submission, rng):
    """Keys and values of no text: the past is what the cache says, and nothing else."""
    weights, x = weights_for(rng), draw(rng, 2, 6, WIDTH)
    call(submission, weights, x[:, :5], all_real(x[:, :5]))
    cache = {"keys": draw(rng, 2, 5, SIZE), "values": draw(rng, 2, 5, SIZE)}
    cache["real"] = torch.ones(2, 5, dtype=torch.bool)
    step = x[:, 5:]
    got, _ = call(submission, weights, step, all_real(step), cache)
    both = zip(step, cache["keys"], cache["values"], strict=True)
    right = torch.stack([attend(weights, *row) for row in both])
    remembered = torch.stack([attend(weights, row)[5:] for row in x])
    close(got, right, causes={"read_again": remembered}, **EXACT)


def test_padding(submission, rng):
    """Texts of different length side by side, padding before, after and between: each as if it were alone."""
    for side in ("right", "left", "between"):
        weights, x = weights_for(rng), 2 * draw(rng, 3, 8, WIDTH)
        real = torch.ones(3, 8, dtype=torch.bool)
        for row, missing in enumerate(rng.permutation([0, 2, 3]).tolist()):
            start = {"right": 5 - missing, "left": 0, "between": 1}[side]
            real[row, start : start + missing] = False
        x = torch.where(real[..., None], x, 100.0)
        cache, parts = None, []
        for first, last in [(0, 5), (5, 6), (6, 8)]:
            got, cache = call(
                submission, weights, x[:, first:last], real[:, first:last], cache
            )
            parts.append(got)
        got = torch.cat(parts, dim=1)
        for row in range(3):
            alone = attend(weights, x[row, real[row]])
            causes = {
                "padding_seen": padded(weights, x[row], real[row], seen=True),
                "padding_placed": padded(weights, x[row], real[row], seen=False),
            }
            close(got[row, real[row]], alone, causes=causes, **EXACT)
        equal(cache["real"], real)


def padded(weights, x, real, seen):
    """One row with padding that is attended to, or that takes up positions."""
    size = weights["key"].shape[1]
    places = (real.long().cumsum(0) - 1 if seen else torch.arange(len(x))).tolist()
    keys = torch.stack(
        [spin(k, p) for k, p in zip(x @ weights["key"], places, strict=True)]
    )
    hidden = ~real & (not seen)
    result = []
    for i, row in enumerate(x @ weights["query"]):
        mixed = []
        for q in row.split(size):
            scores = keys[: i + 1] @ spin(q, places[i]) / size**0.5
            shares = scores.masked_fill(hidden[: i + 1], -torch.inf).softmax(dim=0)
            mixed.append(shares @ (x @ weights["value"])[: i + 1])
        result.append(torch.cat(mixed) @ weights["output"])
    return torch.stack(result)[real]


def test_continue_text(submission, rng):
    for _ in range(3):
        weights = weights_for(rng)
        weights["logits"] *= 3
        prompts = [
            rng.integers(VOCAB, size=n).tolist()
            for n in (1, int(rng.integers(2, 9)), 4)
        ]
        count = 9
        right = [guesses(weights, prompt, count) for prompt in prompts]
        equal(submission.continue_text(weights, prompts, count), right)
    equal(submission.continue_text(weights, [[3], [1, 2]], 0), [[], []])


def test_work(submission, rng):
    """The largest tensor of a step is that of the cache, not of the text: vectors are 16 times as wide as keys."""
    weights = weights_for(rng, width=64, heads=2, size=4)
    x = draw(rng, 2, 301, 64)
    before = x[:, :300]
    keys = torch.from_numpy(rng.standard_normal((2, 300, 4)))
    cache = {"keys": keys, "values": before @ weights["value"]}
    cache["real"] = torch.ones(2, 300, dtype=torch.bool)
    with submission.measure() as seen:
        got = submission.cached_attention(
            weights, x[:, 300:], torch.ones(2, 1, dtype=torch.bool), cache
        )
    both = zip(x[:, 300:], cache["keys"], cache["values"], strict=True)
    right = torch.stack([attend(weights, *row) for row in both])
    is_true(type(got) is tuple and len(got) == 2, "a tuple of two is expected")
    close(got[0], right, **EXACT)
    is_true(
        0 < seen.largest_elements <= 10_000,
        f"one step after 300 tokens makes a tensor of {seen.largest_elements:,} numbers; the keys of both rows are 2,408",
        cause="whole_mask" if seen.largest_elements < 301 * 301 * 3 else "",
    )

    weights["logits"] *= 3
    prompts = [rng.integers(VOCAB, size=n).tolist() for n in (3, 5)]
    with submission.measure() as seen:
        got = submission.continue_text(weights, prompts, 60)
    right = [guesses(weights, prompt, 3) for prompt in prompts]
    is_true(
        type(got) is list and [len(ids) for ids in got] == [60, 60],
        "continue_text should return 60 tokens for each prompt",
    )
    equal([ids[:3] for ids in got], right)
    is_true(
        0 < seen.largest_elements <= 3_000,
        f"60 tokens after prompts of 3 and 5: a step makes a tensor of {seen.largest_elements:,} numbers; the vectors of all tokens would be 8,320, their keys are 520",
        cause="read_again",
    )
