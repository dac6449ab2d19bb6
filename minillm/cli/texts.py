"""The text of a run: read, split by position, cut into tokens, and kept beside the run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from minillm.data import corpora
from minillm.errors import FormatError, InvalidInput
from minillm.files import atomic_write
from minillm.tokenizers import ByteBPE, CharacterTokenizer, Tokenizer, load_tokenizer
from minillm.training import read_tokens, write_tokens
from minillm.training.presets import Preset

if TYPE_CHECKING:
    from minillm.cli.training import Order

END = "<|endoftext|>"
_SHARE = 0.9  # of the characters, to learn from; the rest validates
_WORLDS = 40
_SIZE = "size.json"


@dataclass(frozen=True)
class Text:
    """What a run learns from.

    Attributes:
        tokenizer: Trained on the training part.
        training: Ids of the first nine tenths.
        validation: Ids of the last tenth.
        bytes_per_token: Of the validation part, in UTF-8.
    """

    tokenizer: Tokenizer
    training: np.ndarray
    validation: np.ndarray
    bytes_per_token: float


def prepare(order: "Order", preset: Preset, out: Path) -> Text:
    """Read the text, or take what an earlier session of the run has left.

    Raises:
        InvalidInput: There is too little text.
        FormatError: A file is not text, or what was left is damaged.
        Unavailable: A corpus cannot be reached.
    """
    folder = out / "data"
    files = {part: folder / f"{part}.bin" for part in ("training", "validation")}
    if not (folder / "tokenizer.json").exists():
        folder.mkdir(exist_ok=True)
        parts = split([document.text for document in _corpus(order)], _SHARE)
        tokenizer = _tokenizer(preset, parts)
        for texts, path in zip(parts, files.values(), strict=True):
            write_tokens(path, (_encoded(tokenizer, text) for text in texts), tokenizer.vocab_size)
        with atomic_write(folder / _SIZE) as file:
            file.write(json.dumps({"validation_bytes": sum(len(text.encode()) for text in parts[1])}) + "\n")
        tokenizer.save(folder)  # last: it says that the rest is whole
    tokenizer = load_tokenizer(folder)
    training, validation = (read_tokens(path)[0] for path in files.values())
    needed = preset.model.context + 1
    if len(training) < needed or len(validation) < 2:
        raise InvalidInput(
            f"{len(training)} tokens to learn from and {len(validation)} to validate: give more text, for at least "
            f"{needed} tokens to learn from"
        )
    return Text(tokenizer, training, validation, _bytes(folder / _SIZE) / len(validation))


def split(texts: Sequence[str], share: float) -> tuple[list[str], list[str]]:
    """Cut texts in two at a share of all their characters; the text in which the cut lies is cut.

    Example:
        >>> split(["abcd", "efghij"], 0.5)
        (['abcd', 'e'], ['fghij'])
    """
    left = int(share * sum(map(len, texts)))
    first: list[str] = []
    second: list[str] = []
    for text in texts:
        here = max(0, min(left, len(text)))
        left -= here
        first += [text[:here]] if here else []
        second += [text[here:]] if here < len(text) else []
    return first, second


def _bytes(path: Path) -> int:
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["validation_bytes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path} is missing or damaged ({error}): begin another run") from None


def _corpus(order: "Order") -> corpora.Corpus:
    if order.data:
        return corpora.files(list(order.data))
    if order.corpus == "docstrings":
        return corpora.docstrings()
    if order.corpus == "village":
        return corpora.village(worlds=_WORLDS)
    name, _, config = order.corpus.removeprefix("hub:").partition(":")
    return corpora.hub(name, config=config or None, limit=order.limit)


def _tokenizer(preset: Preset, parts: tuple[list[str], list[str]]) -> Tokenizer:
    """Characters of all of the text, since there must be an id for each; pairs of bytes of the training part alone."""
    if preset.tokenizer == "characters":
        return CharacterTokenizer.train([*parts[0], *parts[1]])
    return ByteBPE.train(parts[0], preset.model.vocab_size, special_tokens=[END])


def _encoded(tokenizer: Tokenizer, text: str) -> list[int]:
    """A text's ids, with the mark of its end where the tokenizer has one."""
    end = tokenizer.special_ids.get(END)
    return tokenizer.encode(text) + ([] if end is None else [end])
