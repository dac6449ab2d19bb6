"""Early language models on one corpus, in one harness.

Chapter 1's fourth notebook reads the results. All models see the same sentences of the standard library's
docstrings in the same order. Each kind's learning rate is the best of three on a development set; perplexity is that
of a test set which nothing was chosen on.

Run from the repository's root: python benchmarks/early_models.py
(about 35 minutes on one core; --quick for a try-out in seconds).
"""

import argparse
import datetime
import json
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from recording import machine
from torch import nn

from minillm.data import corpora
from minillm.files import atomic_write
from minillm.models.early import (
    IGNORE,
    ConvolutionConfig,
    ConvolutionLM,
    EncodedCorpus,
    FeedForwardConfig,
    FeedForwardLM,
    HiddenMarkovConfig,
    HiddenMarkovLM,
    RecurrentConfig,
    RecurrentLM,
    TrainConfig,
    make_batches,
    train,
)
from minillm.ngram import NgramLM

RESULT = Path(__file__).parent / "results" / "early_models.json"
ORDERS = (2, 3, 4, 5)
RATES = (0.005, 0.01, 0.02)
END = 1

Builder = Callable[[int], nn.Module]
MODELS: dict[str, Builder] = {
    **{f"feed-forward, n = {n}": lambda v, n=n: FeedForwardLM(FeedForwardConfig(v, order=n)) for n in ORDERS},
    "feed-forward, n = 3, direct": lambda v: FeedForwardLM(FeedForwardConfig(v, order=3, direct=True)),
    "Elman": lambda v: RecurrentLM(RecurrentConfig(v, "elman")),
    "LSTM": lambda v: RecurrentLM(RecurrentConfig(v, "lstm")),
    "GRU": lambda v: RecurrentLM(RecurrentConfig(v, "gru")),
    "convolution": lambda v: ConvolutionLM(ConvolutionConfig(v)),
    "hidden Markov, 64 states": lambda v: HiddenMarkovLM(HiddenMarkovConfig(v, states=64)),
}


def token_logprobs(model: nn.Module, sentences: list[list[int]], vocab_size: int) -> np.ndarray:
    """Natural log-probability of every token of every sentence, end symbols included, in order."""
    parts = []
    with torch.no_grad():
        for batch in make_batches(sentences, vocab_size, END, batch_size=64):
            logits = model(batch.inputs).log_softmax(dim=-1)
            chosen = logits.gather(2, batch.targets.clamp_min(0)[..., None])[..., 0]
            parts.append(chosen[batch.targets != IGNORE].double().numpy())
    return np.concatenate(parts)


def perplexity_of(logprobs: np.ndarray) -> float:
    """Exponential of the mean negative log-probability."""
    return math.exp(-float(logprobs.mean()))


