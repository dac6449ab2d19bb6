"""Training from the command line: the run's folder, its text, the loop, and the model at the end."""

import dataclasses
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from minillm.cli.answers import INTERRUPTED, console
from minillm.errors import FormatError, InvalidInput
from minillm.files import atomic_write

if TYPE_CHECKING:
    import torch

    from minillm.tokenizers import Tokenizer
    from minillm.training import Run, TrainConfig
    from minillm.training.presets import Preset

MARK, DATA = "run.json", "data"


@dataclass(frozen=True)
class Order:
    """What was asked for, and what makes two runs the same.

    Attributes:
        data: Files with text.
        corpus: Or a corpus by name.
        limit: Rows of a hub corpus.
        preset: Name of the recipe.
        steps: Updates, or
        minutes: time for training, or neither: the recipe's steps.
        seed: Of weights, order and dropout.
    """

    data: tuple[Path, ...] = ()
    corpus: str = ""
    limit: int | None = None
    preset: str = "tiny"
    steps: int | None = None
    minutes: float | None = None
    seed: int = 0

    def as_json(self) -> dict[str, object]:
        """Plain data; paths are made absolute, so that a run can be resumed from another folder."""
        return dataclasses.asdict(self) | {"data": [str(path.resolve()) for path in self.data]}


