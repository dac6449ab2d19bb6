"""Decoding side by side with transformers' generate: new tokens per second on one CPU core.

Two LLaMAs of 4 million parameters, one of few wide layers and one of many narrow ones, with random weights that both
sides share. Every line is timed in turns, ours and the peer's, each call from the prompt to the last token, so that
reading the prompt and preparing the cache count. Tokens are compared before the clock starts: greedy and beam search
must give the same ids on both sides. Sampling is timed only; its draws are compared in the tests.

Run from the repository's root: python benchmarks/decoding.py
(about two minutes on a quiet core; --quick for a try-out that records nothing).
"""

import argparse
import datetime
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from recording import machine

from minillm.files import atomic_write
from minillm.generation import beam_search, generate
from minillm.models import Llama, LlamaConfig

RESULT = Path(__file__).parent / "results" / "decoding.json"
PROMPT, PAD = 16, 0
SHAPES = {
    "4 layers of width 256": LlamaConfig(
        vocab_size=2048, context=512, layers=4, heads=4, width=256, ffn_width=640, norm_eps=1e-6
    ),
    "8 layers of width 192": LlamaConfig(
        vocab_size=1024, context=512, layers=8, heads=6, width=192, ffn_width=512, norm_eps=1e-6
    ),
}
NAMES = {
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "feedforward.gate": "mlp.gate_proj",
    "feedforward.up": "mlp.up_proj",
    "feedforward.down": "mlp.down_proj",
    "attention_norm": "input_layernorm",
    "feedforward_norm": "post_attention_layernorm",
}
Decode = Callable[[], torch.Tensor]


def models(config: LlamaConfig) -> tuple[Llama, transformers.LlamaForCausalLM]:
    """Ours and the peer's, with the same weights, large enough that texts do not repeat one token."""
    torch.manual_seed(0)
    ours = Llama(config).eval()
    for weight in ours.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.1)
    peer = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=config.vocab_size,
            hidden_size=config.width,
            intermediate_size=config.ffn_size,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.kv_size,
            max_position_embeddings=config.context,
            rms_norm_eps=config.norm_eps,
            tie_word_embeddings=False,
            bos_token_id=None,
            eos_token_id=None,
        )
    ).eval()
    pairs = {"token_embedding": "model.embed_tokens", "norm": "model.norm", "output": "lm_head"}
    for i in range(config.layers):
        pairs |= {f"blocks.{i}.{mine}": f"model.layers.{i}.{its}" for mine, its in NAMES.items()}
    with torch.no_grad():
        for mine, its in pairs.items():
            peer.get_submodule(its).weight.copy_(ours.get_submodule(mine).weight)
    return ours, peer


def tasks(ours: Llama, peer: transformers.LlamaForCausalLM, new: int) -> list[tuple[str, int, Decode, Decode, bool]]:
    """What is timed: its name, the rows, ours and the peer's, and whether both must give the same ids."""
    vocab = ours.config.vocab_size
    ids = torch.randint(1, vocab, (8, PROMPT), generator=torch.Generator().manual_seed(1))
    lengths = torch.arange(8) * 2 + 2
    ragged = torch.arange(PROMPT) >= PROMPT - lengths[:, None]
    padded = ids.masked_fill(~ragged, PAD)

    def theirs(rows: torch.Tensor, mask: torch.Tensor | None = None, **options: Any) -> torch.Tensor:
        seen = torch.ones_like(rows) if mask is None else mask.long()
        options = {"do_sample": False, "pad_token_id": PAD, **options}
        return peer.generate(rows, attention_mask=seen, max_new_tokens=new, **options)

    drawn = {"temperature": 0.8, "top_k": 50, "top_p": 0.95}
    return [
        (
            "greedy, batch 1",
            1,
            lambda: generate(ours, ids[:1], max_new_tokens=new),
            lambda: theirs(ids[:1]),
            True,
        ),
        ("greedy, batch 8", 8, lambda: generate(ours, ids, max_new_tokens=new), lambda: theirs(ids), True),
        (
            "greedy, batch 8, prompts of 2 to 16 tokens padded on the left",
            8,
            lambda: generate(ours, padded, max_new_tokens=new, mask=ragged, pad=PAD),
            lambda: theirs(padded, ragged),
            True,
        ),
        (
            "sampling, temperature 0.8, top-k 50, top-p 0.95, batch 8",
            8,
            lambda: generate(ours, ids, max_new_tokens=new, **drawn),
            lambda: theirs(ids, do_sample=True, **drawn),
            False,
        ),
        (
            "beam search, 4 beams, batch 1",
            1,
            lambda: beam_search(ours, ids[:1], max_new_tokens=new, beams=4).ids[:, 0],
            lambda: theirs(ids[:1], num_beams=4),
            True,
        ),
    ]


def seconds(task: Decode) -> float:
    """Processor time of one call."""
    start = time.process_time()
    task()
    return time.process_time() - start


def measure(name: str, shape: str, rows: int, ours: Decode, peer: Decode, new: int, repeats: int) -> dict[str, Any]:
    """One line of the table: medians of both, timed in turns, and the quartiles of their ratio."""
    pairs = [(seconds(ours), seconds(peer)) for _ in range(repeats)]
    mine, its = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratios = [b / a for a, b in pairs]
    low, _, high = statistics.quantiles(ratios, n=4) if repeats > 1 else (ratios[0],) * 3
    return {
        "what": f"{name}; {shape}",
        "unit": "tokens/s",
        "ours": _short(rows * new / mine),
        "peer": _short(rows * new / its),
        "peer_name": f"transformers {transformers.__version__}",
        "ratio": _short(its / mine),
        "quartiles of the ratio": f"{low:.2f} to {high:.2f}",
        "aim": "at least 3" if name in ("greedy, batch 1", "greedy, batch 8") else "",
    }


def _short(x: float) -> float | int:
    rounded = float(f"{x:.3g}")
    return int(rounded) if rounded >= 100 else rounded


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="32 new tokens, 2 repeats, nothing recorded")
    quick = parser.parse_args().quick
    new, repeats = (32, 2) if quick else (128, 9)
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    rows = []
    for shape, config in SHAPES.items():
        ours, peer = models(config)
        for name, batch, mine, its, same in tasks(ours, peer, new):
            # Both are called once before the clock runs; here they show that they do the same work.
            a, b = mine(), its()
            assert torch.equal(a, b) if same else a.shape == b.shape, name
            rows.append(measure(name, shape, batch, mine, its, new, repeats))
            print("{what:90} {ours:>7} tokens/s, peer {peer:>6}, ratio {ratio}".format(**rows[-1]), flush=True)
    if quick:
        return
    result = {
        "title": "Decoding",
        "command": "python benchmarks/decoding.py",
        "date": datetime.date.today().isoformat(),
        "machine": machine("torch", "transformers"),
        "rows": rows,
        "notes": [
            f"Medians of {repeats} calls, ours and the peer's in turns; float32, one thread, new tokens per second of "
            f"processor time. A call reads prompts of {PROMPT} tokens and adds {new} to each row.",
            *(
                f"{shape}: {sum(p.numel() for p in Llama(config).parameters()):,} parameters, vocabulary "
                f"{config.vocab_size:,}, {config.heads} heads, feed-forward width {config.ffn_size}; random weights."
                for shape, config in SHAPES.items()
            ),
            "Greedy and beam search gave the same ids on both sides before they were timed.",
        ],
    }
    with atomic_write(RESULT) as file:
        file.write(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
