"""Tokenizers: characters, byte-level BPE and WordPiece, with their trainers; ``tokenizer.json`` in and out.

All share one interface: ``encode(text, allowed_special=())``, ``encode_pair``, ``decode``, ``vocab_size``, ``save`` and
``load``. A special token inside a text is ordinary text unless the caller allows it.
"""

from minillm.tokenizers.base import Tokenizer
from minillm.tokenizers.byte_bpe import ByteBPE
from minillm.tokenizers.characters import CharacterTokenizer
from minillm.tokenizers.special import SpecialToken
from minillm.tokenizers.template import Template
from minillm.tokenizers.tokenizer_json import load_tokenizer, save_tokenizer
from minillm.tokenizers.wordpiece import WordPiece

__all__ = [
    "ByteBPE",
    "CharacterTokenizer",
    "SpecialToken",
    "Template",
    "Tokenizer",
    "WordPiece",
    "load_tokenizer",
    "save_tokenizer",
]
