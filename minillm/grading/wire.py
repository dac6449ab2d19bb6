"""How values cross between judge and worker: JSON and raw arrays in length-prefixed frames, never pickle.

A frame is two little-endian lengths (4 bytes for the header, 8 for the body), a JSON header and a body that holds the
raw bytes of all arrays. Every size is checked before memory is taken, because whoever writes the frame may be hostile.
This file is all of ours that a worker loads besides its own program, so it stands alone: no import of the package.
"""

import json
import math
import socket
import struct
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_HEADER = 4 << 20
MAX_BODY = 128 << 20
MAX_NODES = 200_000
MAX_DEPTH = 40
MAX_DIGITS = 4000
MAX_COLLISIONS = 100

_PREFIX = struct.Struct("<IQ")
_ARRAY_DTYPES = frozenset(np.dtype(code).str for code in "?" + np.typecodes["AllInteger"] + np.typecodes["AllFloat"])
# Those that are a plain bool, int or float to a reader; a long double is not.
_SCALARS = frozenset(np.dtype(code).type for code in "?efd" + np.typecodes["AllInteger"])
# bfloat16 crosses as its 16 bits, which numpy has no type for.
_TORCH_DTYPES = frozenset(
    "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()  # noqa: SIM905
)


class WireError(Exception):
    """A frame or value that the protocol does not allow."""


@dataclass(frozen=True)
class Handle:
    """Stands for an object that stays in the worker."""

    number: int
    kind: str


