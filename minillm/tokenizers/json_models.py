"""The part of ``tokenizer.json`` that differs from one kind of tokenizer to the next."""

from collections.abc import Callable, Sequence
from typing import Any

from minillm.tokenizers.base import Tokenizer
from minillm.tokenizers.byte_alphabet import read_bytes, show_bytes
from minillm.tokenizers.byte_bpe import ByteBPE
from minillm.tokenizers.characters import CharacterTokenizer
from minillm.tokenizers.json_byte_level import read_byte_level, read_pattern, section_of
from minillm.tokenizers.json_fields import Fields
from minillm.tokenizers.patterns import PATTERNS
from minillm.tokenizers.special import SpecialToken
from minillm.tokenizers.template import Template
from minillm.tokenizers.wordpiece import WordPiece

_ANY_CHARACTER = {"type": "Split", "pattern": {"Regex": r"[\s\S]"}, "behavior": "Isolated", "invert": False}
_BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_NO_UNKNOWN = "<unk>"


def write_bpe(tokenizer: ByteBPE) -> dict[str, Any]:
    """The sections normalizer, pre_tokenizer, decoder and model of a byte-level BPE.

    Args:
        tokenizer: The tokenizer.

    Returns:
        The sections.

    Example:
        >>> write_bpe(ByteBPE.train([""], 256))["decoder"]["type"]
        'ByteLevel'
    """
    split = {
        "type": "Split",
        "pattern": {"Regex": PATTERNS[tokenizer.pattern]},
        "behavior": "Isolated",
        "invert": False,
    }
    sequence = {"type": "Sequence", "pretokenizers": [split, _BYTE_LEVEL | {"use_regex": False}]}
    return {
        "normalizer": {"type": "NFC"} if tokenizer.composed else None,
        "pre_tokenizer": _BYTE_LEVEL if tokenizer.pattern == "gpt2" else sequence,
        "decoder": _BYTE_LEVEL,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": tokenizer.whole_words,
            "vocab": _model_vocabulary(tokenizer),
            "merges": [[show_bytes(left), show_bytes(right)] for left, right in tokenizer.merges],
        },
    }


def read_bpe(top: Fields, model: Fields, special: Sequence[SpecialToken], template: Template) -> ByteBPE:
    """Read a byte-level BPE.

    Args:
        top: The file's top level.
        model: Its model.
        special: Its special tokens.
        template: Its template.

    Returns:
        The tokenizer.

    Raises:
        FormatError: Something missing or not supported.
        InvalidInput: Tokens, ids or merges that do not fit together.

    Example:
        >>> read_bpe(top, model, [], Template())  # doctest: +SKIP
    """
    model.only("dropout", (None,), None)
    model.take("unk_token", (str, type(None)), None)  # with all 256 bytes known it is never needed
    model.take("fuse_unk", bool, False)
    for affix in ("continuing_subword_prefix", "end_of_word_suffix"):
        model.only(affix, (None, ""), None)
    model.only("byte_fallback", (False,), False)
    whole_words = model.take("ignore_merges", bool, False)
    vocabulary = _ordinary(model, special)
    merges = [_merge(model, merge) for merge in model.take("merges", list)]
    normalizer = top.object("normalizer")
    if normalizer is not None:
        normalizer.only("type", ("NFC",))
        normalizer.end()
    pattern = read_pattern(top)
    read_byte_level(section_of(top, "decoder"))
    ids = {read_bytes(token): id for token, id in vocabulary.items()}
    return ByteBPE(ids, merges, pattern, special, template, normalizer is not None, whole_words)


def write_wordpiece(tokenizer: WordPiece) -> dict[str, Any]:
    """The sections normalizer, pre_tokenizer, decoder and model of a WordPiece.

    Args:
        tokenizer: The tokenizer.

    Returns:
        The sections.

    Example:
        >>> write_wordpiece(WordPiece.train(["a"], 6))["pre_tokenizer"]
        {'type': 'BertPreTokenizer'}
    """
    return {
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": tokenizer.clean,
            "handle_chinese_chars": tokenizer.chinese,
            "strip_accents": tokenizer.strip_accents,
            "lowercase": tokenizer.lowercase,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "decoder": {"type": "WordPiece", "prefix": tokenizer.prefix, "cleanup": tokenizer.cleanup},
        "model": {
            "type": "WordPiece",
            "unk_token": tokenizer.unknown,
            "continuing_subword_prefix": tokenizer.prefix,
            "max_input_chars_per_word": tokenizer.longest_word,
            "vocab": _model_vocabulary(tokenizer, tokenizer.unknown),
        },
    }


