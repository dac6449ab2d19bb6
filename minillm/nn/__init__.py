"""The parts a Transformer is made of: attention, positions, norms, feed-forward layers, blocks, masks and caches."""

from minillm.nn.activations import ACTIVATIONS, activation_function, gelu_tanh, swish
from minillm.nn.attention import Attention, attend, attention_weights
from minillm.nn.block import Block
from minillm.nn.cache import KeysValues, KVCache, LayerCache
from minillm.nn.feedforward import FeedForward, GatedFeedForward, gated_width
from minillm.nn.initialization import initialize
from minillm.nn.masks import Visibility, causal_mask, padding_mask, positions_from_mask, visibility
from minillm.nn.norms import LayerNorm, RMSNorm
from minillm.nn.positions import LearnedPositions, SinusoidalPositions, alibi_bias, alibi_slopes, sinusoidal_positions
from minillm.nn.rotary import (
    RopeScaling,
    Rotary,
    Rotation,
    rotary_frequencies,
    rotate_complex,
    rotate_half_split,
    rotate_interleaved,
    rotation,
)
from minillm.nn.trace import Trace

__all__ = [
    "ACTIVATIONS",
    "Attention",
    "Block",
    "FeedForward",
    "GatedFeedForward",
    "KVCache",
    "KeysValues",
    "LayerCache",
    "LayerNorm",
    "LearnedPositions",
    "RMSNorm",
    "RopeScaling",
    "Rotary",
    "Rotation",
    "SinusoidalPositions",
    "Trace",
    "Visibility",
    "activation_function",
    "alibi_bias",
    "alibi_slopes",
    "attend",
    "attention_weights",
    "causal_mask",
    "gated_width",
    "gelu_tanh",
    "initialize",
    "padding_mask",
    "positions_from_mask",
    "rotary_frequencies",
    "rotate_complex",
    "rotate_half_split",
    "rotate_interleaved",
    "rotation",
    "sinusoidal_positions",
    "swish",
    "visibility",
]