class Bakeoff:
    """The corpus, cut and encoded once, and every measurement on it."""

    def __init__(self, quick: bool) -> None:
        parts = corpora.docstrings().split(0.8, 0.1, 0.1, seed=0)
        self.words = [part.sentences(min_words=4, max_words=40) for part in parts]
        if quick:
            self.words = [sentences[:600] for sentences in self.words]
        self.epochs, self.seeds = (1, 2) if quick else (4, 3)
        self.rates = RATES[:1] if quick else RATES
        self.vocabulary = NgramLM(1, min_count=5).fit(self.words[0]).vocabulary
        ids = [[[max(self.vocabulary.id(w) - 1, 0) for w in s] for s in part] for part in self.words]
        self.train, self.develop, self.test = ids
        self.size = self.vocabulary.predicted
        self.logprobs: dict[str, list[np.ndarray]] = {}

    def ngram(self, order: int) -> dict[str, object]:
        """Fit and judge a modified Kneser-Ney model on the same events."""
        start = time.process_time()
        model = NgramLM(order, "modified_kneser_ney", vocabulary=self.vocabulary.words[3:]).fit(self.words[0])
        seconds = time.process_time() - start
        name = f"Kneser-Ney, n = {order}"
        self.logprobs[name] = [np.concatenate([model.token_logprobs(s) for s in self.words[2]])]
        tokens = sum(len(s) + 1 for s in self.train)
        return self.row(name, sum(model.sizes), [seconds], tokens, None)

    def neural(self, name: str) -> dict[str, object]:
        """Choose a learning rate on the development set, then train with every seed and judge on the test set."""
        build = lambda: MODELS[name](self.size)  # noqa: E731
        rates = [10 * rate for rate in self.rates] if "Markov" in name else self.rates
        corpus = EncodedCorpus(self.train, self.develop, self.size, END)
        config = TrainConfig(batch_size=32, epochs=self.epochs)
        tried, seconds = {}, []
        for rate in rates:
            start = time.process_time()
            tried[rate] = train(build, corpus, replace(config, learning_rate=rate), f"{name} {rate}")
            seconds.append(time.process_time() - start)
        best = min(tried, key=lambda rate: tried[rate].perplexity)
        again = replace(config, learning_rate=best)
        runs = [tried[best]]
        runs += [
            train(build, corpus, replace(again, seed=seed), f"{name} seed {seed}") for seed in range(1, self.seeds)
        ]
        self.logprobs[name] = [token_logprobs(run.model, self.test, self.size) for run in runs]
        return self.row(name, runs[0].parameters, seconds, runs[0].tokens, best)

    def mixture(self, order: int) -> dict[str, object]:
        """Half of each model's probability: what the two kinds know beside each other."""
        (counts,) = self.logprobs[f"Kneser-Ney, n = {order}"]
        network = self.logprobs[f"feed-forward, n = {order}"]
        name = f"mean of both, n = {order}"
        self.logprobs[name] = [np.logaddexp(counts, one) - math.log(2) for one in network]
        return self.row(name, None, None, None, None)

    def row(
        self, name: str, parameters: int | None, seconds: list[float] | None, tokens: int | None, rate: float | None
    ) -> dict[str, object]:
        """One line of the table. Spread is the distance from the best to the worst seed."""
        values = [perplexity_of(logprobs) for logprobs in self.logprobs[name]]
        typical = statistics.median(seconds) if seconds else None
        print(name, f"{statistics.mean(values):.1f}", flush=True)
        return {
            "model": name,
            "perplexity": round(statistics.mean(values), 2),
            "spread": round(max(values) - min(values), 2),
            "seeds": len(values),
            "parameters": parameters,
            "tokens seen": tokens,
            "seconds": round(typical, 2) if typical else None,
            "tokens/s": round(tokens / typical) if tokens and typical else None,
            "learning rate": rate,
        }


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few hundred sentences, and no file written")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    bakeoff = Bakeoff(quick)
    rows = [bakeoff.ngram(order) for order in ORDERS]
    rows += [bakeoff.neural(name) for name in MODELS]
    rows += [bakeoff.mixture(order) for order in ORDERS]
    tokens = [sum(len(s) + 1 for s in part) for part in (bakeoff.train, bakeoff.develop, bakeoff.test)]
    result = {
        "title": "Early language models on the standard library's docstrings",
        "command": "python benchmarks/early_models.py",
        "date": datetime.date.today().isoformat(),
        "machine": machine("torch", threads=str(torch.get_num_threads())),
        "rows": rows,
        "notes": [
            f"{tokens[0]:,} training, {tokens[1]:,} development and {tokens[2]:,} test tokens, sentence ends included; "
            f"{bakeoff.size:,} predictable tokens (words seen less than 5 times are one).",
            "Neural models: Adam, 32 sentences a step, learning rate falling linearly to zero, chosen from three "
            "values on the development set with the first seed; the hidden Markov model's are ten times as large.",
            "Perplexity is the mean over seeds on the test set, spread the distance from the best seed to the worst, "
            "seconds the median of processor time for training and one look at the development set. The parameters of "
            "an n-gram model are its stored n-grams.",
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
