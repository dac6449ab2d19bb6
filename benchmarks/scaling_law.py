"""A scaling law on a laptop: seven widths, three amounts of text, three seeds.

Chapter 4's last notebook reads the results and fits the law. Each run is a training of its own, with a learning rate
that falls over its own number of steps, from a peak that is lower for wider models. No byte is read twice.

Run from the repository's root: python benchmarks/scaling_law.py
(three to four minutes on one core; --quick for a try-out in seconds).
"""

import argparse
import datetime
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from recording import machine

from minillm.data import corpora
from minillm.files import atomic_write
from minillm.models import Llama, LlamaConfig
from minillm.training import AllWindows, ShuffledWindows, TrainConfig, evaluate, train

RESULT = Path(__file__).parent / "results" / "scaling_law.json"
SEEDS = (0, 1, 2)
WIDTHS = (8, 12, 16, 24, 32, 48, 64)
STEPS = (150, 300, 600)
CONTEXT, BATCH = 64, 8
RATE_TIMES_WIDTH = 0.25  # set after trying a few rates by hand, which was not recorded


def measure(width: int, steps: int, seed: int, known: np.ndarray, new: np.ndarray) -> tuple[Llama, float, float]:
    """One training: the model, its loss on new text in nats a byte, and seconds."""
    torch.manual_seed(seed)
    sizes = LlamaConfig(
        vocab_size=128, context=CONTEXT, layers=2, heads=2, width=width, gated=False, activation="gelu_tanh"
    )
    model = Llama(sizes)
    config = TrainConfig(steps=steps, learning_rate=RATE_TIMES_WIDTH / width, device="cpu", log_every=steps)
    start = time.process_time()
    train(model, ShuffledWindows(known, context=CONTEXT, batch=BATCH, seed=seed), config)
    seconds = time.process_time() - start
    return model, evaluate(model, AllWindows(new, context=CONTEXT, batch=64)).loss, seconds


def row(width: int, steps: int, known: np.ndarray, new: np.ndarray) -> dict[str, Any]:
    """One line of the table, over all seeds."""
    runs = [measure(width, steps, seed, known, new) for seed in SEEDS]
    model = runs[0][0]
    line = {
        "width": width,
        "parameters": sum(p.numel() for p in model.blocks.parameters()),
        "all parameters": sum(p.numel() for p in model.parameters()),
        "tokens": steps * BATCH * CONTEXT,
        "loss": round(statistics.mean(loss for _, loss, _ in runs), 4),
        **{f"seed {seed}": round(loss, 4) for seed, (_, loss, _) in zip(SEEDS, runs, strict=True)},
        "seconds": round(statistics.mean(seconds for _, _, seconds in runs), 2),
    }
    print("width {width:3} tokens {tokens:7,} loss {loss} {seconds} s".format(**line), flush=True)
    return line


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two sizes, nothing recorded")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)  # models so small gain nothing by a second thread
    text = np.frombuffer(corpora.docstrings().text.encode("ascii", "ignore"), dtype=np.uint8).astype(np.int64)
    known, new = text[:-40_000], text[-40_000:]
    widths, budgets = (WIDTHS[::5], STEPS[:1]) if quick else (WIDTHS, STEPS)
    rows = [row(width, steps, known, new) for width in widths for steps in budgets]
    if quick:
        return
    result = {
        "title": "A scaling law on a laptop",
        "command": "python benchmarks/scaling_law.py",
        "date": datetime.date.today().isoformat(),
        "machine": machine("torch", threads=str(torch.get_num_threads())),
        "rows": rows,
        "notes": [
            f"LLaMA of two layers and two heads with GELU in place of SwiGLU, windows of {CONTEXT} bytes, {BATCH} "
            f"windows a step, AdamW with a peak rate of {RATE_TIMES_WIDTH} / width, set after trying a few by "
            "hand, which was not recorded, and a cosine schedule over the run's own steps.",
            "Parameters without the two tables of the vocabulary, and all of them. Loss in nats a byte on 40,000 "
            "bytes of docstrings that were not trained on: the mean over seeds, and each seed; seconds of processor "
            "time for one run.",
        ],
    }
    with atomic_write(RESULT) as file:
        file.write(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
