"""N-gram language models: counting, eight ways of smoothing, perplexity, sampling and ARPA files."""

from minillm.ngram.counts import NgramCounts
from minillm.ngram.discounts import DiscountWarning
from minillm.ngram.model import NgramLM
from minillm.ngram.perplexity import Perplexity
from minillm.ngram.smoothing import SMOOTHINGS
from minillm.ngram.vocabulary import BOS, EOS, UNK, Vocabulary

__all__ = [
    "BOS",
    "EOS",
    "SMOOTHINGS",
    "UNK",
    "DiscountWarning",
    "NgramCounts",
    "NgramLM",
    "Perplexity",
    "Vocabulary",
]
