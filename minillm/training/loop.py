"""The training loop: batches in, gradients, one update; now and then a record, an evaluation, a checkpoint."""

import math
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from minillm.training.batches import Batch, Batches
from minillm.training.config import TrainConfig
from minillm.training.device import autocast, find_device, to_device
from minillm.training.evaluation import evaluate
from minillm.training.keeper import LOGS, Keeper
from minillm.training.logs import JsonLines, Log, Record, TensorBoard
from minillm.training.meter import Meter
from minillm.training.objectives import Objective, predict
from minillm.training.optimizers import make_optimizers, scale_gradients, set_rates
from minillm.training.random_state import seeded
from minillm.training.run import Diverged, Run, stop_signals
from minillm.training.throughput import flops_per_token


def train(
    model: nn.Module,
    data: Batches,
    config: TrainConfig,
    *,
    objective: Objective = predict,
    validation: Iterable[Batch] | None = None,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    logs: Sequence[Log] = (),
    tensorboard: bool = False,
    peak: float | None = None,
) -> Run:
    """Train a model.

    With ``out``, checkpoints go to ``out/checkpoints`` and records to ``out/logs``. Ctrl-C ends the run after the step
    at hand, with a checkpoint. A run of so many steps that was interrupted, even killed, and is resumed ends with
    the very weights that it would have had; ``model`` must then be made as it was the first time.

    Args:
        model: Called by the objective; its weights are changed, and it stays on the run's device.
        data: Makes batch number i; update s takes numbers s * accumulate and following.
        config: The settings.
        objective: Sum of the loss and number of terms for a model and a batch.
        validation: Batches to evaluate on, the same each time they are gone through.
        out: The run's folder; None writes nothing.
        resume: Go on from the last checkpoint in ``out``, or begin if there is none.
        logs: Called with every record, such as `ProgressBar()`.
        tensorboard: Whether to write for TensorBoard, too; needs ``out``.
        peak: FLOP/s of this machine's matrix products (`matmul_rate`), for the utilization.

    Returns:
        How it went.

    Raises:
        Diverged: The loss is no number any more; the message names the step, the last checkpoint, and what to try.
        InvalidInput: ``out`` holds checkpoints and ``resume`` is not set; or the settings are not those of the run.
        FormatError: The last checkpoint is damaged, or of another model.
        Unavailable: The device is not there, or ``out`` cannot be written or has too little room.

    Example:
        >>> from minillm.training import ShuffledWindows
        >>> import numpy as np
        >>> windows = ShuffledWindows(np.arange(64) % 4, context=8, batch=4)
        >>> run = train(nn.Embedding(4, 4), windows, TrainConfig(steps=50, learning_rate=0.1, device="cpu"))
        >>> run.finished, run.loss < 0.5
        (True, True)

    Source: Book section 2.3.4, step 4; the shape of the loop is nanoGPT's.
    """
    model.to(find_device(config.device)).train()
    optimizers = make_optimizers(model, config)
    keeper = Keeper(out, config, model, optimizers)
    forward = cast(nn.Module, torch.compile(model)) if config.compile else model
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def validate() -> float | None:
        return None if validation is None else evaluate(forward, validation, objective, config.precision).loss

    with seeded(config.seed), stop_signals() as asked, _explained(keeper), ExitStack() as closing:
        run = Run(keeper.begin(resume))
        position, tell = run.position, _opened(run, keeper, logs, tensorboard, closing)
        # Data that do not say how long a window is: attention's scores are left out but for one.
        meter = Meter(flops_per_token(model, getattr(data, "context", 1)), peak)
        began = time.perf_counter() - position.seconds
        while position.share(config) < 1 and not asked.is_set():
            set_rates(optimizers, config.factor(position.progress(config)))
            first = position.step * config.accumulate
            batches = (data(number) for number in range(first, first + config.accumulate))
            meter.add(*update(forward, parameters, optimizers, batches, objective, config))
            position.step += 1
            position.seconds = time.perf_counter() - began
            if position.share(config) >= 1:
                break
            evaluating = _due(position.step, config.evaluate_every) and validation is not None
            if evaluating or _due(position.step, config.log_every):
                record = meter.record(position, position.share(config), _rate(optimizers))
                with meter.paused():
                    tell(replace(record, validation_loss=validate()) if evaluating else record)
            if _due(position.step, config.checkpoint_every):
                with meter.paused():
                    meter.settle(position)
                    keeper.save(position)
            position.seconds = time.perf_counter() - began
        record = meter.record(position, position.share(config), _rate(optimizers))
        keeper.save(position)
        run.finished, run.checkpoint = record.progress >= 1, keeper.last
        run.validation_loss = validate() if run.finished else None
        if not math.isnan(record.loss) or run.validation_loss is not None:
            tell(replace(record, validation_loss=run.validation_loss))
    return run


def update(
    model: nn.Module,
    parameters: Sequence[nn.Parameter],
    optimizers: Sequence[torch.optim.Optimizer],
    batches: Iterable[Batch],
    objective: Objective,
    config: TrainConfig,
) -> tuple[Float[Tensor, ""], Int[Tensor, ""], Float[Tensor, ""]]:
    """One update of the weights, from the sum of the loss over all batches divided by the number of all their tokens.

    Args:
        model: The model, compiled or not.
        parameters: Of the model, each once.
        optimizers: Theirs.
        batches: The micro-batches of this update.
        objective: Sum and count for the model and a batch.
        config: For clipping and precision.

    Returns:
        The sum of the loss, the number of tokens, and the norm of the mean's gradient before clipping.

    Example:
        >>> model = nn.Embedding(4, 4)
        >>> config = TrainConfig(steps=1)
        >>> batch = (torch.tensor([[0, 1]]), torch.tensor([[1, 2]]))
        >>> parameters, optimizers = list(model.parameters()), make_optimizers(model, config)
        >>> _, count, _ = update(model, parameters, optimizers, [batch], predict, config)
        >>> int(count)
        2

    Source: transformers issue 34191, on why means of micro-batches must not be averaged.
    """
    device = parameters[0].device
    total, count = torch.zeros((), device=device), torch.zeros((), dtype=torch.long, device=device)
    for batch in batches:
        with autocast(device, config.precision):
            loss, terms = objective(model, to_device(batch, device))
        loss.backward()
        total, count = total + loss.detach(), count + terms
    norm = scale_gradients(parameters, count, config.clip)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return total, count, norm


def _opened(run: Run, keeper: Keeper, logs: Sequence[Log], tensorboard: bool, closing: ExitStack) -> Log:
    """One function that tells all logs; those that can be closed are, at the end."""
    every: list[Log] = [*logs]
    if keeper.out is not None:
        every.append(JsonLines(keeper.out / LOGS / "train.jsonl", run.position.step))
    if keeper.out is not None and tensorboard:
        every.append(TensorBoard(keeper.out / LOGS / "tensorboard", run.position.step))
    for log in every:
        closing.callback(getattr(log, "close", lambda: None))

    def tell(record: Record) -> None:
        run.records.append(record)
        run.loss = run.loss if math.isnan(record.loss) else record.loss
        for log in every:
            log(record)

    return tell


@contextmanager
def _explained(keeper: Keeper) -> Iterator[None]:
    """Say what to do where the loss is no number any more."""
    try:
        yield
    except Diverged as error:
        raise Diverged(f"{error}; {keeper.advice()}") from None


def _due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0


def _rate(optimizers: Sequence[torch.optim.Optimizer]) -> float:
    return float(optimizers[0].param_groups[0]["lr"])
