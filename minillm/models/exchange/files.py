"""Reading and writing the tensors of a checkpoint folder: safetensors, in one file or in shards with an index.

safetensors holds numbers and names and nothing else. Files of Python's pickle, which can run any program when they are
opened, are never read.

Source: the safetensors format; the index file of transformers.
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from minillm.errors import FormatError
from minillm.files import usual_mode
from minillm.tokenizers.json_fields import Fields, read_json

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "model.pth", "consolidated.00.pth")
DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
CHECKSUMS = "minillm.crc32"


@dataclass(frozen=True)
class Stored:
    """A tensor as a file announces it, before its numbers are read.

    Attributes:
        name: Its name in the file.
        file: The file.
        shape: Its shape.
        kind: Its type, by the format's name.
        checksum: What ``checksum`` gave when it was written, where the file says so.

    Source: the safetensors format.
    """

    name: str
    file: Path
    shape: tuple[int, ...]
    kind: str
    checksum: int | None


def list_tensors(folder: Path) -> dict[str, Stored]:
    """What the checkpoint in a folder holds, from the files' heads.

    Args:
        folder: Holds ``model.safetensors``, or shards and their index.

    Returns:
        All tensors by name.

    Raises:
        FormatError: There is no safetensors file, or a file is damaged, cut short, or not what the index says.

    Example:
        >>> list_tensors(Path("my-model"))  # doctest: +SKIP

    Source: the safetensors format.
    """
    if (folder / SINGLE).is_file():
        return _head(folder / SINGLE)
    if (folder / INDEX).is_file():
        return _sharded(folder)
    pickled = [name for name in PICKLED if (folder / name).is_file()]
    if pickled:
        raise FormatError(
            f"{folder / pickled[0]} is a pickle, which can run any program when it is opened, and is not read. "
            "Convert it where you trust it, by safetensors.torch.save_file(torch.load(..., weights_only=True), ...)"
        )
    raise FormatError(f"{folder}: there is neither {SINGLE} nor {INDEX}")


def read_tensor(stored: Stored) -> Tensor:
    """Read one tensor and compare it with its checksum.

    Args:
        stored: Where it is.

    Returns:
        The tensor, on the CPU, with memory of its own.

    Raises:
        FormatError: It cannot be read, or its numbers are not those that were written.

    Example:
        >>> read_tensor(list_tensors(Path("my-model"))["lm_head.weight"])  # doctest: +SKIP

    Source: the safetensors format.
    """
    try:
        with safe_open(stored.file, framework="pt") as file:
            value: Tensor = file.get_tensor(stored.name).clone()
    except (SafetensorError, OSError, RuntimeError, ValueError) as error:
        raise FormatError(f"{stored.file}: {stored.name} cannot be read: {error}") from None
    if stored.checksum is not None and checksum(value) != stored.checksum:
        raise FormatError(f"{stored.file}: {stored.name} is damaged: its numbers do not fit their checksum")
    return value


def write_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    """Write a safetensors file with a checksum of every tensor among its metadata, where other readers ignore it.

    Args:
        tensors: The tensors by name.
        path: The file.

    Raises:
        OSError: It cannot be written.

    Example:
        >>> write_tensors({"a": torch.ones(2)}, Path("a.safetensors"))  # doctest: +SKIP

    Source: the safetensors format.
    """
    sums = {name: checksum(value) for name, value in tensors.items()}
    save_file(tensors, path, metadata={"format": "pt", CHECKSUMS: json.dumps(sums)})
    path.chmod(usual_mode())  # safetensors leaves it to its owner alone


def checksum(value: Tensor) -> int:
    """A number that changes when any bit of the tensor, its shape or its precision does.

    Args:
        value: A contiguous tensor on the CPU.

    Returns:
        CRC-32 of what it is and of its bytes.

    Example:
        >>> checksum(torch.zeros(2)) == checksum(torch.zeros(2, 1))
        False

    Source: the CRC of zlib.
    """
    start = zlib.crc32(f"{value.dtype} {tuple(value.shape)}".encode())
    return zlib.crc32(value.flatten().view(torch.uint8).numpy().data, start)


def shards(sizes: Iterable[tuple[str, int]], largest: int) -> list[list[str]]:
    """Share tensors out over files, in order.

    Args:
        sizes: Names and bytes.
        largest: Most bytes a file should hold; a tensor beyond that has a file of its own.

    Returns:
        Names, file by file.

    Example:
        >>> shards([("a", 4), ("b", 4), ("c", 9), ("d", 1)], 8)
        [['a', 'b'], ['c'], ['d']]

    Source: this project.
    """
    files: list[list[str]] = [[]]
    held = 0
    for name, size in sizes:
        if files[-1] and held + size > largest:
            files.append([])
            held = 0
        files[-1].append(name)
        held += size
    return files


def shard_names(count: int) -> list[str]:
    """Names of the files of a checkpoint.

    Args:
        count: Number of files.

    Returns:
        The one usual name, or numbered ones.

    Example:
        >>> shard_names(2)[0]
        'model-00001-of-00002.safetensors'

    Source: transformers' ``save_pretrained``.
    """
    if count == 1:
        return [SINGLE]
    return [f"model-{number:05d}-of-{count:05d}.safetensors" for number in range(1, count + 1)]


def _head(path: Path) -> dict[str, Stored]:
    try:
        with safe_open(path, framework="pt") as file:
            sums = _checksums(path, (file.metadata() or {}).get(CHECKSUMS))
            found = {}
            for name in file.keys():  # noqa: SIM118 (the file is no mapping)
                part = file.get_slice(name)
                found[name] = Stored(name, path, tuple(part.get_shape()), part.get_dtype(), sums.get(name))
            return found
    except (SafetensorError, OSError, RuntimeError) as error:
        raise FormatError(f"{path} is damaged or no safetensors file: {error}") from None


def _checksums(path: Path, text: str | None) -> dict[str, int]:
    try:
        sums: Any = json.loads(text or "{}")
    except ValueError:
        sums = None
    if not isinstance(sums, dict) or any(type(value) is not int for value in sums.values()):
        raise FormatError(f"{path}: the checksums in its metadata are damaged")
    return sums


def _sharded(folder: Path) -> dict[str, Stored]:
    index = folder / INDEX
    fields = Fields(read_json(index), index)
    places = fields.take("weight_map", dict)
    found: dict[str, Stored] = {}
    odd = [name for name in places.values() if type(name) is not str]
    if odd:
        raise FormatError(f"{index}: {odd[0]!r} is not the name of a safetensors file beside it")
    for name in dict.fromkeys(places.values()):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise FormatError(f"{index}: {name!r} is not the name of a safetensors file beside it")
        if not (folder / name).is_file():
            raise FormatError(f"{index} names {name}, which is not there")
        held = _head(folder / name)
        _compare(index, name, [key for key, place in places.items() if place == name], held)
        found |= held
    return found


def _compare(index: Path, name: str, listed: Sequence[str], held: dict[str, Stored]) -> None:
    for key in listed:
        if key not in held:
            raise FormatError(f"{index} says that {name} holds {key}, but it does not")
    for key in held:
        if key not in listed:
            raise FormatError(f"{index.parent / name} holds {key}, which {index.name} does not list there")
