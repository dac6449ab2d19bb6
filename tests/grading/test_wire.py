import json
import math
import random
import socket
import struct
import time
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minillm.grading import wire
from minillm.grading.wire import Handle, Raised, WireError

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
DTYPES = st.sampled_from("? b h i q B H I Q e f d g F D".split())  # noqa: SIM905
TENSOR_DTYPES = st.sampled_from(sorted(wire._TORCH_DTYPES))
ARRAYS = DTYPES.flatmap(lambda code: hnp.arrays(np.dtype(code), SHAPES))
NUMBERS = st.integers(-(2**80), 2**80) | st.floats() | st.booleans()
KEYS = st.recursive(st.none() | NUMBERS | st.text(max_size=5), lambda inner: st.tuples(inner, inner), max_leaves=4)
PLAIN = st.none() | NUMBERS | st.text() | st.sets(KEYS, max_size=4) | st.frozensets(KEYS, max_size=4) | ARRAYS
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def crossed(value):
    here, there = socket.socketpair()
    with here, there:
        wire.send(here, {"value": value})
        return wire.receive(there)["value"]


def received(*pieces):
    here, there = socket.socketpair()
    with here, there:
        here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
        here.sendall(b"".join(pieces))
        here.shutdown(socket.SHUT_WR)
        return wire.receive(there)


def frame(tree, blobs=(), sizes=None):
    """A frame as ``send`` makes it, but of any tree."""
    header = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    cut = json.dumps([len(blob) for blob in blobs] if sizes is None else sizes).encode()
    body = b"".join(blobs)
    return struct.pack("<IQI", len(header) + len(cut) + 4, len(body), len(cut)) + cut + header + body


def value(tree):
    return {"dict": [["value", tree]]}


