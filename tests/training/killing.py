"""Train, kill at a chosen moment, resume, and tell what came out: run as a program of its own, which forks.

A moment is the n-th call of any function, Python's or C's, counted by the interpreter's own hook; so it may lie between
any two things that training does, in the middle of writing a checkpoint, too. Or it is in the middle of a file: half of
it is written, and then the process is gone.
"""

import hashlib
import json
import os
import random
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from conftest import TinyModel

from minillm.training import ShuffledWindows, TrainConfig, checkpoints, list_checkpoints, make_optimizers, train

CONFIG = TrainConfig(
    steps=10, optimizer="muon", learning_rate=0.01, device="cpu", checkpoint_every=2, log_every=1, accumulate=2
)
TEXT = (np.arange(400) * 7 % 16).astype(np.uint16)


def forked(action):
    """Do something in a child; returns how it ended and what it printed into the pipe."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        try:
            os.write(writer, json.dumps(action()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return (os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0), (json.loads(said) if said else None)


def run(folder):
    """Train, or go on; the digest of all that the last checkpoint holds in tensors."""
    torch.manual_seed(0)
    model = TinyModel(dropout=0.2)
    train(model, ShuffledWindows(TEXT, context=8, batch=4, seed=1), CONFIG, out=folder, resume=True)
    last = list_checkpoints(folder / "checkpoints")[-1]
    names = ("model.safetensors", "optimizer.safetensors", "random.safetensors")
    return [last.name, *(hashlib.sha256((last / name).read_bytes()).hexdigest() for name in names)]


def counted(folder):
    """How many calls a run makes, and which of them lie in the writing of a checkpoint."""
    calls, saving, inside = 0, [], 0
    writing = checkpoints.save_checkpoint.__code__

    def count(frame, event, argument):
        nonlocal calls, inside
        if event in ("call", "c_call"):
            calls += 1
            if inside:
                saving.append(calls)
        if frame.f_code is writing and event in ("call", "return"):
            inside += 1 if event == "call" else -1

    sys.setprofile(count)
    run(folder)
    sys.setprofile(None)
    return calls, saving[:: max(1, len(saving) // 500)]


def killed_at(folder, moment):
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        if event in ("call", "c_call"):
            calls += 1
            if calls == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    return run(folder)


def killed_in_file(folder, number):
    """The file of that number is half written when the process is killed."""
    whole, files = checkpoints.save_file, 0

    def half(tensors, path):
        nonlocal files
        whole(tensors, path)
        files += 1
        if files == number:
            os.truncate(path, path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoints.save_file = half
    return run(folder)


def main(place, seed):
    chance = random.Random(seed)
    _, wanted = forked(lambda: run(place / "whole"))
    _, (calls, saving) = forked(lambda: counted(place / "counted"))
    moments = [("at", chance.randrange(1, int(0.97 * calls))) for _ in range(9)]
    moments += [("at", chance.choice(saving[:-20])) for _ in range(8)]
    moments += [("in", number) for number in (1, 5, 9)]
    results = []
    for number, (kind, moment) in enumerate(moments):
        folder = place / str(number)
        kill = killed_at if kind == "at" else killed_in_file
        signals = [forked(lambda kill=kill, folder=folder, moment=moment: kill(folder, moment))[0]]
        if number % 3 == 0:  # killed again, on the way back
            again = chance.randrange(1, int(0.3 * calls))
            signals.append(forked(lambda folder=folder, again=again: killed_at(folder, again))[0])
        reached = [path.name for path in list_checkpoints(folder / "checkpoints")]
        ended, found = forked(lambda folder=folder: run(folder))
        left = sorted(path.name for path in (folder / "checkpoints").iterdir())
        results.append({"signals": signals, "reached": reached, "ended": ended, "same": found == wanted, "left": left})
    print(json.dumps({"calls": calls, "last": wanted[0], "results": results}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    make_optimizers(TinyModel(), CONFIG)  # imports much of torch, once for all children
    main(Path(sys.argv[1]), int(sys.argv[2]))
