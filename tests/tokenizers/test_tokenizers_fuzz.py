"""Damaged tokenizer files: an error that names the file, or a load that is right; never a crash, never wrong ids.

Right means one of two things: the loaded tokenizer is the undamaged one (its document is the same), or the
``tokenizers`` library reads the same meaning out of the damaged file: equal ids on texts that use the vocabulary. What
was loaded must besides survive saving and loading.
"""

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
import tokenizers

from minillm.errors import FormatError, InvalidInput
from minillm.tokenizers import ByteBPE, CharacterTokenizer, Template, Tokenizer, WordPiece, load_tokenizer
from minillm.tokenizers.tokenizer_json import document

JUNK: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    7,
    2**70,
    0.5,
    "",
    "a",
    "##",
    "[UNK]",
    "ByteLevel",
    [],
    {},
    [["a", "b"]],
]


def damage_bytes(raw: bytes, rng: random.Random) -> bytes:
    """Flip, cut, double or drop bytes."""
    data = bytearray(raw)
    place = rng.randrange(len(data))
    kind = rng.randrange(5)
    if kind == 0:
        data[place] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[place] = rng.choice(b'0123456789"{}[],:ab ')
    elif kind == 2:
        del data[place:]
    elif kind == 3:
        del data[place : place + rng.randrange(1, 30)]
    else:
        data[place:place] = data[place : place + rng.randrange(1, 30)]
    return bytes(data)


def nodes(tree: Any) -> list[tuple[Any, Any]]:
    """Every place of a JSON tree as container and key."""
    found: list[tuple[Any, Any]] = []
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else []
    for key in keys:
        found.append((tree, key))
        found.extend(nodes(tree[key]))
    return found


def damage_tree(raw: bytes, rng: random.Random) -> bytes:
    """Drop, replace, swap, rename or copy values of valid JSON; settings as often as words."""
    tree = json.loads(raw)
    places = nodes(tree)
    few = [place for place in places if len(place[0]) < 20]
    (one, first), (other, second) = (rng.choice(rng.choice([places, few])) for _ in range(2))
    kind = rng.randrange(5)
    if kind == 0:
        del one[first]
    elif kind == 1:
        one[first] = copy.deepcopy(rng.choice(JUNK))
    elif kind == 2:
        one[first], other[second] = copy.deepcopy(other[second]), copy.deepcopy(one[first])
    elif kind == 3 and isinstance(one, dict):
        one[f"{first}x"] = one.pop(first)
    else:
        one[first] = copy.deepcopy(other[second])
    return json.dumps(tree).encode()


def foreign_ids(path: Path, texts: list[str]) -> list[list[int]] | None:
    """What the library makes of the file; None where it refuses."""
    try:
        peer = tokenizers.Tokenizer.from_file(str(path))
        peer.no_truncation()
        peer.no_padding()
        return [peer.encode(text).ids for text in texts]
    except Exception:  # the library raises plain Exception
        return None


def check(tokenizer: Tokenizer, original: Any, path: Path, texts: list[str]) -> None:
    again = path.parent / "again"
    tokenizer.save(again)
    assert document(load_tokenizer(again)) == document(tokenizer)
    if document(tokenizer) == original:
        return
    try:
        ours = [tokenizer.encode_pair(text, allowed_special="all")[0] for text in texts]
    except InvalidInput:  # a character that is not in what is left of the vocabulary
        ours = None
    assert foreign_ids(path, texts) == ours, "loaded, but with another meaning than the file has"


def load(folder: Path) -> tuple[Tokenizer | None, str]:
    """What was loaded, or the message of the refusal."""
    try:
        return load_tokenizer(folder), ""
    except FormatError as error:
        return None, str(error)


@pytest.mark.parametrize("kind", ["bpe", "wordpiece", "characters"])
def test_damaged_files_never_load_wrongly(kind: str, samples: dict[str, str], tmp_path: Path) -> None:
    tokenizer: Tokenizer
    texts = [samples["english"], "The [MASK] <s>x</s>"]
    if kind == "bpe":
        plain = ByteBPE.train([samples["english"]], 300, ["<s>", "</s>"], min_count=2)
        tokenizer = ByteBPE(plain.ids, plain.merges, "gpt2", plain.special_tokens, Template.bart("<s>", "</s>"))
        texts.append("".join(map(chr, range(256))))
    elif kind == "wordpiece":
        tokenizer = WordPiece.train([samples["english"]], 90)
    else:
        tokenizer = CharacterTokenizer.train([samples["english"]], ["<s>", "</s>"], unknown="<unk>")
    path = tokenizer.save(tmp_path)
    raw, original = path.read_bytes(), document(tokenizer)
    loaded = 0
    rng = random.Random(20)
    for number in range(200):
        damaged = (damage_bytes if number % 2 else damage_tree)(raw, rng)
        path.write_bytes(damaged)
        result, message = load(tmp_path)
        if result is None:
            assert str(path) in message
            continue
        loaded += 1
        check(result, original, path, texts)
    assert 2 < loaded < 100, "most damage is seen, and some files still load"