def same(a, b):
    """Equal with equal types, all the way down; NaN equals NaN, and -0.0 does not equal 0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(map(same, a, b)) and all(map(same, a.values(), b.values()))
    if isinstance(a, set | frozenset):
        return sorted(map(repr, a)) == sorted(map(repr, b))
    return a == b


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_values_cross_with_their_exact_types(sent):
    assert same(crossed(sent), sent)


@given(TENSOR_DTYPES, SHAPES, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_tensors_cross_with_dtype_shape_and_bits(name, shape, seed):
    torch.manual_seed(seed)
    sent = (torch.randn(shape) * 3).to(getattr(torch, name))
    got = crossed(sent)
    assert type(got) is torch.Tensor
    assert (got.dtype, got.shape) == (sent.dtype, sent.shape)
    assert torch.equal(got, sent)


def test_tensors_of_every_layout_in_memory_cross():
    for sent in (
        torch.arange(6.0).view(2, 3).T,
        torch.arange(6.0)[::2],
        torch.zeros(1).expand(3),
        torch.ones(2).cfloat().conj(),
    ):
        assert torch.equal(crossed(sent), sent)
    assert same(crossed(np.arange(6)[::-2]), np.array([5, 3, 1]))


def test_requires_grad_crosses_and_parameters_become_tensors():
    assert crossed(torch.ones(2, requires_grad=True)).requires_grad
    assert not crossed(torch.ones(2)).requires_grad
    parameter = crossed(torch.nn.Parameter(torch.ones(2)))
    assert type(parameter) is torch.Tensor
    assert parameter.requires_grad


def test_numpy_scalars_become_plain_numbers():
    assert same(crossed([np.float32(0.5), np.int8(-3), np.bool_(True)]), [0.5, -3, True])


def test_what_arrives_can_be_written_to_and_is_a_copy():
    sent = np.arange(3)
    got = crossed(sent)
    got[0] = 7
    assert sent[0] == 0
    tensor = crossed(torch.arange(3))
    tensor[0] = 7


def test_handles_and_exceptions_cross():
    for sent in (Handle(3, "Model"), Raised("E", ("E", "Exception"), "why\x00", "where")):
        assert crossed(sent) == sent


CIRCLE: list = []
CIRCLE.append(CIRCLE)


class Fooling(list):
    def __eq__(self, other):
        return True

    __hash__ = None


class FakeScalar(np.float64):
    def item(self):
        return self


FakeScalar.__module__ = "numpy"


@pytest.mark.parametrize(
    "refused",
    [
        object(),
        Fooling(),
        FakeScalar(1),
        1j,
        b"bytes",
        range(3),
        len,
        np.array([object()]),
        np.array(["text"]),
        np.array([1.0], dtype=">f8"),
        np.zeros(2, dtype="f4,i4"),
        np.longdouble(1),
        np.array([1]).view(type("Sub", (np.ndarray,), {})),
        torch.eye(2).to_sparse(),
        torch.eye(2).as_subclass(type("Sub", (torch.Tensor,), {})),
        10**4000,
        CIRCLE,
    ],
    ids=lambda refused: type(refused).__name__,
)
def test_other_things_do_not_cross(refused):
    with pytest.raises(WireError):
        crossed(refused)


ARRAY = {"ndarray": ["<f8", [2], 0]}
BODY = bytes(16)
MALFORMED = {
    "no json": frame(b"{"),
    "not utf-8": frame(b'"\xff"'),
    "deep nesting": frame(b"[" * 200_000),
    "deep value": frame(value(json.loads('{"list":[' * 60 + "]}" * 60))),
    "no message": frame({"list": []}),
    "plain number": frame(value(1)),
    "plain infinity": frame(b'{"dict":[["value",Infinity]]}'),
    "two kinds": frame(value({"int": "1", "float": "0x1p0"})),
    "unknown kind": frame(value({"pickle": "gASVAAAA"})),
    "key that is no text": frame({"dict": [[{"int": "1"}, None]]}),
    "key that is a list": frame(value({"dict": [[{"list": []}, None]]})),
    "pair of three": frame(value({"dict": [[None, None, None]]})),
    "list of text": frame(value({"list": "abc"})),
    "long integer": frame(value({"int": "9" * 5000})),
    "integer in words": frame(value({"int": "seven"})),
    "float too large": frame(value({"float": "0x1p999999"})),
    "int as float": frame(value({"float": 3})),
    "missing array": frame(value(ARRAY)),
    "array twice": frame(value({"list": [ARRAY, ARRAY]}), [BODY]),
    "array as dtype list": frame(value({"ndarray": [[["a", "f8"]], [2], 0]}), [BODY]),
    "objects": frame(value({"ndarray": ["|O", [2], 0]}), [BODY]),
    "bytes": frame(value({"ndarray": ["|S8", [2], 0]}), [BODY]),
    "records": frame(value({"ndarray": ["f4,f4", [2], 0]}), [BODY]),
    "expression": frame(value({"ndarray": ["(2,(3", [2], 0]}), [BODY]),
    "foreign byte order": frame(value({"ndarray": [">f8", [2], 0]}), [BODY]),
    "negative shape": frame(value({"ndarray": ["<f8", [-2], 0]}), [BODY]),
    "shape of -1": frame(value({"ndarray": ["<f8", [-1], 0]}), [BODY]),
    "shape of booleans": frame(value({"ndarray": ["<f8", [2, True], 0]}), [BODY]),
    "huge shape": frame(value({"ndarray": ["<f8", [2**70, 0], 0]}), [b""]),
    "shape too large": frame(value({"ndarray": ["<f8", [3], 0]}), [BODY]),
    "hundred dimensions": frame(value({"ndarray": ["<f8", [1] * 99 + [2], 0]}), [BODY]),
    "array number as text": frame(value({"ndarray": ["<f8", [2], "0"]}), [BODY]),
    "tensor of strings": frame(value({"tensor": ["str", [2], 0, "cpu", False]}), [BODY]),
    "tensor of integers with gradient": frame(value({"tensor": ["int64", [2], 0, "cpu", True]}), [BODY]),
    "odd size": frame(value({"tensor": ["float64", [2], 0, "cpu", False]}), [bytes(15)]),
    "size that is negative": frame(value(None), [BODY], sizes=[17, -1]),
    "size that is no number": frame(value(None), [BODY], sizes=["16"]),
    "sizes that are a dict": frame(value(None), [BODY], sizes={"16": 16}),
    "sizes that do not add up": frame(value(None), [BODY], sizes=[8]),
    "sizes without end": frame(value(None), sizes=[0] * (wire.MAX_NODES + 1)),
    "parts without end": frame(value({"list": [None] * (wire.MAX_NODES + 1)})),
    "colliding keys": frame(value({"dict": [[{"int": str(i * (2**61 - 1))}, None] for i in range(1000)]})),
    "colliding members": frame(value({"set": [{"float": (i * (2.0**61)).hex()} for i in [0.0] * 1000]})),
    "exception of two parts": frame(value({"raised": ["E", []]})),
    "handle without number": frame(value({"handle": ["x", "y"]})),
    "header too small": struct.pack("<IQ", 3, 0) + b"abc",
    "header too large": struct.pack("<IQ", 2**32 - 1, 0) + b"abc",
    "body too large": struct.pack("<IQ", 100, wire.MAX_BODY + 1) + b"abc",
    "body of 2^64 bytes": struct.pack("<IQ", 100, 2**64 - 1) + b"abc",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_frames_are_refused(name):
    with pytest.raises(WireError):
        received(MALFORMED[name])


def test_a_connection_that_ends_is_told_from_a_malformed_frame():
    good = frame(value(ARRAY), [BODY])
    assert same(received(good)["value"], np.zeros(2))
    for cut in (0, 5, 12, 20, len(good) - 1):
        with pytest.raises(EOFError):
            received(good[:cut])


def test_refusing_takes_little_memory():
    """Announced sizes and small frames that ask for much cost no more than what was sent."""
    million = bytes(1 << 20)
    array = {"ndarray": ["|u1", [1 << 20], 0]}
    asking = [
        struct.pack("<IQ", 100, wire.MAX_BODY),
        struct.pack("<IQ", 4 << 20, wire.MAX_BODY) + b"x",
        frame(value({"list": [array] * 1000}), [million]),
        frame(value(None), sizes=[0] * 400_000),
    ]
    tracemalloc.start()
    try:
        for pieces in asking:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            with pytest.raises((WireError, EOFError)):
                received(pieces)
            assert tracemalloc.get_traced_memory()[1] - before < 20 * len(pieces) + (4 << 20)
    finally:
        tracemalloc.stop()


def test_colliding_keys_take_no_time():
    started = time.perf_counter()
    with pytest.raises(WireError, match="collide"):
        received(frame(value({"dict": [[{"int": str(i * (2**61 - 1))}, None] for i in range(40_000)]})))
    assert time.perf_counter() - started < 5


def test_two_thousand_mutations():
    """A frame with wrong bytes gives a value, a refusal or an end, and nothing else."""
    chance = random.Random(20260729)
    everything = {
        "a": [1, 2.5, None, True, "text", (3,)],
        "b": {"k": np.arange(3.0), (1, 2): {4, 5}},
        "c": torch.arange(4, dtype=torch.bfloat16),
        "d": Raised("E", ("E",), "m", "t"),
        "e": Handle(1, "x"),
    }
    here, there = socket.socketpair()
    with here, there:
        wire.send(here, everything)
        good = there.recv(1 << 20)
    ends = []
    for _ in range(2000):
        bad = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(bad))
            act = chance.randrange(4)
            if act == 0:
                bad[place] = chance.randrange(256)
            elif act == 1:
                bad[place] ^= 1 << chance.randrange(8)
            elif act == 2:
                del bad[place : place + chance.randint(1, 8)]
            else:
                bad[place:place] = bad[chance.randrange(len(bad)) :][: chance.randint(1, 8)]
        try:
            received(bytes(bad))
            ends.append("value")
        except (WireError, EOFError) as error:
            ends.append(type(error).__name__)
    assert {"value", "WireError", "EOFError"} <= set(ends)


def test_a_deadline_holds_for_the_whole_message():
    here, there = socket.socketpair()
    with here, there:
        here.sendall(struct.pack("<IQ", 1 << 20, 0))
        with pytest.raises(TimeoutError):
            wire.receive(there, deadline=time.perf_counter() + 0.05)
        here.sendall(b"x" * 100_000)  # bytes that are there already do not help
        with pytest.raises(TimeoutError):
            wire.receive(there, deadline=time.perf_counter() - 1)
        assert len(there.recv(1 << 20)) == 100_000


def test_messages_over_a_limit_are_not_sent():
    here, there = socket.socketpair()
    with here, there:
        for large in ("x" * (wire.MAX_HEADER + 1), np.zeros(wire.MAX_BODY + 1, dtype=np.uint8)):
            with pytest.raises(WireError):
                wire.send(here, {"value": large})
        there.setblocking(False)
        with pytest.raises(BlockingIOError):
            there.recv(1)
