"""What each change from GPT to LLaMA brings in a small model, over three seeds.

Chapter 4's third notebook reads the results. A model of two layers reads the docstrings of Python's standard library,
byte by byte, in windows of 64. From one row to the next one part is exchanged. All rows see the same windows in the
same order, and all learning rates are the same.

Run from the repository's root: python benchmarks/ablation.py
(about three minutes on one core; --quick for a try-out in seconds).
"""

import argparse
import datetime
import json
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from recording import machine
from torch import Tensor

from minillm.data import corpora
from minillm.files import atomic_write
from minillm.models import Llama, LlamaConfig
from minillm.nn import Rotation
from minillm.training import AllWindows, ShuffledWindows, TrainConfig, evaluate, train

RESULT = Path(__file__).parent / "results" / "ablation.json"
SEEDS = (0, 1, 2)
CONTEXT, BATCH, STEPS, RATE = 64, 16, 300, 0.005
PLAIN, GATED = {"gated": False, "activation": "relu", "ffn_width": 256}, {"ffn_width": 171}

# name, norm, feed-forward layer, positions, whether rotate_half is cut as the book prints it
Variant = tuple[str, str, dict[str, Any], str, bool]
VARIANTS: list[Variant] = [
    ("LayerNorm, ReLU, learned positions", "layer", PLAIN, "learned", False),
    ("RMSNorm, ReLU, learned positions", "rms", PLAIN, "learned", False),
    ("RMSNorm, SwiGLU, learned positions", "rms", GATED, "learned", False),
    ("RMSNorm, SwiGLU, rotary (LLaMA)", "rms", GATED, "rotary", False),
    ("LLaMA, rotary as printed (E37)", "rms", GATED, "rotary", True),
    ("LLaMA, no positions", "rms", GATED, "none", False),
    ("LLaMA, ReLU instead of SwiGLU", "rms", PLAIN, "rotary", False),
]


def rotate_as_printed(x: Tensor, turn: Rotation) -> Tensor:
    """The book's listing: the last dimension is cut off where the vector should be cut in half (errata E37)."""
    half = x.shape[-1] // 2
    sin = torch.cat((-turn.sin[..., :half], turn.sin[..., half:]), dim=-1)
    return x * turn.cos + torch.cat((-x[..., -1:], x[..., :-1]), dim=-1) * sin


def rotation_of(printed: bool) -> AbstractContextManager[Any]:
    """A context in which attention rotates by the wrong function, or by its own."""
    return mock.patch("minillm.nn.attention.rotate_half_split", rotate_as_printed) if printed else nullcontext()


def measure(variant: Variant, seed: int, known: np.ndarray, new: np.ndarray, steps: int) -> tuple[float, int]:
    """Loss on new text in nats a byte, and the number of parameters."""
    _, norm, feedforward, positions, printed = variant
    torch.manual_seed(seed)
    sizes = LlamaConfig(
        vocab_size=128, context=CONTEXT, layers=2, heads=4, width=64, norm=norm, positions=positions, **feedforward
    )
    model = Llama(sizes)
    config = TrainConfig(steps=steps, learning_rate=RATE, device="cpu", log_every=steps)
    with rotation_of(printed):
        train(model, ShuffledWindows(known, context=CONTEXT, batch=BATCH, seed=seed), config)
        loss = evaluate(model, AllWindows(new, context=CONTEXT, batch=BATCH)).loss
    return loss, sum(p.numel() for p in model.parameters())


def row(variant: Variant, run: Callable[[int], tuple[float, int]]) -> dict[str, Any]:
    """One line of the table, over all seeds."""
    start = time.process_time()
    runs = [run(seed) for seed in SEEDS]
    seconds = (time.process_time() - start) / len(SEEDS)
    losses = [loss for loss, _ in runs]
    print(f"{variant[0]:40} {statistics.mean(losses):.3f} {[round(loss, 3) for loss in losses]}", flush=True)
    return {
        "model": variant[0],
        "parameters": runs[0][1],
        "loss": round(statistics.mean(losses), 4),
        **{f"seed {seed}": round(loss, 4) for seed, loss in zip(SEEDS, losses, strict=True)},
        "seconds": round(seconds, 1),
    }


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few steps, nothing recorded")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)  # models so small gain nothing by a second thread
    text = np.frombuffer(corpora.docstrings().text.encode("ascii", "ignore"), dtype=np.uint8).astype(np.int64)
    known, new = text[:-60_000], text[-60_000:]
    steps = 20 if quick else STEPS
    rows = [row(variant, lambda seed, v=variant: measure(v, seed, known, new, steps)) for variant in VARIANTS]
    if quick:
        return
    result = {
        "title": "From GPT to LLaMA, one part at a time",
        "command": "python benchmarks/ablation.py",
        "date": datetime.date.today().isoformat(),
        "machine": machine("torch", threads=str(torch.get_num_threads())),
        "rows": rows,
        "notes": [
            f"Two layers of width 64, four heads, windows of {CONTEXT} bytes, {STEPS} steps of {BATCH} windows, AdamW "
            f"with a peak rate of {RATE} for every row and a cosine schedule.",
            "Loss in nats a byte on 60,000 bytes of docstrings that were not trained on: the mean over seeds, and "
            "each seed; seconds of processor time for one run. Feed-forward layers have as nearly as possible the "
            "same number of parameters with a gate and without.",
        ],
    }
    with atomic_write(RESULT) as file:
        file.write(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
