"""N-gram models side by side with nltk.lm and KenLM: fitting, scoring, memory.

Two texts. "Docstrings" are the standard library's, 90 % of the documents to fit and 10 % to score. "Generated" is a
corpus of 2 million words with a Zipf vocabulary of 50,000 and some habit of following, so that most trigrams are new;
it is made from a seed, since repeating real text would make n-grams look less various than they are.

Ours and the peer run in turns in one process and one thread. Each figure is the median of the repeats, in words per
second of processor time, so that other work on the machine disturbs it little. Memory is the growth of the largest
resident size of a process of its own that reads the text from a file line by line (Linux only).

Run from the repository's root: python benchmarks/ngram.py
(about five minutes, most of it nltk's; --quick for a try-out.)
"""

import argparse
import datetime
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import kenlm
import nltk.lm
import numpy as np
from nltk.lm.preprocessing import pad_both_ends, padded_everygram_pipeline
from recording import machine

from minillm.data import corpora
from minillm.files import atomic_write
from minillm.ngram import NgramLM

RESULT = Path(__file__).parent / "results" / "ngram.json"
Sentences = list[list[str]]

# Not resource.getrusage: what that reports as a process's own peak includes its parent's at the time of the fork.
_MEMORY = """
import re, sys
from minillm.ngram import NgramLM
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024
before = peak()
with open(sys.argv[1], encoding="utf-8") as file:
    model = NgramLM(int(sys.argv[2])).fit(line.split() for line in file)
print(peak() - before, sum(model.sizes))
"""


def generated(words: int, seed: int, vocabulary: int = 50_000) -> Sentences:
    """A corpus whose words follow Zipf's law, and follow one another in part by rule."""
    rng = np.random.default_rng(seed)
    p = 1 / np.arange(1, vocabulary + 1)
    drawn = rng.choice(vocabulary, size=words, p=p / p.sum())
    follows = rng.random(words) < 0.6
    for _ in range(3):
        successor = (drawn[:-1] * 31 + rng.integers(0, 5, words - 1)) % vocabulary
        drawn[1:] = np.where(follows[1:], successor, drawn[1:])
    text = iter([f"w{number}" for number in drawn.tolist()])
    lengths = rng.integers(5, 40, words)
    sentences = (list(itertools.islice(text, int(length))) for length in lengths)
    return list(itertools.takewhile(len, sentences))


def seconds(task: Callable[[], Any]) -> float:
    """Processor time of one run."""
    start = time.process_time()
    task()
    return time.process_time() - start


