"""Streaming a data set of the Hugging Face hub, or of a local folder laid out like one."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from minillm.data.corpus import Document
from minillm.errors import InvalidInput, Unavailable

_PATIENCE = 10  # seconds until the hub counts as out of reach; datasets itself would retry for half a minute
_INSTEAD = (
    "Text that needs no network: corpora.docstrings(), corpora.village(), or your own through corpora.files(paths)."
)


def read_hub(
    name: str, split: str, config: str | None, text_field: str, streaming: bool, limit: int | None
) -> tuple[Document, ...]:
    """Read the texts of a data set; the arguments are those of `corpora.hub`.

    Returns:
        One document a row that has text; its id is ``name/split/row``.

    Raises:
        InvalidInput: The split, the configuration, the field or the limit does not exist.
        Unavailable: The hub cannot be reached, the data set is not on it, or `datasets` is not installed.

    Example:
        >>> read_hub("roneneldan/TinyStories", "train", None, "text", True, 100)  # doctest: +SKIP

    Source: https://huggingface.co/docs/datasets/stream
    """
    if limit is not None and limit < 1:
        raise InvalidInput(f"limit={limit}; allowed is 1 and above, or None for all rows.")
    rows = _open(name, split, config, streaming)
    documents: list[Document] = []
    try:
        for number, row in enumerate(tqdm(rows, desc=name, unit=" rows", disable=None)):
            text = _text(row, text_field, name)
            if text.strip():
                documents.append(Document(f"{name}/{split}/{number}", text))
            if len(documents) == limit:
                break
    except (ConnectionError, TimeoutError) as error:
        raise Unavailable(f"{name}: the connection broke after {len(documents)} rows ({error}). {_INSTEAD}") from error
    if not documents:
        raise InvalidInput(
            f"{name}, split {split!r}: no row has text in {text_field!r}. Choose another field or split."
        )
    return tuple(documents)


def _open(name: str, split: str, config: str | None, streaming: bool) -> Iterator[Mapping[str, Any]]:
    try:
        import datasets
    except ImportError as error:
        raise Unavailable(f"the package datasets is missing: pip install datasets. {_INSTEAD}") from error
    local = Path(name).is_dir()
    if not local and not _hub_answers():
        if not _is_cached(name):
            raise Unavailable(f"{name}: the Hugging Face hub cannot be reached, and there is no copy here. {_INSTEAD}")
        streaming = False  # a copy of an earlier run can be read, but not streamed
    try:
        return iter(datasets.load_dataset(name, config, split=split, streaming=streaming))
    except datasets.exceptions.DatasetNotFoundError as error:
        raise Unavailable(f"{name}: not on the hub, or not public ({error}). {_INSTEAD}") from error
    except FileNotFoundError as error:
        raise InvalidInput(f"{name} has no data files (.jsonl, .parquet, .csv or .txt): {error}") from error
    except ConnectionError as error:
        raise Unavailable(f"{name}: the hub could not be reached ({error}). {_INSTEAD}") from error
    except ValueError as error:  # unknown split or configuration; the message lists what there is
        raise InvalidInput(f"{name}, split {split!r}, config {config!r}: {error}") from error


def _hub_answers() -> bool:
    """Whether the hub, or the mirror that HF_ENDPOINT names, answers at all."""
    from huggingface_hub import constants, get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=_PATIENCE)
    except Exception:  # requests, httpx and the offline switch each raise their own kind, by version
        return False
    return True


def _is_cached(name: str) -> bool:
    import datasets

    return Path(datasets.config.HF_DATASETS_CACHE, name.replace("/", "___").lower()).is_dir() or (
        Path(datasets.config.HF_DATASETS_CACHE, name.replace("/", "___")).is_dir()
    )


def _text(row: Mapping[str, Any], text_field: str, name: str) -> str:
    if text_field not in row:
        raise InvalidInput(f"{name} has no field {text_field!r}; it has {sorted(row)}. Pass one as text_field.")
    value = row[text_field]
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"{name}: field {text_field!r} holds {type(value).__name__}, not text. Choose another.")
    return value or ""
