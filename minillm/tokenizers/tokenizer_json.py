"""Saving and loading ``tokenizer.json``, the file of the ``tokenizers`` library, with the same ids on both sides."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minillm.errors import FormatError, InvalidInput
from minillm.files import atomic_write
from minillm.tokenizers.base import Tokenizer
from minillm.tokenizers.byte_bpe import ByteBPE
from minillm.tokenizers.json_fields import Fields, read_json
from minillm.tokenizers.json_models import READERS, write_bpe, write_characters, write_wordpiece
from minillm.tokenizers.json_template import read_template, write_template
from minillm.tokenizers.special import SpecialToken
from minillm.tokenizers.wordpiece import WordPiece

ROLES = {
    "unk_token": ("[UNK]", "<unk>"),
    "cls_token": ("[CLS]",),
    "sep_token": ("[SEP]",),
    "pad_token": ("[PAD]", "<pad>"),
    "mask_token": ("[MASK]", "<mask>"),
    "bos_token": ("<s>", "<|begin_of_text|>"),
    "eos_token": ("</s>", "<|endoftext|>", "<|end_of_text|>", "<|im_end|>"),
}


def document(tokenizer: Tokenizer) -> dict[str, Any]:
    """What ``tokenizer.json`` says of a tokenizer; two tokenizers with equal documents are equal.

    Args:
        tokenizer: A tokenizer of this package.

    Returns:
        The document.

    Example:
        >>> document(ByteBPE.train([""], 256))["version"]
        '1.0'
    """
    if isinstance(tokenizer, ByteBPE):
        sections = write_bpe(tokenizer)
    elif isinstance(tokenizer, WordPiece):
        sections = write_wordpiece(tokenizer)
    else:
        sections = write_characters(tokenizer)  # type: ignore[arg-type]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_write_special(token) for token in tokenizer.special_tokens],
        "normalizer": sections["normalizer"],
        "pre_tokenizer": sections["pre_tokenizer"],
        "post_processor": write_template(tokenizer.template, tokenizer.special_ids),
        "decoder": sections["decoder"],
        "model": sections["model"],
    }


def save_tokenizer(tokenizer: Tokenizer, folder: str | os.PathLike[str]) -> Path:
    """Write ``tokenizer.json`` and the ``tokenizer_config.json`` that ``transformers`` reads beside it.

    Args:
        tokenizer: The tokenizer.
        folder: Where to; made if it is not there.

    Returns:
        The path of ``tokenizer.json``.

    Raises:
        OSError: The folder cannot be made or written.

    Example:
        >>> save_tokenizer(ByteBPE.train([""], 256), "my-tokenizer")  # doctest: +SKIP
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    for role, names in ROLES.items():
        found = [name for name in names if name in tokenizer.special_ids]
        if found:
            settings[role] = found[0]
    with atomic_write(target / "tokenizer_config.json") as file:
        json.dump(settings, file, ensure_ascii=False, indent=2)
    with atomic_write(target / "tokenizer.json") as file:
        json.dump(document(tokenizer), file, ensure_ascii=False, indent=1)
    return target / "tokenizer.json"


def load_tokenizer(folder: str | os.PathLike[str]) -> Tokenizer:
    """Read ``tokenizer.json``: byte-level BPE (GPT-2, BART, Llama 3, Qwen), WordPiece (BERT) or characters.

    Settings for cutting and padding are those of a call and not of a tokenizer, and are left out.

    Args:
        folder: Holds ``tokenizer.json``.

    Returns:
        The tokenizer, which gives the ids that the ``tokenizers`` library gives.

    Raises:
        FormatError: The file is missing, damaged or uses something we do not have, which is named.

    Example:
        >>> load_tokenizer("my-tokenizer")  # doctest: +SKIP
    """
    path = Path(folder) / "tokenizer.json"
    top = Fields(read_json(path), path)
    top.only("version", ("1.0",))
    for key in ("truncation", "padding"):
        top.take(key, (dict, type(None)), None)
    normalized = top.left.get("normalizer") is not None
    special = [_read_special(Fields(entry, path, "added_tokens"), normalized) for entry in _added(top)]
    if [token.id for token in special] != sorted(token.id for token in special):
        raise top.error("'added_tokens' is not in the order of the ids, from which other readers would take other ids")
    template = read_template(top.object("post_processor"), {token.text: token.id for token in special})
    model = top.object("model")
    if model is None:
        raise top.error("'model' is null")
    kind = model.only("type", tuple(READERS))
    try:
        tokenizer = READERS[kind](top, model, special, template)
    except InvalidInput as error:
        raise FormatError(f"{path}: {error}") from None
    model.end()
    top.end()
    return tokenizer


def _added(top: Fields) -> Sequence[Any]:
    added: Sequence[Any] = top.take("added_tokens", list, [])
    return added


def _write_special(token: SpecialToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "content": token.text,
        "single_word": False,
        "lstrip": token.strip_left,
        "rstrip": token.strip_right,
        "normalized": False,
        "special": token.control,
    }


def _read_special(fields: Fields, normalized: bool) -> SpecialToken:
    """One entry of ``added_tokens``; ``normalized`` says whether the file has a normalizer, which would change it."""
    fields.only("single_word", (False,))
    fields.only("normalized", (False,) if normalized else (False, True))
    token = SpecialToken(
        fields.take("content", str),
        fields.take("id", int),
        fields.take("lstrip", bool),
        fields.take("rstrip", bool),
        fields.take("special", bool),
    )
    fields.end()
    return token