def run(order: Order, out: Path | None, resume: bool, device: str, tensorboard: bool) -> None:
    """Do what was asked for.

    Raises:
        InvalidInput: What was asked for is contradictory, or the folder is not one of ours.
        Exit: With 130 after Ctrl-C.
    """
    if out is None:
        raise InvalidInput("--out is missing: name the folder for model, checkpoints and logs")
    order = _claim(order, out, resume)
    from minillm.cli.texts import prepare
    from minillm.training import AllWindows, ProgressBar, ShuffledWindows, matmul_rate
    from minillm.training.device import find_device
    from minillm.training.presets import find_preset
    from minillm.training.random_state import seeded

    preset, place, say = find_preset(order.preset), find_device(device), console()
    with say.status("reading the text"):
        text = prepare(order, preset, out)
    config = _settings(order, preset, out, place, device)
    with seeded(order.seed):
        model = preset.make(text.tokenizer.vocab_size)
    size = sum(parameter.numel() for parameter in model.parameters())
    say.print(
        f"{type(model).__name__} of {size:,} parameters, {escape(type(text.tokenizer).__name__)} of "
        f"{text.tokenizer.vocab_size:,}, {len(text.training):,} tokens to learn from, {len(text.validation):,} to "
        "validate"
    )
    context = preset.model.context
    from minillm.training import train as train_model

    done = train_model(
        model,
        ShuffledWindows(text.training, context, preset.batch, order.seed),
        config,
        validation=AllWindows(text.validation, context, max(1, 16_384 // context)),
        out=out,
        resume=True,
        logs=[ProgressBar()],
        tensorboard=tensorboard,
        peak=matmul_rate(place, _dtype(config)),
    )
    publish(model, text.tokenizer, out)
    _report(done, text.bytes_per_token, out)


def _claim(order: Order, out: Path, resume: bool) -> Order:
    """Make the folder ours, or see that it is; the order of the run that it holds, or this one."""
    mark = out / MARK
    if not mark.exists():
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise InvalidInput(f"{out} is there and is no run of ours, so it is left alone: choose another folder")
        if resume and not (order.data or order.corpus):
            raise InvalidInput(f"there is no run in {out} to resume")
        _check(order)
        out.mkdir(parents=True, exist_ok=True)
        with atomic_write(mark) as file:
            file.write(json.dumps({"run": 1, "order": order.as_json()}, indent=1) + "\n")
        return order
    if not resume:
        raise InvalidInput(f"{out} holds a run: add --resume to go on with it, or choose another folder")
    before = _read_mark(mark)
    asked = {name: value for name, value in order.as_json().items() if value != Order().as_json()[name]}
    told = before.as_json()
    for name, value in asked.items():
        if told[name] != value:
            raise InvalidInput(
                f"the run in {out} was begun with {name}={told[name]!r}, not {value!r}: leave --{name} out, or begin "
                "another run"
            )
    return before


def _read_mark(mark: Path) -> Order:
    try:
        told = json.loads(mark.read_text(encoding="utf-8"))["order"]
        return Order(**told | {"data": tuple(Path(path) for path in told["data"])})
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{mark} is damaged ({error}): begin another run") from None


def _check(order: Order) -> None:
    """Refuse what cannot be done before a folder is made."""
    from minillm.training.presets import find_preset

    find_preset(order.preset)
    if bool(order.data) == bool(order.corpus):
        given = "both are given" if order.data else "neither is given"
        raise InvalidInput(f"the text comes from --data FILE... or from --corpus NAME; {given}")
    known = order.corpus in ("", "docstrings", "village") or order.corpus.startswith("hub:")
    if not known:
        raise InvalidInput(f"--corpus is {order.corpus!r}; there are docstrings, village, and hub:NAME")
    if order.steps is not None and order.minutes is not None:
        raise InvalidInput("--steps and --minutes are both given: choose one")
    if order.minutes is not None and not 0 < order.minutes < math.inf:
        raise InvalidInput(f"--minutes is {order.minutes}: it must be above 0")
    for path in order.data:
        if not path.is_file():
            raise InvalidInput(f"there is no file {path}")


def _settings(order: Order, preset: "Preset", out: Path, place: "torch.device", device: str) -> "TrainConfig":
    """The settings; what hangs on this machine is decided once, when the run begins, and kept."""
    from minillm.training import TrainConfig, matmul_rate

    kept = out / "logs" / "settings.json"
    if kept.exists():
        try:
            told = json.loads(kept.read_text(encoding="utf-8"))
            return TrainConfig(**told | {"betas": tuple(told["betas"]), "device": device})
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{kept} is damaged ({error}): begin another run") from None
    import torch

    half = preset.half and matmul_rate(place, torch.bfloat16) > 1.2 * matmul_rate(place)
    config = dataclasses.replace(
        preset.training,
        steps=order.steps or (None if order.minutes else preset.training.steps),
        minutes=order.minutes,
        seed=order.seed,
        device=device,
        precision="bfloat16" if half else "float32",
        compile=preset.training.compile and place.type == "cuda",
    )
    kept.parent.mkdir(exist_ok=True)
    with atomic_write(kept) as file:
        file.write(json.dumps(dataclasses.asdict(config), indent=1) + "\n")
    return config


def publish(model: "torch.nn.Module", tokenizer: "Tokenizer", out: Path) -> None:
    """Lay the model into the top of the run's folder, file by file, its description last."""
    import shutil

    from minillm.models.pretrained import save_pretrained

    fresh = out / ".model"
    shutil.rmtree(fresh, ignore_errors=True)
    save_pretrained(model, fresh, tokenizer)
    for path in sorted(fresh.iterdir(), key=lambda path: path.name == "config.json"):
        os.replace(path, out / path.name)
    fresh.rmdir()


def _dtype(config: "TrainConfig") -> "torch.dtype":
    import torch

    return torch.bfloat16 if config.precision == "bfloat16" else torch.float32


def _report(done: "Run", bytes_per_token: float, out: Path) -> None:
    say, place = console(), escape(str(out))
    if not done.finished:
        say.print(f"stopped after {done.position.step:,} steps; go on with: minillm train --resume --out {place}")
        raise typer.Exit(INTERRUPTED)
    assert done.validation_loss is not None
    bits = done.validation_loss / math.log(2) / bytes_per_token
    say.print(
        f"{done.position.step:,} steps, {done.position.tokens:,} tokens in {done.position.seconds:.0f} s: "
        f"validation loss {done.validation_loss:.4f} a token ({bits:.3f} bits a byte)"
    )
    say.print(f'try it with: minillm generate {place} "..."')
