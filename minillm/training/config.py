"""How a run is trained: everything but the model and the data."""

from dataclasses import dataclass

from minillm.errors import InvalidInput
from minillm.training.schedules import make_schedule

_POSITIVE = ("accumulate", "log_every", "keep")


@dataclass(frozen=True)
class TrainConfig:
    """The settings of a run. Give either ``steps`` or ``minutes``.

    A run of so many steps is repeatable bit for bit. A run of so many minutes lets the learning rate follow the clock,
    so that it has come down when time is up, on a slow machine as on a fast one; how many steps that takes, and so the
    weights, differ from run to run. The clock counts training, evaluation and checkpoints, over all sessions of the
    run; it does not count the evaluation after the end.

    Attributes:
        steps: Updates of the weights.
        minutes: Time for training, in minutes.
        accumulate: Batches whose gradients are added up for one update.
        optimizer: ``"adamw"``, ``"sgd"``, or ``"muon"`` (matrices of hidden layers by Muon, the rest by AdamW).
        learning_rate: Peak rate.
        matrix_rate: Peak rate of the matrices that Muon updates; ``learning_rate`` where None.
        weight_decay: Decay of weights (matrices, not norms, biases and embeddings), times the learning rate, a step.
        betas: AdamW's two averages.
        momentum: Of SGD and Muon.
        schedule: ``"cosine"``, ``"linear"``, ``"wsd"`` or ``"constant"``, after the warm-up.
        warmup: Share of the run over which the rate rises.
        decay: Share of the run over which ``"wsd"`` comes down.
        floor: The rate at the end, as a share of the peak.
        clip: Largest norm of the gradient; None leaves it as it is.
        precision: ``"float32"`` (the model's own), or ``"bfloat16"`` for matrix products by autocast.
        compile: Whether the model runs through ``torch.compile``.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"`` ...; ``"auto"`` takes a GPU if there is one.
        log_every: Steps between two records.
        evaluate_every: Steps between two evaluations on the validation part; 0 for one at the end only.
        checkpoint_every: Steps between two checkpoints; 0 for one at the end only.
        keep: Checkpoints that are kept.
        seed: Of what the training draws, such as dropout. The weights were drawn when the model was made.

    Raises:
        InvalidInput: A setting is out of its range.

    Example:
        >>> TrainConfig(steps=100, learning_rate=3e-4).schedule
        'cosine'

    Source: Brown et al. (2020), appendix B, https://arxiv.org/abs/2005.14165, for the defaults of AdamW.
    """

    steps: int | None = None
    minutes: float | int | None = None
    accumulate: int = 1
    optimizer: str = "adamw"
    learning_rate: float | int = 1e-3
    matrix_rate: float | int | None = None
    weight_decay: float | int = 0.1
    betas: tuple[float | int, float | int] = (0.9, 0.95)
    momentum: float | int = 0.95
    schedule: str = "cosine"
    warmup: float | int = 0.02
    decay: float | int = 0.2
    floor: float | int = 0.1
    clip: float | int | None = 1.0
    precision: str = "float32"
    compile: bool = False
    device: str = "auto"
    log_every: int = 10
    evaluate_every: int = 0
    checkpoint_every: int = 0
    keep: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        if (self.steps is None) == (self.minutes is None):
            raise InvalidInput(f"steps={self.steps}, minutes={self.minutes}: give one of the two")
        if self.steps is not None and self.steps < 1:
            raise InvalidInput(f"steps is {self.steps}: it must be 1 or more")
        if self.minutes is not None and not 0 < self.minutes < float("inf"):
            raise InvalidInput(f"minutes is {self.minutes}: it must be above 0")
        for name in _POSITIVE:
            if getattr(self, name) < 1:
                raise InvalidInput(f"{name} is {getattr(self, name)}: it must be 1 or more")
        for name in ("evaluate_every", "checkpoint_every"):
            if getattr(self, name) < 0:
                raise InvalidInput(f"{name} is {getattr(self, name)}: it must be 0 or more")
        if not (self.learning_rate > 0 and self.weight_decay >= 0 and (self.clip is None or self.clip > 0)):
            raise InvalidInput(
                f"learning_rate={self.learning_rate}, weight_decay={self.weight_decay}, clip={self.clip}: the rate "
                "must be above 0, the decay 0 or above, and clip above 0 or None"
            )
        if self.optimizer not in ("adamw", "sgd", "muon"):
            raise InvalidInput(f"optimizer is {self.optimizer!r}; there are adamw, sgd, muon")
        if self.precision not in ("float32", "bfloat16"):
            raise InvalidInput(f"precision is {self.precision!r}; there are float32 and bfloat16")
        make_schedule(self.schedule, self.warmup, self.floor, self.decay)

    def factor(self, progress: float | int) -> float:
        """The learning rate as a share of the peak.

        Args:
            progress: Share of the run that is done, 0 to 1.

        Returns:
            The schedule's factor.

        Example:
            >>> TrainConfig(steps=10, schedule="linear", warmup=0.0, floor=0.0).factor(0.5)
            0.5

        Source: `minillm.training.schedules`.
        """
        return make_schedule(self.schedule, self.warmup, self.floor, self.decay)(progress)
