"""One harness for all: the same sentences, in the same batches and order, however different the models
are.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from minillm.errors import InvalidInput
from minillm.models.early.batches import IGNORE, Batch, EncodedCorpus, make_batches
from minillm.models.early.interface import require_positive

Item = TypeVar("Item")


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained.

    Args:
        epochs: Passes over the training sentences.
        batch_size: Sentences per step.
        learning_rate: Adam's first step size; it falls linearly to zero over the run.
        clip: Largest norm of the gradient; longer ones are scaled down to it.
        seed: Decides the initial weights and the order of the sentences.
        progress: Show a progress bar; None shows one on a terminal only.

    Raises:
        InvalidInput: A count is below 1, or the learning rate or the clipping norm is not positive.

    Example:
        >>> TrainConfig(epochs=2, learning_rate=1e-2).batch_size
        32
    """

    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 3e-3
    clip: float = 1.0
    seed: int = 0
    progress: bool | None = None

    def __post_init__(self) -> None:
        require_positive(epochs=self.epochs, batch_size=self.batch_size)
        if not (self.learning_rate > 0 and self.clip > 0):
            raise InvalidInput(
                f"learning_rate={self.learning_rate} and clip={self.clip} were given; both must be above 0."
            )


@dataclass(frozen=True)
class Run:
    """What came out of one training run.

    Args:
        model: The trained model.
        losses: Mean cross-entropy per token (nats) of every training batch, before its step.
        perplexity: Validation perplexity per token, end symbols included.
        parameters: Number of trained numbers.
        tokens: Training tokens seen, end symbols included.
        seconds: Time spent training, without the time spent judging.
    """

    model: nn.Module
    losses: tuple[float, ...]
    perplexity: float
    parameters: int
    tokens: int
    seconds: float

    @property
    def tokens_per_second(self) -> float:
        """Training speed."""
        return self.tokens / self.seconds


def batch_loss(model: nn.Module, batch: Batch, reduction: str = "mean") -> Tensor:
    """Cross-entropy of a model's predictions, in nats.

    Args:
        model: A causal language model.
        batch: Sentences.
        reduction: ``"mean"`` per token or ``"sum"``.

    Returns:
        A number that can be differentiated.

    Example:
        >>> batch_loss(model, batch).backward()  # doctest: +SKIP
    """
    logits = model(batch.inputs)
    return F.cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORE, reduction=reduction)


@torch.no_grad()
def perplexity(model: nn.Module, batches: Sequence[Batch]) -> float:
    """Exponential of the mean negative log-probability per token, end symbols included.

    Args:
        model: A causal language model.
        batches: Sentences.

    Returns:
        The perplexity.

    Example:
        >>> perplexity(model, make_batches(sentences, vocab_size, end))  # doctest: +SKIP

    Source:
        Jelinek et al. 1977.
    """
    total = sum(float(batch_loss(model, batch, reduction="sum")) for batch in batches)
    return math.exp(total / sum(batch.tokens for batch in batches))


def optimize(
    module: nn.Module,
    items: Sequence[Item],
    loss: Callable[[Item], Tensor],
    config: TrainConfig,
    description: str = "",
) -> list[float]:
    """Take one Adam step per item, with a learning rate that falls linearly to zero.

    Args:
        module: What is trained.
        items: Batches, in the order in which they are used.
        loss: The number to lower, for one batch.
        config: Learning rate, clipping and progress bar; the other fields are not read.
        description: What the progress bar says.

    Returns:
        The loss at every step, before it.

    Raises:
        InvalidInput: There are no batches.

    Example:
        >>> losses = optimize(model, batches, lambda batch: batch_loss(model, batch), config)  # doctest:
        +SKIP

    Source:
        Kingma and Ba 2015; clipping as in Pascanu et al. 2013.
    """
    if not len(items):
        raise InvalidInput("No batches were given; at least one is needed.")
    adam = torch.optim.Adam(module.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - step / len(items))
    losses = []
    hidden = None if config.progress is None else not config.progress
    for item in tqdm(items, desc=description, disable=hidden, leave=False):
        value = loss(item)
        adam.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(module.parameters(), config.clip)
        adam.step()
        schedule.step()
        losses.append(float(value.detach()))
    return losses


def train(build: Callable[[], nn.Module], corpus: EncodedCorpus, config: TrainConfig, name: str = "") -> Run:
    """Build a model, train it, judge it.

    Weights and order depend on ``config.seed`` alone: two models trained with the same seed see the same
    batches in the same order. PyTorch's global random state is left as it was.

    Args:
        build: Makes the untrained model.
        corpus: The sentences.
        config: How to train.
        name: What the progress bar says.

    Returns:
        The trained model with its figures.

    Raises:
        InvalidInput: The corpus is empty or has ids outside its vocabulary.

    Example:
        >>> run = train(lambda: FeedForwardLM(FeedForwardConfig(9)), corpus, TrainConfig())  # doctest: +SKIP
        >>> run.perplexity, run.tokens_per_second  # doctest: +SKIP
    """
    batches = training_batches(corpus, config)
    held_out = make_batches(corpus.valid, corpus.vocab_size, corpus.end, config.batch_size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = build()
        start = time.perf_counter()
        losses = optimize(model, batches, lambda batch: batch_loss(model, batch), config, name)
        seconds = time.perf_counter() - start
    return Run(
        model=model,
        losses=tuple(losses),
        perplexity=perplexity(model, held_out),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        tokens=sum(batch.tokens for batch in batches),
        seconds=seconds,
    )


def training_batches(corpus: EncodedCorpus, config: TrainConfig) -> list[Batch]:
    """All batches of a training run, in the order in which they are used.

    Args:
        corpus: The sentences.
        config: Epochs, sentences per batch and seed.

    Returns:
        The batches of the first epoch, then those of the second, and so on, each epoch shuffled anew.

    Raises:
        InvalidInput: The corpus is empty or has ids outside its vocabulary.

    Example:
        >>> len(training_batches(corpus, TrainConfig(epochs=2)))  # doctest: +SKIP
    """
    return [
        batch
        for epoch in range(config.epochs)
        for batch in make_batches(
            corpus.train,
            corpus.vocab_size,
            corpus.end,
            config.batch_size,
            seed=config.seed * 1_000 + epoch,
        )
    ]