def in_turns(ours: Callable[[], Any], peer: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Median seconds of both, run alternately so that whatever slows the machine slows both."""
    pairs = [(seconds(ours), seconds(peer)) for _ in range(repeats)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def fit_nltk(sentences: Sentences) -> nltk.lm.KneserNeyInterpolated:
    """The peer's fit, with its own recommended preparation."""
    model = nltk.lm.KneserNeyInterpolated(3)
    model.fit(*padded_everygram_pipeline(3, sentences))
    return model


def score_nltk(model: nltk.lm.KneserNeyInterpolated, sentences: Sentences) -> float:
    """The peer's score of a few sentences, token by token as it offers it."""
    total = 0.0
    for sentence in sentences:
        padded = list(pad_both_ends(sentence, n=3))
        for i in range(2, len(padded)):
            total += model.logscore(padded[i], padded[i - 2 : i])
    return total


def words_in(sentences: Sentences) -> int:
    """Words without sentence ends."""
    return sum(map(len, sentences))


def row(what: str, unit: str, ours: float, aim: str, peer: float | None = None, peer_name: str = "") -> dict[str, Any]:
    """One line of the table, figures to three digits."""

    def short(x: float | None) -> float | int | str:
        if x is None:
            return ""
        rounded = float(f"{x:.3g}")
        return int(rounded) if rounded >= 100 else rounded

    ratio = None if peer is None else ours / peer
    return {
        "what": what,
        "unit": unit,
        "ours": short(ours),
        "peer": short(peer),
        "peer_name": peer_name,
        "ratio": short(ratio),
        "aim": aim,
    }


def fitting(train: Sentences, large: Sentences, repeats: int) -> list[dict[str, Any]]:
    """Words a second when fitting."""
    peer_name = f"nltk {version('nltk')}"
    rows = []
    for name, text in (("docstrings", train), ("generated", large[: len(large) // 5])):
        ours, peer = in_turns(lambda text=text: NgramLM(3).fit(text), lambda text=text: fit_nltk(text), repeats)
        what = f"fit modified Kneser-Ney, order 3, {name}, {words_in(text):,} words"
        rows.append(row(what, "words/s", words_in(text) / ours, "at least 20 x nltk", words_in(text) / peer, peer_name))
    for order in (3, 5):
        taken = statistics.median(seconds(lambda order=order: NgramLM(order).fit(large)) for _ in range(repeats))
        what = f"fit modified Kneser-Ney, order {order}, generated, {words_in(large):,} words"
        rows.append(row(what, "words/s", words_in(large) / taken, "at least 500,000" if order == 3 else ""))
    return rows


def scoring(train: Sentences, test: Sentences, large: Sentences, repeats: int) -> list[dict[str, Any]]:
    """Words a second when scoring, beside both peers."""
    model, peer_model = NgramLM(3).fit(train), fit_nltk(train)
    few = test[:20]
    many = test * 10
    ours, _ = in_turns(lambda: model.score_batch(many), lambda: None, repeats)
    _, peer = in_turns(lambda: None, lambda: score_nltk(peer_model, few), repeats)
    nltk_row = row(
        f"score Kneser-Ney, order 3, docstrings ({words_in(many):,} words; nltk {words_in(few):,})",
        "words/s",
        words_in(many) / ours,
        "at least 1,000 x nltk",
        words_in(few) / peer,
        f"nltk {version('nltk')}",
    )
    big, heldout = NgramLM(3).fit(large), generated(words_in(large) // 2, seed=1)
    lines = [" ".join(sentence) for sentence in heldout]
    with tempfile.TemporaryDirectory() as folder:
        big.save_arpa(path := os.path.join(folder, "model.arpa"))
        reader = kenlm.Model(path)
    ours, peer = in_turns(lambda: big.score_batch(heldout), lambda: [reader.score(line) for line in lines], repeats)
    difference = max(
        abs(a / math.log(10) - reader.score(line)) / (line.count(" ") + 2)
        for a, line in zip(big.score_batch(heldout[:1000]), lines[:1000], strict=True)
    )
    assert difference < 1e-5, difference
    what = f"score the same model, order 3, generated, {words_in(heldout):,} words"
    kenlm_row = row(
        what,
        "words/s",
        words_in(heldout) / ours,
        "at least 1,000,000",
        words_in(heldout) / peer,
        f"KenLM {version('kenlm')}",
    )
    return [nltk_row, kenlm_row]


def memory(large: Sentences) -> list[dict[str, Any]]:
    """Growth of a fresh process."""
    rows = []
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(" ".join(sentence) + "\n" for sentence in large)
        file.flush()
        for order in (3, 5):
            command = [sys.executable, "-c", _MEMORY, file.name, str(order)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            grown, ngrams = map(int, done.stdout.split())
            what = f"peak memory of fitting, order {order}, generated, {words_in(large):,} words, {ngrams:,} n-grams"
            rows.append(row(what, "GB", grown / 1e9, "at most 0.6"))
    return rows


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the text, one repeat, nothing recorded")
    quick = parser.parse_args().quick
    repeats = 1 if quick else 5
    train, test = (part.sentences() for part in corpora.docstrings().split(0.9, 0.1))
    large = generated(200_000 if quick else 2_000_000, seed=0)
    rows = fitting(train, large, repeats) + scoring(train, test, large, repeats) + memory(large)
    for line in rows:
        print("{what:100} {ours:>12} {unit:8} peer {peer!s:>10} {peer_name:12} ratio {ratio!s:>8}".format(**line))
    if quick:
        return
    result = {
        "title": "n-gram models",
        "command": "python benchmarks/ngram.py",
        "date": datetime.date.today().isoformat(),
        "machine": machine("numpy", "nltk", "kenlm"),
        "rows": rows,
        "notes": [
            f"Medians of {repeats} repeats, ours and the peer in turns; one thread each; per second of processor time.",
            "Docstrings: the standard library's, 90 % of the documents fitted, 10 % scored. Generated: Zipf "
            "vocabulary of 50,000 words, seeded, most trigrams distinct; nltk is fitted on a fifth of it.",
            "Fitting means: from lists of words to a model that can score. For nltk that is counting only; its "
            "smoothing happens while scoring, which is why it scores so slowly. It is timed on 20 sentences.",
            "Docstrings are scored ten times over in one call, since one tenth of them is only a fraction of a "
            "second's work.",
            "KenLM reads the ARPA file that we wrote; its scores and ours agree within 0.00001 (logarithm to base "
            "10) a token on the first 1,000 sentences. It is called sentence by sentence, as its Python interface "
            "asks.",
            "Memory: growth of the largest resident size of a fresh process that reads the text from a file.",
        ],
    }
    with atomic_write(RESULT) as file:
        file.write(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
