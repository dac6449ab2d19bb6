"""The run's folder: what is written there, and going on from it."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from minillm.errors import FormatError, InvalidInput, Unavailable
from minillm.training.checkpoints import list_checkpoints, load_checkpoint, name_of, prune, save_checkpoint
from minillm.training.config import TrainConfig
from minillm.training.room import check_room, checkpoint_bytes
from minillm.training.run import Position

CHECKPOINTS, LOGS = "checkpoints", "logs"
_MAY_CHANGE = ("steps", "minutes", "device", "compile", "log_every", "evaluate_every", "checkpoint_every", "keep")


class Keeper:
    """Writes a run's checkpoints and finds the last one; with no folder, does nothing.

    Args:
        out: The run's folder, or None.
        config: The settings.
        model: Whose weights are kept.
        optimizers: Whose states are kept.

    Example:
        >>> Keeper(None, TrainConfig(steps=1), nn.Linear(1, 1), []).begin(resume=False).step
        0

    Source: None; plain book-keeping.
    """

    def __init__(
        self,
        out: str | os.PathLike[str] | None,
        config: TrainConfig,
        model: nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
    ) -> None:
        self.out = None if out is None else Path(out)
        self._config, self._model, self._optimizers = config, model, optimizers

    @property
    def last(self) -> Path | None:
        """The last checkpoint."""
        found = [] if self.out is None else list_checkpoints(self.out / CHECKPOINTS)
        return found[-1] if found else None

    def begin(self, resume: bool) -> Position:
        """See whether the folder will do, and take up what is there.

        Args:
            resume: Whether to go on from the last checkpoint; the beginning, if there is none.

        Returns:
            Where the run stands.

        Raises:
            InvalidInput: There are checkpoints and ``resume`` is not set, or they were made with other settings.
            FormatError: The last checkpoint is damaged, or of another model.
            Unavailable: The folder cannot be written, or has too little room.
        """
        if self.out is None:
            return Position()
        last = self.last
        if last is not None and not resume:
            raise InvalidInput(
                f"{self.out} holds checkpoints up to {last.name}: resume that run, or choose another folder"
            )
        size = checkpoint_bytes(self._model, self._optimizers)
        missing = self._config.keep + 1 - len(list_checkpoints(self.out / CHECKPOINTS))
        check_room(self.out, size * max(1, missing))
        (self.out / LOGS).mkdir(exist_ok=True)
        if last is None:
            return Position()
        prune(self.out / CHECKPOINTS, self._config.keep)
        state = load_checkpoint(last, self._model, self._optimizers)
        self._compare(last, state.get("config"))
        try:
            return Position(state["step"], int(state["tokens"]), float(state["seconds"]))
        except (KeyError, TypeError, ValueError):
            raise FormatError(f"{last} is not a checkpoint of a training run") from None

    def save(self, position: Position) -> None:
        """Write a checkpoint, unless there is one of this step, and remove those that are not kept.

        Args:
            position: Where the run stands.

        Raises:
            Unavailable: The disk is full or cannot be written; the last good checkpoint is still there.
        """
        if self.out is None or (self.out / CHECKPOINTS / name_of(position.step)).exists():
            return
        state = {"tokens": position.tokens, "seconds": position.seconds, "config": asdict(self._config)}
        try:
            save_checkpoint(self.out / CHECKPOINTS, position.step, self._model, self._optimizers, state)
            prune(self.out / CHECKPOINTS, self._config.keep)
        except OSError as error:
            kept = f"the last good one is {self.last}" if self.last else "there is no earlier one"
            raise Unavailable(
                f"the checkpoint of step {position.step} could not be written ({error.strerror or error}); {kept}. "
                "Make room, then resume"
            ) from error

    def advice(self) -> str:
        """What to do when the loss is no number any more."""
        kept = f"the last good checkpoint is {self.last}" if self.last else "there is no checkpoint yet"
        clip = "" if self._config.clip is not None else ", clip=1.0"
        exact = "" if self._config.precision == "float32" else ", precision='float32'"
        return (
            f"{kept}. Try a lower learning rate (it was {self._config.learning_rate:g}), a longer warm-up (it was "
            f"{self._config.warmup:g} of the run){clip}{exact}, and look at the batch that this step saw"
        )

    def _compare(self, path: Path, saved: dict[str, object] | None) -> None:
        """Refuse to go on with settings that would make it another run."""
        now = json.loads(json.dumps(asdict(self._config)))
        differ = [name for name in now if name not in _MAY_CHANGE and (saved or {}).get(name) != now[name]]
        if differ:
            told = "; ".join(f"{name}: {(saved or {}).get(name)!r}, and now {now[name]!r}" for name in differ)
            raise InvalidInput(f"{path} was trained with other settings ({told}): resume with the same, or begin anew")
