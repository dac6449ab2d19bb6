"""From many key/value heads to fewer: what conversion and a short uptraining keep of a small model.

Chapter 4's notebook on key/value heads reads the results. A LLaMA of two layers and four heads is trained on the
standard library's docstrings, letter by letter; its key/value heads are then averaged to one (multi-query) or two
(grouped-query), and it is trained on for a few percent of the steps.

Run from the repository's root: python benchmarks/key_value_heads.py
(below three minutes on one core; --quick for a try-out in seconds).
"""

import argparse
import datetime
import json
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from recording import machine
from torch import Tensor

from minillm.data import corpora
from minillm.files import atomic_write
from minillm.models import Llama, LlamaConfig
from minillm.models.sizes import cache_bytes, count_parameters

RESULT = Path(__file__).parent / "results" / "key_value_heads.json"
CONTEXT, BATCH, RATE = 64, 16, 0.005
SHARES = (0.025, 0.05, 0.1)


def pooled(model: Llama, kv_heads: int, wrong_heads: bool = False) -> Llama:
    """A model with fewer key/value heads, each the mean of those it stands for.

    ``wrong_heads`` averages every ``kv_heads``-th head in the place of neighbors, though query heads are shared out
    by neighbors.
    """
    config, state = replace(model.config, kv_heads=kv_heads), {}
    size = model.config.head_size
    for name, weight in model.state_dict().items():
        if ".attention.key." in name or ".attention.value." in name:
            shape = (-1, kv_heads, size) if wrong_heads else (kv_heads, -1, size)
            weight = weight.unflatten(0, shape).mean(0 if wrong_heads else 1).flatten(0, 1)
        state[name] = weight
    fewer = Llama(config)
    fewer.load_state_dict(state)
    return fewer


def renumbered(model: Llama) -> Llama:
    """The same weights as code reads them that gives query head i the key head i % g in the place of i // group."""
    heads, size = model.config.heads, model.config.head_size
    order = torch.arange(heads).view(-1, model.config.kv_size).T.flatten()
    state = model.state_dict()
    for name in list(state):
        if ".attention.query." in name:
            state[name] = state[name].unflatten(0, (heads, size))[order].flatten(0, 1)
        if ".attention.output." in name:
            state[name] = state[name].unflatten(1, (heads, size))[:, order].flatten(1, 2)
    other = Llama(model.config)
    other.load_state_dict(state)
    return other


class Study:
    """The text, the training loop, and every model of one seed after the other."""

    def __init__(self, quick: bool) -> None:
        text = corpora.docstrings().text[:600_000]
        letters = {letter: i for i, letter in enumerate(sorted(set(text)))}
        ids = torch.tensor([letters[letter] for letter in text])
        self.read, unread = ids[:-60_000], ids[-60_000:]
        self.unread = torch.stack([unread[s : s + CONTEXT + 1] for s in range(0, 59_000, 200)])
        self.steps, self.seeds = (40, 2) if quick else (400, 3)
        self.config = LlamaConfig(len(letters), CONTEXT, layers=2, heads=4, width=64, ffn_width=160)
        self.losses: dict[tuple[str, int, int], list[float]] = {}

    def train(self, model: Llama, steps: int, seed: int) -> Llama:
        """AdamW with a short warm-up, the rate falling linearly to zero over these steps."""
        torch.manual_seed(seed)
        adam = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), weight_decay=0.01, fused=True)
        for step in range(steps):
            adam.param_groups[0]["lr"] = RATE * min(1, (step + 1) / min(20, steps / 4)) * (1 - step / steps)
            starts = torch.randint(len(self.read) - CONTEXT, (BATCH,))
            loss = self.loss(model, torch.stack([self.read[s : s + CONTEXT + 1] for s in starts]))
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
        return model

    @staticmethod
    def loss(model: Llama, rows: Tensor) -> Tensor:
        """Mean loss in nats a letter."""
        return torch.nn.functional.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())

    def record(self, name: str, steps: int, model: Llama) -> None:
        """Loss on the text kept back."""
        with torch.no_grad():
            loss = float(self.loss(model, self.unread))
        self.losses.setdefault((name, steps, model.config.kv_size), []).append(loss)
        print(f"{name}, {steps} steps: {loss:.3f}", flush=True)

    def fresh(self, kv_heads: int, seed: int) -> Llama:
        """A model that has learned nothing."""
        torch.manual_seed(seed)
        return Llama(replace(self.config, kv_heads=kv_heads))

    def run(self, seed: int) -> None:
        """All models of a seed."""
        base = self.train(self.fresh(4, seed), self.steps, seed)
        self.record("multi-head", self.steps, base)
        one: Callable[[], Llama] = lambda: pooled(base, 1)  # noqa: E731
        self.record("one head, averaged", 0, one())
        for share in SHARES:
            steps = round(share * self.steps)
            self.record("one head, averaged and trained on", steps, self.train(one(), steps, seed + 100))
        for share in SHARES[1:]:
            steps = round(share * self.steps)
            self.record("one head, from scratch", steps, self.train(self.fresh(1, seed), steps, seed + 100))
        self.record("one head, from scratch", self.steps, self.train(self.fresh(1, seed), self.steps, seed))
        few = round(SHARES[1] * self.steps)
        for wrong, name in ((False, "two heads, averaged"), (True, "two heads, the wrong ones averaged")):
            self.record(name, 0, pooled(base, 2, wrong))
            self.record(f"{name}, trained on", few, self.train(pooled(base, 2, wrong), few, seed + 100))
        two = self.train(self.fresh(2, seed), self.steps, seed)
        self.record("two heads, from scratch", self.steps, two)
        self.record("same weights, heads read in the wrong order", 0, renumbered(two))

    def rows(self) -> list[dict[str, object]]:
        """One row a model: mean over the seeds, and both ends."""
        rows = []
        for (name, steps, kv_heads), losses in self.losses.items():
            config = replace(self.config, kv_heads=kv_heads)
            rows.append(
                {
                    "model": name,
                    "steps": steps,
                    "loss": round(statistics.mean(losses), 3),
                    "lowest": round(min(losses), 3),
                    "highest": round(max(losses), 3),
                    "parameters": sum(count_parameters(config).values()),
                    "cache bytes a token": cache_bytes(config, number_bytes=4),
                }
            )
        return rows


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two seeds of a few steps, and no file written")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    study = Study(quick)
    for seed in range(study.seeds):
        study.run(seed)
    result = {
        "title": "From many key/value heads to fewer",
        "command": "python benchmarks/key_value_heads.py",
        "date": datetime.date.today().isoformat(),
        "machine": machine("torch", threads=str(torch.get_num_threads())),
        "rows": study.rows(),
        "notes": [
            f"A LLaMA of two layers, width 64, four heads, on letters of the standard library's docstrings; "
            f"{BATCH} texts of {CONTEXT} letters a step.",
            f"Loss in nats a letter on text kept back: mean, lowest and highest of {study.seeds} seeds. Steps are "
            "those after conversion; before it there were as many as in the first row.",
            "The learning rate falls linearly to zero over the steps of each row, from the same peak.",
        ],
    }
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    if quick:
        print(text)
        return
    RESULT.parent.mkdir(exist_ok=True)
    with atomic_write(RESULT) as file:
        file.write(text)
    print(f"written: {RESULT}")


if __name__ == "__main__":
    main()
