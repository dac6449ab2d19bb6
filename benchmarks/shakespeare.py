"""Time to quality: characters of Shakespeare on a CPU, our preset beside the usual small GPT-2 of transformers.

The baseline is the small configuration that everyone trains on a laptop (nanoGPT's): 4 layers, width 128, context 64,
batch 12, AdamW, 2,000 steps. Ours is the preset `shakespeare-cpu`, once with a quarter of the time that the baseline
took just before, on the same machine, and once with 200 seconds. The text is cut by position: the first 90 % to learn
from, the rest to validate; the loss is that of the whole validation part, each model with its own context.

Pass the text, 1.1 MB of Shakespeare's plays, such as
https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt

Run from the repository's root: python benchmarks/shakespeare.py --data tinyshakespeare.txt
(about eight minutes a repeat on 2 cores; --quick for a try-out.)
"""

import argparse
import datetime
import json
import math
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from recording import machine
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel

from minillm.files import atomic_write
from minillm.tokenizers import CharacterTokenizer
from minillm.training import AllWindows, ProgressBar, ShuffledWindows, evaluate, matmul_rate, train
from minillm.training.presets import PRESETS

RESULT = Path(__file__).parent / "results" / "shakespeare.json"
CONTEXT, BATCH, STEPS, WARMUP, RATE = 64, 12, 2000, 100, 1e-3


class Logits(nn.Module):
    """GPT-2 of transformers, called as our models are."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        config = GPT2Config(
            vocab_size=vocab_size, n_positions=CONTEXT, n_embd=128, n_layer=4, n_head=4, resid_pdrop=0.0,
            embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0, use_cache=False,
        )  # fmt: skip
        self.model = GPT2LMHeadModel(config)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits of every position."""
        return self.model(ids).logits


def baseline(parts: tuple[np.ndarray, np.ndarray], vocab_size: int, seed: int, steps: int) -> tuple[float, float]:
    """Train GPT-2 of transformers in the plain way; the validation loss and the seconds of training."""
    torch.manual_seed(seed)
    model = Logits(vocab_size).train()
    windows = ShuffledWindows(parts[0], CONTEXT, BATCH, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=0.1)
    start = time.perf_counter()
    for step in range(steps):
        fall = 0.1 + 0.45 * (1 + math.cos(math.pi * max(0, step - WARMUP) / max(1, steps - WARMUP)))
        optimizer.param_groups[0]["lr"] = RATE * min(fall, (step + 1) / WARMUP)
        ids, labels = windows(step)
        loss = nn.functional.cross_entropy(model(ids).flatten(0, 1), labels.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    taken = time.perf_counter() - start
    return evaluate(model, AllWindows(parts[1], CONTEXT, 256)).loss, taken


def ours(parts: tuple[np.ndarray, np.ndarray], vocab_size: int, seed: int, limit: float) -> tuple[float, float, int]:
    """Train the preset for some seconds; the validation loss, the seconds of training, and the steps made."""
    preset = PRESETS["shakespeare-cpu"]
    torch.manual_seed(seed)
    model = preset.make(vocab_size)
    half = matmul_rate(torch.device("cpu"), torch.bfloat16) > 1.2 * matmul_rate(torch.device("cpu"))
    config = replace(
        preset.training, steps=None, minutes=limit / 60, seed=seed, device="cpu", evaluate_every=0, checkpoint_every=0,
        precision="bfloat16" if half else "float32",
    )  # fmt: skip
    windows = ShuffledWindows(parts[0], preset.model.context, preset.batch, seed)
    validation = AllWindows(parts[1], preset.model.context, 64)
    run = train(model, windows, config, validation=validation, logs=[ProgressBar()])
    assert run.validation_loss is not None
    return run.validation_loss, run.position.seconds, run.position.step


def rounds(text: str, repeats: int, quick: bool) -> list[dict[str, Any]]:
    """Baseline, a quarter of its time, 200 seconds; then again with another seed."""
    tokenizer = CharacterTokenizer.train([text])
    ids = np.array(tokenizer.encode(text), dtype=np.uint16)
    cut = int(0.9 * len(ids))
    parts, size = (ids[:cut], ids[cut:]), tokenizer.vocab_size
    rows = []
    for seed in range(repeats):
        base, base_time = baseline(parts, size, seed, 100 if quick else STEPS)
        peer = f"transformers {version('transformers')} GPT-2, {100 if quick else STEPS:,} steps in {base_time:.0f} s"
        for limit, aim in ((base_time / 4, "at most the peer's"), (10.0 if quick else 200.0, "1.60")):
            loss, taken, steps = ours(parts, size, seed, limit)
            rows.append(
                {
                    "what": f"validation loss after {taken:.0f} s ({steps:,} steps), seed {seed}",
                    "unit": "nats a character",
                    "ours": round(loss, 4),
                    "peer": round(base, 4),
                    "peer_name": peer,
                    "difference": round(loss - base, 4),
                    "aim": aim,
                }
            )
            print("{what}: {ours} {unit}; {peer_name}: {peer}; aim {aim}".format(**rows[-1]), flush=True)
    return rows


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help="the text of tiny Shakespeare")
    parser.add_argument("--repeats", type=int, default=1, help="rounds, each with a seed of its own")
    parser.add_argument("--quick", action="store_true", help="a few seconds each, nothing recorded")
    asked = parser.parse_args()
    rows = rounds(asked.data.read_text(encoding="utf-8"), asked.repeats, asked.quick)
    if asked.quick:
        return
    preset = PRESETS["shakespeare-cpu"]
    result = {
        "title": "Time to quality: tiny Shakespeare on a CPU",
        "command": "python benchmarks/shakespeare.py --data tinyshakespeare.txt",
        "date": datetime.date.today().isoformat(),
        "machine": machine("torch", "transformers", threads=str(torch.get_num_threads())),
        "rows": rows,
        "notes": [
            "Characters, cut by position: 90 % to learn from, 10 % to validate. Loss on the whole validation part, "
            "each model in windows of its own context.",
            f"The peer: 4 layers, width 128, context {CONTEXT}, batch {BATCH}, AdamW at {RATE:g} with cosine decay, no "
            "dropout, float32, as one trains it on a laptop.",
            f"Ours: the preset shakespeare-cpu, a Llama of {preset.model.layers} layers, width {preset.model.width}, "
            f"context {preset.model.context}, batch {preset.batch}, Muon for matrices, a rate that falls to zero by "
            "the clock.",
            "Wall time of training, evaluation left out; all of the machine's cores. A round runs its parts one after "
            "the other.",
        ],
    }
    with atomic_write(RESULT) as file:
        file.write(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
