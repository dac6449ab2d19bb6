"""Training GPT-2 124M on one GPU: what each step of the usual ladder brings.

Every rung keeps what the rungs before it brought. Tokens are random, so the loss means nothing; the work is that of
training on text: forward, backward, clipping, AdamW, 1,024 tokens a window. Utilization is measured against the data
sheet (989 TFLOP/s for bf16 on H100 and H200) and beside the rate of this GPU's own matrix products.

Run from the repository's root on a machine with a CUDA device: python benchmarks/gpt2_124m.py
(some minutes; --steps 3 --rungs 2 for a try-out, which records nothing).
"""

import argparse
import datetime
import json
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from minillm.files import atomic_write
from minillm.models import GPT, GPTConfig
from minillm.training import TrainConfig, flops_per_token, make_optimizers, matmul_rate, predict, update
from minillm.training.device import find_device

RESULTS = Path(__file__).parent / "results" / "gpt2_124m.json"
PEAK = 989e12
CONTEXT = 1024
WARM_UP = 5


@dataclass(frozen=True)
class Rung:
    """One step of the ladder."""

    name: str
    precision: str = "float32"
    tf32: bool = False
    vocab_size: int = 50257
    compile: bool = False
    batch: int = 8


def ladder() -> list[Rung]:
    """From plain float32 to all that this benchmark knows of."""
    rungs = [Rung("float32")]
    rungs.append(replace(rungs[-1], name="TF32 matrix products", tf32=True))
    rungs.append(replace(rungs[-1], name="bf16 autocast", precision="bfloat16"))
    rungs.append(replace(rungs[-1], name="torch.compile", compile=True))
    rungs.append(replace(rungs[-1], name="vocabulary padded to 50,304", vocab_size=50304))
    rungs.append(replace(rungs[-1], name="batch of 32 windows", batch=32))
    rungs.append(replace(rungs[-1], name="batch of 64 windows", batch=64))
    return rungs


def measure(rung: Rung, device: torch.device, steps: int) -> dict[str, object]:
    """Train some steps, and return tokens a second, utilization, and the memory it took."""
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = rung.tf32
    torch.cuda.reset_peak_memory_stats(device)
    model = GPT(replace(GPTConfig.gpt2(), vocab_size=rung.vocab_size)).to(device)
    work = flops_per_token(model, CONTEXT)
    config = TrainConfig(steps=steps, learning_rate=6e-4, precision=rung.precision, device=str(device))
    optimizers, parameters = make_optimizers(model, config), list(model.parameters())
    forward = torch.compile(model) if rung.compile else model
    ids = torch.randint(0, 50257, (rung.batch, CONTEXT + 1), device=device)
    seconds = []
    for _ in range(WARM_UP + steps):
        torch.cuda.synchronize(device)
        started = time.perf_counter()
        update(forward, parameters, optimizers, [(ids[:, :-1], ids[:, 1:])], predict, config)
        torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - started)
    rate = rung.batch * CONTEXT / statistics.median(seconds[WARM_UP:])
    return {
        "step": rung.name,
        "tokens/s": round(rate),
        "MFU, % of 989 TFLOP/s": round(100 * rate * work / PEAK, 1),
        "memory, GiB": round(torch.cuda.max_memory_allocated(device) / 2**30, 1),
    }


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rungs", type=int, help="only so many steps of the ladder")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("this benchmark needs a CUDA device, and torch finds none: `minillm doctor` says more")
    device = find_device("cuda")
    rows = []
    for rung in ladder()[: arguments.rungs]:
        rows.append(measure(rung, device, arguments.steps))
        print(rows[-1], flush=True)
        torch.cuda.empty_cache()
        torch.compiler.reset()
    if arguments.rungs or arguments.steps < 30:
        return
    own = matmul_rate(device, torch.bfloat16)
    result = {
        "title": "Training GPT-2 124M on one GPU",
        "command": "python benchmarks/gpt2_124m.py",
        "date": datetime.date.today().isoformat(),
        "machine": {"gpu": torch.cuda.get_device_name(device), "torch": torch.__version__},
        "rows": rows,
        "notes": [
            f"Its own bf16 matrix products (8192 cubed, random numbers) reach {own / 1e12:.0f} TFLOP/s.",
            "Operations a token: 6 for every weight in a matrix product and 12 L d T for attention, as in PaLM's "
            "appendix B; causal attention, which needs half of that, is counted in full, as is usual.",
        ],
    }
    with atomic_write(RESULTS) as file:
        json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
