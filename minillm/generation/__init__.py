"""Decoding: from a model's logits to text.

:func:`generate` decodes greedily or samples, :func:`stream` gives the same tokens one by one, :func:`stream_text` as
pieces of text; :func:`beam_search` and :func:`contrastive_search` choose otherwise. All take a batch of prompts, the
shorter ones padded on the left, any model of :mod:`minillm.models` that predicts a next token, and read each token
once, with a key/value cache.
"""

from minillm.generation.beam import Beams, beam_search
from minillm.generation.contrastive import contrastive_scores, contrastive_search
from minillm.generation.loop import Options, generate, stream
from minillm.generation.reader import LanguageModel
from minillm.generation.text import TextCodec, TextStream, stream_text
from minillm.generation.warpers import (
    Warper,
    compose,
    warp_min_p,
    warp_repetition,
    warp_temperature,
    warp_top_k,
    warp_top_p,
)

__all__ = [
    "Beams",
    "LanguageModel",
    "Options",
    "TextCodec",
    "TextStream",
    "Warper",
    "beam_search",
    "compose",
    "contrastive_scores",
    "contrastive_search",
    "generate",
    "stream",
    "stream_text",
    "warp_min_p",
    "warp_repetition",
    "warp_temperature",
    "warp_top_k",
    "warp_top_p",
]