def read_wordpiece(top: Fields, model: Fields, special: Sequence[SpecialToken], template: Template) -> WordPiece:
    """Read a WordPiece, see ``read_bpe``.

    Args:
        top: The file's top level.
        model: Its model.
        special: Its special tokens.
        template: Its template.

    Returns:
        The tokenizer.

    Raises:
        FormatError: Something missing or not supported.
        InvalidInput: Tokens or ids that do not fit together.

    Example:
        >>> read_wordpiece(top, model, [], Template())  # doctest: +SKIP
    """
    normalizer, cutter, decoder = (section_of(top, key) for key in ("normalizer", "pre_tokenizer", "decoder"))
    normalizer.only("type", ("BertNormalizer",))
    cutter.only("type", ("BertPreTokenizer",))
    decoder.only("type", ("WordPiece",))
    prefix = model.take("continuing_subword_prefix", str)
    decoder.only("prefix", (prefix,))
    tokenizer = WordPiece(
        _ordinary(model, special),
        special,
        template,
        lowercase=normalizer.take("lowercase", bool),
        strip_accents=normalizer.take("strip_accents", (bool, type(None)), None),
        clean=normalizer.take("clean_text", bool),
        chinese=normalizer.take("handle_chinese_chars", bool),
        cleanup=decoder.take("cleanup", bool),
        unknown=model.take("unk_token", str),
        prefix=prefix,
        longest_word=model.take("max_input_chars_per_word", int),
    )
    for fields in (normalizer, cutter, decoder):
        fields.end()
    return tokenizer


def write_characters(tokenizer: CharacterTokenizer) -> dict[str, Any]:
    """The sections normalizer, pre_tokenizer, decoder and model of a character tokenizer.

    Args:
        tokenizer: The tokenizer.

    Returns:
        The sections: a word-level model over a split into single characters.

    Example:
        >>> write_characters(CharacterTokenizer.train(["ab"]))["model"]["vocab"]
        {'a': 0, 'b': 1}
    """
    model = {"type": "WordLevel", "vocab": _model_vocabulary(tokenizer, tokenizer.unknown)}
    return {
        "normalizer": None,
        "pre_tokenizer": _ANY_CHARACTER,
        "decoder": {"type": "Fuse"},
        "model": model | {"unk_token": tokenizer.unknown or _NO_UNKNOWN},
    }


def read_characters(
    top: Fields, model: Fields, special: Sequence[SpecialToken], template: Template
) -> CharacterTokenizer:
    """Read a character tokenizer, see ``read_bpe``.

    Args:
        top: The file's top level.
        model: Its model.
        special: Its special tokens.
        template: Its template.

    Returns:
        The tokenizer.

    Raises:
        FormatError: Something missing or not supported.
        InvalidInput: Tokens or ids that do not fit together.

    Example:
        >>> read_characters(top, model, [], Template())  # doctest: +SKIP
    """
    top.only("normalizer", (None,), None)
    top.only("pre_tokenizer", (_ANY_CHARACTER,))
    top.only("decoder", ({"type": "Fuse"},))
    unknown = model.take("unk_token", str)
    listed = model.left.get("vocab")
    inside = isinstance(listed, dict) and unknown in listed
    if not inside and unknown != _NO_UNKNOWN:
        raise model.error(f"'unk_token' is {unknown!r}, which is not in 'vocab'")
    return CharacterTokenizer(_ordinary(model, special), special, unknown if inside else None, template)


def _model_vocabulary(tokenizer: Tokenizer, unknown: str | None = None) -> dict[str, int]:
    """What belongs into the model's own vocabulary: special tokens behind the ordinary ones are added by their id."""
    needed = [*tokenizer.vocabulary.values(), *([tokenizer.special_ids[unknown]] if unknown else [])]
    last = max(needed, default=-1)
    everything = (tokenizer.vocabulary | tokenizer.special_ids).items()
    return {token: id for token, id in sorted(everything, key=lambda item: item[1]) if id <= last}


def _ordinary(model: Fields, special: Sequence[SpecialToken]) -> dict[str, int]:
    """The model's vocabulary without the special tokens, whose ids must agree."""
    vocabulary = dict(model.take("vocab", dict))
    for token, id in vocabulary.items():
        if type(id) is not int:
            raise model.error(f"the id of {token!r} is {id!r}, not a whole number")
    for mark in special:
        if vocabulary.pop(mark.text, mark.id) != mark.id:
            raise model.error(f"{mark.text!r} has another id in 'vocab' than in 'added_tokens'")
    return vocabulary


def _merge(model: Fields, merge: Any) -> tuple[bytes, bytes]:
    parts = merge.split(" ") if isinstance(merge, str) else merge
    if not isinstance(parts, list) or len(parts) != 2 or not all(type(part) is str for part in parts):
        raise model.error(f"the merge {merge!r} is not two tokens")
    return read_bytes(parts[0]), read_bytes(parts[1])


READERS: dict[str, Callable[[Fields, Fields, Sequence[SpecialToken], Template], Tokenizer]] = {
    "BPE": read_bpe,
    "WordPiece": read_wordpiece,
    "WordLevel": read_characters,
}
