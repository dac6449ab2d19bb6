"""Training speed on a CPU: our GPT beside GPT-2 of transformers, and bfloat16 beside float32.

The first part trains the same configuration on the same random tokens with both models, in turns of a few steps, and
counts tokens a second of processor time. Ours is `minillm.training.update`, which is one turn of the loop of `train`;
theirs is the loop that one finds in every tutorial: loss, backward, clip, AdamW. No dropout.

The second part trains our GPT of growing width with bfloat16 autocast and without, in turns too. It tells from which
size half precision pays on this processor, if it has units for it.

Run from the repository's root: python benchmarks/training.py
(about five minutes; --quick for a try-out.)
"""

import argparse
import datetime
import json
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from recording import machine
from transformers import GPT2Config, GPT2LMHeadModel

from minillm.files import atomic_write
from minillm.models import GPT, GPTConfig
from minillm.training import TrainConfig, make_optimizers, matmul_rate, predict, update

RESULT = Path(__file__).parent / "results" / "training.json"
# layers, width, context, batch, steps in a turn, aim
SHAPES = [(4, 128, 64, 12, 10, 1.5), (6, 384, 256, 16, 1, 1.1)]
WIDTHS = (128, 256, 384, 512, 768, 1024)
VOCABULARY = 65

Step = Callable[[], None]


def ours(layers: int, width: int, context: int, batch: int, precision: str = "float32") -> Step:
    """One update of our model."""
    torch.manual_seed(0)
    sizes = GPTConfig(vocab_size=VOCABULARY, context=context, layers=layers, heads=width // 32, width=width)
    model = GPT(sizes)
    config = TrainConfig(steps=1, learning_rate=1e-3, precision=precision)
    parameters, optimizers = list(model.parameters()), make_optimizers(model, config)
    ids = torch.randint(VOCABULARY, (batch, context + 1))

    def step() -> None:
        update(model, parameters, optimizers, [(ids[:, :-1], ids[:, 1:])], predict, config)

    return step


def theirs(layers: int, width: int, context: int, batch: int) -> Step:
    """One update of GPT-2 of transformers, with dropout off as in ours."""
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=context, n_embd=width, n_layer=layers, n_head=width // 32,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0, use_cache=False,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    ids = torch.randint(VOCABULARY, (batch, context + 1))

    def step() -> None:
        logits = model(ids[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def seconds(step: Step, count: int) -> float:
    """Processor time of some steps, one step's share."""
    start = time.process_time()
    for _ in range(count):
        step()
    return (time.process_time() - start) / count


def in_turns(first: Step, second: Step, count: int, repeats: int) -> list[tuple[float, float]]:
    """Both, alternately, so that whatever slows the machine slows both; a first turn warms up."""
    seconds(first, 1), seconds(second, 1)
    return [(seconds(first, count), seconds(second, count)) for _ in range(repeats)]


def row(what: str, tokens: int, pairs: list[tuple[float, float]], peer: str, aim: str) -> dict[str, Any]:
    """One line of the table: medians, and the median of the ratios within a turn."""
    mine, other = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    line = {
        "what": what,
        "unit": "tokens/CPU-s",
        "ours": int(float(f"{tokens / mine:.3g}")),
        "peer": int(float(f"{tokens / other:.3g}")),
        "peer_name": peer,
        "ratio": float(f"{statistics.median(b / a for a, b in pairs):.3g}"),
        "aim": aim,
    }
    print("{what:72} {ours:>8,} {unit} {peer_name}: {peer:>8,} ratio {ratio} ({aim})".format(**line), flush=True)
    return line


def against_transformers(quick: bool) -> list[dict[str, Any]]:
    """The same model and batch in both libraries."""
    rows = []
    for layers, width, context, batch, count, aim in SHAPES:
        shape = (layers, width, context, batch)
        pairs = in_turns(ours(*shape), theirs(*shape), count=1 if quick else count, repeats=3 if quick else 7)
        what = f"train GPT-2, {layers} layers, width {width}, context {context}, batch {batch}, float32"
        name = f"transformers {version('transformers')}"
        rows.append(row(what, batch * context, pairs, name, f"at least {aim} x transformers"))
    return rows


def half_against_single(quick: bool) -> list[dict[str, Any]]:
    """Our own model in bfloat16 and in float32, by width."""
    rows = []
    for width in WIDTHS[:3] if quick else WIDTHS:
        shape = (4, width, 128, 8)
        half, single = ours(*shape, precision="bfloat16"), ours(*shape)
        pairs = in_turns(half, single, count=1 if width > 256 else 3, repeats=3)
        what = f"train GPT-2 in bfloat16, 4 layers, width {width}, context 128, batch 8"
        rows.append(row(what, 8 * 128, pairs, "ours in float32", "2 x where bound by matrix products"))
    return rows


def rates() -> dict[str, str]:
    """How fast this machine's own matrix products are."""
    return {
        f"matmul {name}": f"{matmul_rate(torch.device('cpu'), dtype, seconds=1) / 1e9:.0f} GFLOP/s"
        for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16))
    }


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few steps and sizes, nothing recorded")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)  # processor time is then work, and not waiting for the other thread
    rows = against_transformers(quick) + half_against_single(quick)
    if quick:
        return
    twice = [line["what"] for line in rows[len(SHAPES) :] if line["ratio"] >= 2]
    result = {
        "title": "Training on a CPU",
        "command": "python benchmarks/training.py",
        "date": datetime.date.today().isoformat(),
        "machine": machine("torch", "transformers", threads=str(torch.get_num_threads()), **rates()),
        "rows": rows,
        "notes": [
            "Medians over turns, in tokens per second of processor time, one thread. The ratio is the median of the "
            "ratios within one turn. No dropout on either side; a vocabulary of 65.",
            "transformers runs its scaled_dot_product_attention and torch's AdamW as they come; gradients are clipped "
            "at norm 1 on both sides.",
            f"bfloat16 is twice as fast from: {twice[0] if twice else 'none of these sizes'}.",
        ],
    }
    with atomic_write(RESULT) as file:
        file.write(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
