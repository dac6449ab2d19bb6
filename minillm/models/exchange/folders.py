"""Finding the folder of a checkpoint, on this machine or on the hub, and replacing it in one step.

Source: this project.
"""

import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from minillm.errors import InvalidInput, Unavailable

# What a saved model may consist of: a folder with anything else in it is not ours to replace.
KNOWN = (
    r"config\.json|generation_config\.json|model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json|"
    r"tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|added_tokens\.json|vocab\.(json|txt)|merges\.txt|"
    r"chat_template\.jinja"
)
_HUB_FILES = ["config.json", "model*.safetensors", "model.safetensors.index.json", "tokenizer*.json"]


def locate(folder_or_hub_id: str | os.PathLike[str]) -> Path:
    """The folder of a checkpoint; what is no folder here is looked for on the hub.

    Args:
        folder_or_hub_id: A folder, or a hub name: ``owner/model``.

    Returns:
        A folder on this machine.

    Raises:
        InvalidInput: It is neither.
        Unavailable: The hub cannot be reached, or has no such model.

    Example:
        >>> locate(".")
        PosixPath('.')

    Source: huggingface_hub's ``snapshot_download``.
    """
    path = Path(folder_or_hub_id)
    if path.is_dir():
        return path
    name = os.fspath(folder_or_hub_id)
    if path.exists() or path.is_absolute() or not re.fullmatch(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?", name):
        raise InvalidInput(f"{name} is no folder, and no name on the hub either: give a folder or 'owner/model'")
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise Unavailable(f"{name} is no folder here; to load it from the hub: pip install huggingface-hub") from None
    try:
        return Path(snapshot_download(name, allow_patterns=_HUB_FILES))
    except Exception as error:  # httpx, requests and the hub's own kinds differ by version
        raise Unavailable(
            f"{name} is no folder here and cannot be had from the hub ({type(error).__name__}: {error}). Check "
            "the name and the network, set HF_TOKEN for a gated model, or download it elsewhere and give the folder"
        ) from None


@contextmanager
def replace_folder(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` that takes its place when the block ends without an error.

    Args:
        target: The folder to make or to replace.

    Yields:
        The new folder, to be filled.

    Raises:
        InvalidInput: ``target`` exists and is not a saved model; it is left alone.
        OSError: The folder cannot be made.

    Example:
        >>> with replace_folder(Path("my-model")) as fresh:  # doctest: +SKIP
        ...     (fresh / "config.json").write_text("{}")

    Source: this project.
    """
    target = Path(os.path.abspath(target))
    check_replaceable(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex[:8]
    fresh, old = (target.with_name(f".{target.name}.{kind}-{mark}") for kind in ("new", "old"))
    fresh.mkdir()
    try:
        yield fresh
        for file in fresh.iterdir():
            _flush(file)
        _swap(target, fresh, old)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def check_replaceable(target: Path) -> None:
    """Refuse to replace anything but a saved model or an empty folder.

    Args:
        target: The folder that would be replaced; it need not exist.

    Raises:
        InvalidInput: It is a file, or holds something else.

    Example:
        >>> check_replaceable(Path("does-not-exist"))

    Source: this project.
    """
    if not target.exists() and not target.is_symlink():
        return
    if target.is_symlink() or not target.is_dir():
        raise InvalidInput(f"{target} is not a folder: choose another place for the model")
    inside = sorted(entry.name for entry in target.iterdir())
    odd = [name for name in inside if not re.fullmatch(KNOWN, name) or not (target / name).is_file()]
    if odd:
        raise InvalidInput(
            f"{target} holds {odd[0]}, which is no part of a saved model; it is left alone: choose another"
        )
    if inside and not _is_model(target / "config.json"):
        raise InvalidInput(f"{target} is not the folder of a saved model; it is left alone: choose another")


def _is_model(config: Path) -> bool:
    try:
        return "model_type" in json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def _swap(target: Path, fresh: Path, old: Path) -> None:
    """Put the new folder in the old one's place; if that fails, the old one comes back."""
    if not target.exists():
        fresh.rename(target)
        return
    target.rename(old)
    try:
        fresh.rename(target)
    except BaseException:
        old.rename(target)
        raise


def _flush(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
