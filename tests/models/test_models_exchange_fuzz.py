"""Damaged checkpoints: an error that names the file, or a load that is right; never a crash, never wrong weights.

Right means one of two things: the loaded model is the undamaged one, bit for bit and with its configuration; or, where
a setting was changed into another valid one, transformers reads the same out of the damaged folder: equal logits.
"""

import copy
import json
import logging
import random
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from exchange_cases import build

from minillm.errors import FormatError
from minillm.models.pretrained import from_pretrained, save_pretrained

transformers = pytest.importorskip("transformers")
JUNK: list[Any] = [None, True, False, 0, 1, -1, 7, 2**70, 0.5, 1e300, "", "a", "llama", "relu", [], {}, ["GPT2Model"]]
KINDS = ["gpt2_untied", "bert", "bart", "llama31", "qwen2_sliding"]


def damage_bytes(raw: bytes, rng: random.Random, head: bool) -> bytes:
    """Flip, cut, double or drop bytes; ``head`` keeps to the first kilobytes, where the structure is."""
    data = bytearray(raw)
    place = rng.randrange(min(len(data), 6000) if head else len(data))
    kind = rng.randrange(6)
    if kind < 2:
        data[place] ^= 1 << rng.randrange(8)
    elif kind == 2:
        data[place] = rng.choice(b'0123456789"{}[],:ab ')
    elif kind == 3:
        del data[place:]
    elif kind == 4:
        del data[place : place + rng.randrange(1, 30)]
    else:
        data[place:place] = data[place : place + rng.randrange(1, 30)]
    return bytes(data)


def damage_tree(raw: bytes, rng: random.Random) -> bytes:
    """Drop, replace, rename or copy values of valid JSON."""
    tree = json.loads(raw)
    inner = tree.get("weight_map", tree.get("rope_parameters", tree))
    one = rng.choice([tree, inner])
    first, second = rng.choice(list(one)), rng.choice(list(inner))
    kind = rng.randrange(5)
    if kind == 0:
        del one[first]
    elif kind == 1:
        one[first] = copy.deepcopy(rng.choice(JUNK))
    elif kind == 2:
        one[first] = copy.deepcopy(inner[second])
    elif kind == 3:
        one[f"{first}x"] = one.pop(first)
    elif type(one[first]) in (int, float):
        one[first] = one[first] * 2 + rng.choice([-1, 0, 1])
    return json.dumps(tree).encode()


def load(folder: Path) -> tuple[Any, str]:
    """What was loaded, or the message of the refusal."""
    try:
        return from_pretrained(folder), ""
    except FormatError as error:
        return None, str(error)


def logits(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Of our model or of theirs."""
    ours = type(model).__module__.startswith("minillm")
    if "bart" in type(model).__name__.lower():
        return model(ids, ids) if ours else model(ids, decoder_input_ids=ids).logits
    if ours:
        return model(ids)
    return getattr(model(ids), "prediction_logits", None) if "Bert" in type(model).__name__ else model(ids).logits


def their_logits(folder: Path, peer: Any, ids: torch.Tensor) -> torch.Tensor | None:
    """What transformers makes of the folder; None where it refuses, or puts in weights of its own."""
    try:
        again, report = type(peer).from_pretrained(folder, output_loading_info=True)
        return None if any(report.values()) else logits(again.eval(), ids)
    except Exception:  # it raises every kind
        return None


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_damaged_checkpoints_never_load_wrongly(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("transformers").setLevel(logging.CRITICAL)
    peer = build(kind)
    peer.save_pretrained(tmp_path / "theirs")
    model = from_pretrained(tmp_path / "theirs")
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    save_pretrained(model, whole, max_shard_bytes=20_000)
    files = sorted(path.name for path in whole.iterdir())
    ids = torch.randint(3, 61, (2, 7), generator=torch.Generator().manual_seed(1))
    expected, state = logits(model, ids), model.state_dict()
    rng = random.Random(kind)
    loaded = refused = 0
    for number in range(100):
        name = "config.json" if number % 3 == 0 else rng.choice(files)
        raw = (whole / name).read_bytes()
        as_tree = name.endswith(".json") and rng.random() < 0.7
        damaged = damage_tree(raw, rng) if as_tree else damage_bytes(raw, rng, head=rng.random() < 0.5)
        shutil.rmtree(torn, ignore_errors=True)
        shutil.copytree(whole, torn)
        (torn / name).write_bytes(damaged)
        result, message = load(torn)
        if result is None:
            refused += 1
            assert str(torn) in message
            continue
        loaded += 1
        if asdict(result.config) == asdict(model.config):
            for key, value in result.state_dict().items():
                assert torch.equal(value, state[key]), f"{name}, mutation {number}: {key}"
            torch.testing.assert_close(logits(result, ids), expected, rtol=0, atol=0)
            continue
        theirs = their_logits(torn, peer, ids)
        assert theirs is not None, f"{name}, mutation {number}: loaded, though transformers refuses"
        torch.testing.assert_close(logits(result, ids), theirs, rtol=0, atol=1e-4)
    assert refused > 50
    assert loaded > 3
