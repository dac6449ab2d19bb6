"""One worker: it holds one submission and does with it what the judge asks.

Part of the worker: it stands alone and imports nothing of the package.
"""

import hashlib
import inspect
import json
import linecache
import os
import random
import socket
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.random  # which numpy itself would only load in each worker, at the first seed

from . import refusals, wire
from .watch import watch

MODULE = "submission"


class Worker:
    """Holds one submission and does with it what the judge asks."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.module = types.ModuleType(MODULE)
        self.objects: dict[int, Any] = {}
        self.operations: dict[str, Callable[..., Any]] = {
            "load": self.load,
            "call": self.call,
            "get": self.get,
            "next": self.next,
            "parameters": self.parameters,
            "join": self.join,
        }

    def serve(self) -> None:
        """Answer requests one by one; every answer repeats its request's number."""
        while True:
            request = wire.receive(self.connection)
            number, probe = request.pop("id"), request.pop("probe", False)
            try:
                with watch(probe) as counts:
                    answer = {"id": number, **self.operations[request.pop("op")](**request)}
                if probe:
                    answer["probe"] = counts.report()
                wire.send(self.connection, answer)
            except wire.WireError as error:
                wire.send(self.connection, {"id": number, "unsendable": str(error)})
            except BaseException as error:  # whatever it was, the judge must hear of it
                wire.send(self.connection, {"id": number, "raised": _raised(error)})

    def load(self, source: str, filename: str, forbid: dict[str, str], seed: int) -> dict[str, Any]:
        """Run the submission's top level."""
        refusals.install(forbid)
        _seed(seed)
        sys.modules[MODULE] = self.module
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        exec(compile(source, filename, "exec"), self.module.__dict__)
        return {"value": None}

    def _target(self, handle: wire.Handle | None, name: str | None) -> Any:
        owner = self.module if handle is None else self.objects[handle.number]
        return owner if name is None else getattr(owner, name)

    def _keep(self, thing: Any) -> wire.Handle:
        number = len(self.objects) + 1
        self.objects[number] = thing
        return wire.Handle(number, type(thing).__name__)

    def _given(self, value: Any) -> Any:
        """Arguments as they came, with handles replaced by the objects they stand for."""
        if type(value) is wire.Handle:
            return self.objects[value.number]
        if type(value) in (list, tuple):
            return type(value)(map(self._given, value))
        if type(value) is dict:
            return {key: self._given(item) for key, item in value.items()}
        return value

    def call(
        self,
        handle: wire.Handle | None,
        name: str | None,
        args: list[Any],
        kwargs: dict[str, Any],
        keep: bool,
        upstream: Any,
        seed: int | None,
    ) -> dict[str, Any]:
        """Call a function, class or method; with ``upstream``, run its backward pass as well."""
        function = self._target(handle, name)
        before = _digests(args, kwargs)
        args, kwargs = self._given(args), self._given(kwargs)
        if seed is not None:
            _seed(seed)
        value = function(*args, **kwargs)
        gradients = None if upstream is None else _backward(value, upstream, args, kwargs, function)
        answer: dict[str, Any] = {
            "changed": [key for key, digest in _digests(args, kwargs).items() if before.get(key) != digest]
        }
        if gradients is not None:
            answer["gradients"] = gradients
        lazy = inspect.isgenerator(value) or (hasattr(value, "__next__") and hasattr(value, "__iter__"))
        return {"value": self._keep(value) if keep or lazy else value, **answer}

    def get(self, handle: wire.Handle | None, name: str) -> dict[str, Any]:
        """Read an attribute."""
        return {"value": self._target(handle, name)}

    def next(self, handle: wire.Handle) -> dict[str, Any]:
        """The next item of an iterator; ``end`` where there is none."""
        try:
            return {"value": next(self.objects[handle.number])}
        except StopIteration:
            return {"value": None, "end": True}

    def parameters(self, handle: wire.Handle, gradients: bool) -> dict[str, Any]:
        """A module's parameters by name, or their gradients."""
        import torch

        named = torch.nn.Module.named_parameters(self.objects[handle.number])
        return {"value": {name: tensor.grad if gradients else tensor for name, tensor in named}}

    def join(self, rank: int, size: int, folder: str) -> dict[str, Any]:
        """Become one of several ranks that meet in a private file."""
        import torch.distributed as dist

        os.makedirs(folder, exist_ok=True)
        store = dist.FileStore(f"{folder}/rendezvous", size)
        dist.init_process_group("gloo", store=store, rank=rank, world_size=size)
        return {"value": None}


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - learners may use the old interface
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _digests(args: Any, kwargs: Any) -> dict[str, str]:
    """A digest of every argument, to see whether the call changed one."""
    digests = {}
    for key, value in [*enumerate(args), *kwargs.items()]:
        blobs: list[bytes] = []
        try:
            tree = json.dumps(wire.encode(value, blobs))
        except (wire.WireError, TypeError):
            continue  # an object of the worker's own may change
        digest = hashlib.sha256(tree.encode())
        for blob in blobs:
            digest.update(blob)
        digests[str(key)] = digest.hexdigest()
    return digests


def _backward(value: Any, upstream: Any, args: Any, kwargs: Any, function: Any) -> dict[str, Any]:
    """Gradients for every tensor argument that asks for one, and for the module's own parameters."""
    import torch

    pairs = zip(value, upstream, strict=True) if isinstance(value, tuple | list) else [(value, upstream)]
    # The same as backward(value, upstream), which would import a thousand modules to check shapes.
    torch.stack([(output * gradient).sum() for output, gradient in pairs]).sum().backward()
    given = {str(key): item for key, item in [*enumerate(args), *kwargs.items()]}
    gradients = {key: item.grad for key, item in given.items() if isinstance(item, torch.Tensor) and item.requires_grad}
    owner = getattr(function, "__self__", function)
    if isinstance(owner, torch.nn.Module):
        gradients |= {name: tensor.grad for name, tensor in torch.nn.Module.named_parameters(owner)}
    return gradients


def _raised(error: BaseException) -> wire.Raised:
    """An exception as data; a hostile one may fail even to be named."""
    try:
        kind, bases = type(error).__name__, tuple(base.__name__ for base in type(error).__mro__)
        message = str(error)[:2000]
    except BaseException:
        kind, bases, message = "Exception", ("Exception",), "(it has no readable message)"
    try:
        here = os.path.dirname(__file__)
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if os.path.dirname(frame.filename) != here
        ]
        trace = "".join(traceback.format_list(frames))[-8000:]
    except BaseException:
        trace = ""
    return wire.Raised(str(kind), bases, str(message), trace)
