"""Skip-gram with negative sampling: vectors of words, learned from which words stand near each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from minillm.errors import InvalidInput
from minillm.models.early.harness import TrainConfig, optimize
from minillm.models.early.interface import require_positive


@dataclass(frozen=True)
class SkipGramConfig:
    """Sizes and sampling of a skip-gram model.

    Args:
        vocab_size: Number of words.
        dimension: Width of a word's vector.
        window: Farthest neighbor that counts as context; each position draws its own reach from 1 to this.
        negatives: Noise words per pair.
        power: Noise words are drawn in proportion to their count raised to this.
        subsample: Words more frequent than this share of the text are dropped at random before windows are
            drawn, the more frequent the more often; None drops none.

    Raises:
        InvalidInput: A size is below 1, the power negative or the share not positive.

    Example:
        >>> SkipGramConfig(vocab_size=1000).negatives
        5

    Source:
        Mikolov et al. 2013.
    """

    vocab_size: int
    dimension: int = 50
    window: int = 5
    negatives: int = 5
    power: float = 0.75
    subsample: float | None = 1e-3

    def __post_init__(self) -> None:
        require_positive(
            vocab_size=self.vocab_size,
            dimension=self.dimension,
            window=self.window,
            negatives=self.negatives,
        )
        if self.power < 0:
            raise InvalidInput(f"power={self.power}: give 0 for uniform noise up to 1 for the words' own shares.")
        if self.subsample is not None and self.subsample <= 0:
            raise InvalidInput(f"subsample={self.subsample}: give a share above 0, or None to keep every word.")


class SkipGram(nn.Module):
    r"""Two vectors per word: one as the center of a window, one as context.

    For a center w, a context c and noise words n the loss is
    :math:`-\log \sigma(u_c^\top v_w) - \sum_n \log \sigma(-u_n^\top v_w)`.

    Args:
        config: The sizes.

    Example:
        >>> model = SkipGram(SkipGramConfig(vocab_size=10))
        >>> model.vectors().shape
        torch.Size([10, 50])

    Source:
        Mikolov et al. 2013, equation 4.
    """

    def __init__(self, config: SkipGramConfig) -> None:
        super().__init__()
        self.config = config
        self.center = nn.Embedding(config.vocab_size, config.dimension)
        self.context = nn.Embedding(config.vocab_size, config.dimension)
        # As in word2vec: small centers and zero contexts, so that at first every pair is judged even.
        nn.init.uniform_(self.center.weight, -0.5 / config.dimension, 0.5 / config.dimension)
        nn.init.zeros_(self.context.weight)

    def loss(
        self,
        centers: Int[Tensor, " pairs"],
        contexts: Int[Tensor, " pairs"],
        noise: Int[Tensor, "pairs negatives"],
    ) -> Float[Tensor, ""]:
        """Mean loss of the pairs.

        Args:
            centers: Word in the middle of a window.
            contexts: A word found beside it.
            noise: Words drawn at random.

        Returns:
            The loss in nats per pair.
        """
        v = self.center(centers)
        found = torch.einsum("pd,pd->p", v, self.context(contexts))
        drawn = torch.einsum("pd,pnd->pn", v, self.context(noise))
        return -(F.logsigmoid(found) + F.logsigmoid(-drawn).sum(dim=-1)).mean()

    def vectors(self) -> Float[Tensor, "vocab dimension"]:
        """The words' vectors: those as centers, which is what is usually kept."""
        return self.center.weight.detach()


