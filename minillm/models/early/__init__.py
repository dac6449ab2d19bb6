"""Early neural language models, all called alike: token ids in, logits for the next token out.

Feed-forward, recurrent, convolutional and hidden Markov models train in one harness (:mod:`.harness`);
skip-gram vectors and an ELMo-style pair of language models show words without and with their context.
"""

from minillm.models.early.analogy import AnalogyScore, analogy_test, nearest
from minillm.models.early.batches import IGNORE, Batch, EncodedCorpus, make_batches
from minillm.models.early.baum_welch import ExpectedCounts, baum_welch, expected_counts, viterbi
from minillm.models.early.cells import ElmanCell, GRUCell, LSTMCell
from minillm.models.early.convolution import ConvolutionConfig, ConvolutionLM
from minillm.models.early.elmo import ElmoConfig, ElmoPair, ScalarMix
from minillm.models.early.feedforward import FeedForwardConfig, FeedForwardLM
from minillm.models.early.harness import Run, TrainConfig, optimize, perplexity, train, training_batches
from minillm.models.early.hmm import HiddenMarkovConfig, HiddenMarkovLM
from minillm.models.early.influence import influence
from minillm.models.early.interface import CausalLM
from minillm.models.early.recurrent import RecurrentConfig, RecurrentLM, StepByStep
from minillm.models.early.skipgram import SkipGram, SkipGramConfig, train_skip_gram

__all__ = [
    "IGNORE",
    "AnalogyScore",
    "Batch",
    "CausalLM",
    "ConvolutionConfig",
    "ConvolutionLM",
    "ElmanCell",
    "ElmoConfig",
    "ElmoPair",
    "EncodedCorpus",
    "ExpectedCounts",
    "FeedForwardConfig",
    "FeedForwardLM",
    "GRUCell",
    "HiddenMarkovConfig",
    "HiddenMarkovLM",
    "LSTMCell",
    "RecurrentConfig",
    "RecurrentLM",
    "Run",
    "ScalarMix",
    "SkipGram",
    "SkipGramConfig",
    "StepByStep",
    "TrainConfig",
    "analogy_test",
    "baum_welch",
    "expected_counts",
    "influence",
    "make_batches",
    "nearest",
    "optimize",
    "perplexity",
    "train",
    "train_skip_gram",
    "training_batches",
    "viterbi",
]