@dataclass(frozen=True)
class Raised:
    """An exception that the submission raised, as data."""

    kind: str
    bases: tuple[str, ...]
    message: str
    traceback: str


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Write one message.

    Raises:
        WireError: The message holds what cannot cross, or is too large.
        OSError: The other side is gone.
    """
    blobs: list[bytes] = []
    header = json.dumps(encode(message, blobs)).encode()
    size = sum(map(len, blobs))
    if len(header) > MAX_HEADER or size > MAX_BODY:
        raise WireError(f"a message of {len(header)} + {size} bytes is over the limit")
    sizes = json.dumps([len(blob) for blob in blobs]).encode()
    connection.sendall(_PREFIX.pack(len(header) + len(sizes) + 4, size))
    connection.sendall(struct.pack("<I", len(sizes)) + sizes + header)
    for blob in blobs:
        connection.sendall(blob)


def receive(connection: socket.socket, deadline: float = math.inf) -> dict[str, Any]:
    """Read one message.

    Args:
        connection: Where from.
        deadline: On ``time.perf_counter``, for the whole message: neither a trickle of bytes nor a stream stretches it.

    Returns:
        The message.

    Raises:
        WireError: The frame is malformed or over a limit.
        EOFError: The other side closed the connection.
        TimeoutError: The deadline is over.
    """
    head, size = _PREFIX.unpack(_read(connection, _PREFIX.size, deadline))
    if not 4 <= head <= MAX_HEADER + (1 << 20) or size > MAX_BODY:
        raise WireError(f"a frame announces {head} + {size} bytes, which is over the limit")
    header, body = _read(connection, head, deadline), memoryview(_read(connection, size, deadline))
    (cut,) = struct.unpack_from("<I", header)
    try:
        blobs = _cut(body, json.loads(header[4 : 4 + cut]))
        message = decode(json.loads(header[4 + cut :]), blobs, [MAX_NODES])
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError, OverflowError) as error:
        raise WireError(f"a malformed frame: {type(error).__name__}: {error}") from None
    if type(message) is not dict or not all(type(key) is str for key in message):
        raise WireError("a frame that is not a message")
    return message


def _read(connection: socket.socket, size: int, deadline: float) -> bytearray:
    data = bytearray()
    while len(data) < size:
        if deadline < math.inf:
            left = deadline - time.perf_counter()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
        piece = connection.recv(min(size - len(data), 1 << 20))
        if not piece:
            raise EOFError("the connection was closed")
        data += piece
    return data


def _cut(body: memoryview, sizes: Any) -> list[memoryview | None]:
    """The body in the pieces that the sizes announce."""
    if type(sizes) is not list or len(sizes) > MAX_NODES:
        raise WireError("the sizes of the arrays are no list, or too many")
    blobs: list[memoryview | None] = []
    start = 0
    for length in sizes:
        if type(length) is not int or length < 0:
            raise WireError("an array announces an impossible size")
        blobs.append(body[start : start + length])
        start += length
    if start != len(body):
        raise WireError("the arrays do not fill the body")
    return blobs


def encode(value: Any, blobs: list[bytes], depth: int = 0) -> Any:
    """Turn a value into JSON, with the bytes of its arrays appended to ``blobs``. Only exact, plain types cross."""
    if depth > MAX_DEPTH:
        raise WireError(f"nested more than {MAX_DEPTH} deep")
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        if abs(value) >> 13000:
            raise WireError(f"an integer of more than {MAX_DIGITS} digits")
        return {"int": str(value)}
    if kind is float:
        return {"float": value.hex()}
    if kind in (list, tuple):
        return {kind.__name__: [encode(item, blobs, depth + 1) for item in value]}
    if kind is dict:
        return {"dict": [[encode(k, blobs, depth + 1), encode(v, blobs, depth + 1)] for k, v in value.items()]}
    if kind in (set, frozenset):
        items = sorted(value, key=repr)
        return {kind.__name__: [encode(item, blobs, depth + 1) for item in items]}
    if kind is Handle:
        return {"handle": [value.number, value.kind]}
    if kind is Raised:
        return {"raised": [value.kind, list(value.bases), value.message, value.traceback]}
    return _encode_array(value, blobs)


def _encode_array(value: Any, blobs: list[bytes]) -> Any:
    kind = type(value)
    torch = sys.modules.get("torch")
    if kind is np.ndarray:
        if value.dtype.str not in _ARRAY_DTYPES:
            raise WireError(f"an array of dtype {value.dtype}; numbers and booleans can cross")
        blobs.append(np.ascontiguousarray(value).tobytes())
        return {"ndarray": [value.dtype.str, list(value.shape), len(blobs) - 1]}
    if kind in _SCALARS:
        return encode(value.item(), blobs)  # a numpy scalar is a plain number to a reader
    if torch is not None and kind in (torch.Tensor, torch.nn.Parameter):
        name = str(value.dtype).removeprefix("torch.")
        if name not in _TORCH_DTYPES or value.layout != torch.strided:
            raise WireError(f"a tensor of dtype {value.dtype} and layout {value.layout}")
        plain = value.detach().resolve_conj().resolve_neg().cpu().contiguous()
        raw = plain.view(torch.int16) if name == "bfloat16" else plain
        blobs.append(raw.numpy().tobytes())
        return {"tensor": [name, list(value.shape), len(blobs) - 1, str(value.device.type), value.requires_grad]}
    raise WireError(
        f"a value of type {kind.__module__}.{kind.__qualname__}; numbers, text, lists, tuples, dicts, "
        "sets, numpy arrays and torch tensors can cross"
    )


def decode(tree: Any, blobs: list[memoryview | None], budget: list[int], depth: int = 0) -> Any:
    """Turn JSON back into a value of exactly the type that was sent; the inverse of ``encode``."""
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        raise WireError("a value with too many parts")
    if tree is None or type(tree) in (bool, str):
        return tree
    ((kind, content),) = tree.items()
    if isinstance(content, list) == (kind in ("int", "float")):
        raise WireError(f"a malformed {kind}")
    if kind == "int":
        if len(content) > MAX_DIGITS:
            raise WireError("an integer with too many digits")
        return int(content)
    if kind == "float":
        return float.fromhex(content)
    if kind in ("list", "tuple"):
        return {"list": list, "tuple": tuple}[kind](decode(item, blobs, budget, depth + 1) for item in content)
    if kind in ("set", "frozenset"):
        return {"set": set, "frozenset": frozenset}[kind](
            _distinct([decode(item, blobs, budget, depth + 1) for item in content])
        )
    if kind == "dict":
        pairs = [(decode(k, blobs, budget, depth + 1), decode(v, blobs, budget, depth + 1)) for k, v in content]
        _distinct([key for key, _ in pairs])
        return dict(pairs)
    if kind == "handle":
        number, name = content
        return Handle(int(number), str(name))
    if kind == "raised":
        name, bases, message, traceback = content
        return Raised(str(name), tuple(map(str, bases)), str(message), str(traceback))
    return _decode_array(kind, content, blobs)


def _distinct(keys: list[Any]) -> list[Any]:
    """The keys of a dict or set, if few share a hash: with many that do, each would be compared with each."""
    if len(set(map(hash, keys))) < len(keys) - MAX_COLLISIONS:
        raise WireError("a dict or set whose keys collide")
    return keys


def _take(blobs: list[memoryview | None], number: int) -> memoryview:
    """The bytes of one array; a second array of the same bytes would cost memory that was never sent."""
    blob, blobs[number] = blobs[number], None
    if blob is None:
        raise WireError("two arrays share their bytes")
    return blob


def _decode_array(kind: str, content: list[Any], blobs: list[memoryview | None]) -> Any:
    if kind == "ndarray":
        name, shape, number = content
        if name not in _ARRAY_DTYPES:
            raise WireError(f"an array of dtype {name!r}")
        return np.frombuffer(_take(blobs, number), dtype=name).reshape(_shape(shape)).copy()
    if kind == "tensor":
        torch = sys.modules.get("torch")
        if torch is None:
            raise WireError("a tensor, and nobody here has loaded torch: an exercise with tensors preloads it")
        name, shape, number, _, requires_grad = content
        if name not in _TORCH_DTYPES:
            raise WireError(f"a tensor of dtype {name}")
        raw = np.frombuffer(_take(blobs, number), dtype=np.int16 if name == "bfloat16" else np.dtype(name))
        tensor = torch.from_numpy(raw.reshape(_shape(shape)).copy())
        tensor = tensor.view(torch.bfloat16) if name == "bfloat16" else tensor
        return tensor.requires_grad_(bool(requires_grad))
    raise WireError(f"a value of unknown kind {kind!r}")


def _shape(shape: Any) -> tuple[int, ...]:
    if not all(type(length) is int and length >= 0 for length in shape):
        raise WireError(f"an impossible shape {shape!r}")
    return tuple(shape)