def skip_gram_pairs(
    sentences: Sequence[Sequence[int]], config: SkipGramConfig, rng: np.random.Generator
) -> Int[np.ndarray, "pairs two"]:
    """Pairs of a center and a word in its window, in random order.

    Args:
        sentences: Word ids; windows do not cross a sentence's ends.
        config: Window and subsampling.
        rng: Decides which words are dropped, every position's reach, and the order.

    Returns:
        One row per pair: center, context.

    Raises:
        InvalidInput: There are no sentences, or an id is out of range.

    Example:
        >>> config = SkipGramConfig(vocab_size=3, window=1, subsample=None)
        >>> sorted(skip_gram_pairs([[0, 1, 2]], config, np.random.default_rng(0)).tolist())
        [[0, 1], [1, 0], [1, 2], [2, 1]]

    Source:
        Mikolov et al. 2013, section 2.3 for subsampling.
    """
    words, owner = _flatten(sentences, config.vocab_size)
    if config.subsample is not None:
        share = np.bincount(words, minlength=config.vocab_size)[words] / len(words)
        kept = rng.random(len(words)) < np.sqrt(config.subsample / share)
        words, owner = words[kept], owner[kept]
    reach = rng.integers(1, config.window + 1, size=len(words))
    found = []
    for distance in range(1, min(config.window, len(words) - 1) + 1):
        together = owner[:-distance] == owner[distance:]
        left, right = words[:-distance], words[distance:]
        forward = together & (reach[:-distance] >= distance)
        backward = together & (reach[distance:] >= distance)
        found += [np.stack([left, right], 1)[forward], np.stack([right, left], 1)[backward]]
    pairs = np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)
    return rng.permutation(pairs)


def noise_shares(sentences: Sequence[Sequence[int]], config: SkipGramConfig) -> Float[np.ndarray, " vocab"]:
    """How often each word is drawn as noise.

    Args:
        sentences: Word ids.
        config: The power that flattens the counts.

    Returns:
        Shares that sum to 1.

    Raises:
        InvalidInput: There are no sentences, or an id is out of range.

    Example:
        >>> noise_shares([[0] * 16, [1]], SkipGramConfig(vocab_size=2)).round(3).tolist()  # 16 ** 0.75 is 8
        [0.889, 0.111]

    Source:
        Mikolov et al. 2013, section 2.2.
    """
    words, _ = _flatten(sentences, config.vocab_size)
    counts = np.bincount(words, minlength=config.vocab_size).astype(np.float64)
    # A word without a count is never noise; 0 ** 0 would make it so.
    weights = np.where(counts > 0, counts**config.power, 0.0)
    return weights / weights.sum()


def train_skip_gram(
    sentences: Sequence[Sequence[int]], config: SkipGramConfig, training: TrainConfig
) -> tuple[SkipGram, list[float]]:
    """Train skip-gram vectors.

    Args:
        sentences: Word ids.
        config: Sizes and sampling.
        training: Epochs, learning rate and seed; ``batch_size`` counts pairs and should be a thousand or
            more.

    Returns:
        The model, and its loss at every step.

    Raises:
        InvalidInput: There are no sentences or no pairs in them, or an id is out of range.

    Example:
        >>> model, losses = train_skip_gram(sentences, config, TrainConfig(batch_size=4096))  # doctest: +SKIP

    Source:
        Mikolov et al. 2013.
    """
    rng = np.random.default_rng(training.seed)
    noise = np.cumsum(noise_shares(sentences, config))
    epochs = [skip_gram_pairs(sentences, config, rng) for _ in range(training.epochs)]
    items = [pairs[i : i + training.batch_size] for pairs in epochs for i in range(0, len(pairs), training.batch_size)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        model = SkipGram(config)

    def loss(pairs: np.ndarray) -> Tensor:
        drawn = np.searchsorted(noise, rng.random((len(pairs), config.negatives)), side="right")
        drawn = np.minimum(drawn, config.vocab_size - 1)
        both = torch.from_numpy(pairs)
        return model.loss(both[:, 0], both[:, 1], torch.from_numpy(drawn))

    return model, optimize(model, items, loss, training, "skip-gram")


def _flatten(
    sentences: Sequence[Sequence[int]], vocab_size: int
) -> tuple[Int[np.ndarray, " words"], Int[np.ndarray, " words"]]:
    """All words in one array, and beside each the index of its sentence."""
    lengths = [len(sentence) for sentence in sentences]
    if not sum(lengths):
        raise InvalidInput("No words were given; at least one sentence with two words is needed.")
    words = np.fromiter((word for sentence in sentences for word in sentence), np.int64, sum(lengths))
    if words.min() < 0 or words.max() >= vocab_size:
        raise InvalidInput(
            f"Word ids from {words.min()} to {words.max()} were given; allowed are 0 to {vocab_size - 1}."
        )
    return words, np.repeat(np.arange(len(lengths)), lengths)
