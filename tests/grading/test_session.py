import itertools

import numpy as np
import pytest
import torch

from minillm.grading.limits import Limits
from minillm.grading.pod import OutOfTime, Pod, WorkerDied
from minillm.grading.sandbox import PROCESS
from minillm.grading.session import (
    InputChanged,
    NotAValue,
    Remote,
    Session,
    Submission,
    SubmissionError,
    describe,
)
from minillm.grading.team import Team

MIB = 1 << 20


@pytest.fixture(scope="module")
def pods():
    """One warm parent for each set of modules, started when it is needed."""
    started: dict[tuple[str, ...], Pod] = {}

    def get(*preload: str) -> Pod:
        return started.setdefault(preload, Pod(PROCESS, preload)) if preload not in started else started[preload]

    yield get
    for pod in started.values():
        pod.close()


@pytest.fixture
def load(pods):
    """``load(source)`` is the submission as a check sees it; ``torch=True`` has torch loaded."""
    sessions = []

    def make(source, *, torch=False, forbid=None, seed=1, user=None, **limits):
        pod = pods("numpy", "torch") if torch else pods("numpy")
        options = {"forbid": forbid or {}, "limits": Limits(**limits), "seed": seed, "user": user}
        sessions.append(Session(pod, source, filename="learner.py", **options))
        return Submission(sessions[-1])

    yield make
    for session in sessions:
        session.connection.close()


def test_functions_are_called_with_values_and_keywords(load):
    submission = load("def f(a, b=2, *rest, c, **more): return [a, b, rest, c, more]")
    assert submission.f(1, c={"k": (1.5,)}) == [1, 2, (), {"k": (1.5,)}, {}]
    assert submission.f(1, 3, 4, c=None, d=True) == [1, 3, (4,), None, {"d": True}]


def test_state_stays_between_calls_and_not_between_sessions(load):
    source = "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)"
    first = load(source)
    assert [first.f(1), first.f(1)] == [1, 2]
    assert load(source).f(1) == 1


def test_objects_are_held_by_handle(load):
    submission = load(
        "class Counter:\n"
        "    def __init__(self, start): self.value = start\n"
        "    def add(self, n, other=None):\n"
        "        self.value += n + (other.value if other else 0)\n"
        "        return self.value\n"
        "    def __call__(self, n): return n * self.value\n"
    )
    one, two = submission.build("Counter", 1), submission.build("Counter", start=10)
    assert isinstance(one, Remote)
    assert one.add(2) == 3
    assert two.add(1, other=one) == 14
    assert two.add(1, one) == 18
    assert submission._session.last_call == "add(1, an object built before)"
    assert one.get("value") == 3
    assert one(5) == 15
    with pytest.raises(AttributeError):
        one.__wrapped__  # noqa: B018


def test_an_object_in_place_of_a_value_is_no_remote(load):
    """Else its methods would answer the check's questions."""
    submission = load(
        "class Sly:\n"
        "    def __iter__(self): return self\n"
        "    def __next__(self): raise StopIteration\n"
        "    def sum(self): return 1.0\n"
        "def lazy(): return Sly()\n"
        "class Plain:\n"
        "    def sum(self): return 1.0\n"
        "def plain(): return Plain()\n"
    )
    lazy = submission.lazy()
    assert not hasattr(lazy, "sum")
    assert list(lazy) == []
    with pytest.raises(NotAValue, match="Plain"):
        submission.plain()


def test_generators_are_read_item_by_item(load):
    submission = load(
        "import itertools\n"
        "made = 0\n"
        "def squares(n):\n"
        "    global made\n"
        "    for i in range(n):\n"
        "        made += 1\n"
        "        yield i * i\n"
        "def how_many(): return made\n"
        "def forever(): return itertools.count()\n"
        "def breaks():\n"
        "    yield 1\n"
        "    raise ValueError('broken')\n"
    )
    squares = submission.squares(10**9)
    assert [next(squares), next(squares), next(squares)] == [0, 1, 4]
    assert submission.how_many() == 3
    assert list(itertools.islice(submission.forever(), 5)) == [0, 1, 2, 3, 4]
    broken = submission.breaks()
    assert next(broken) == 1
    with pytest.raises(ValueError, match="broken"):
        next(broken)


def test_a_generator_without_end_is_cut(load, monkeypatch):
    monkeypatch.setattr("minillm.grading.session.MAX_ITEMS", 50)
    submission = load("def forever():\n    while True: yield 0")
    with pytest.raises(NotAValue, match="more than 50"):
        list(submission.forever())


@pytest.mark.parametrize(
    "raised",
    [
        "ValueError",
        "KeyError",
        "ZeroDivisionError",
        "FileNotFoundError",
        "ImportError",
        "RecursionError",
        "AssertionError",
    ],
)
def test_exceptions_are_what_they_are_called(load, raised):
    submission = load(f"def f(): raise {raised}('why')")
    with pytest.raises(getattr(__import__("builtins"), raised)) as caught:
        submission.f()
    assert isinstance(caught.value, SubmissionError)
    assert caught.value.raised.kind == raised
    assert "why" in caught.value.raised.message
    assert "learner.py" in caught.value.raised.traceback
    assert "grading" not in caught.value.raised.traceback


def test_an_exception_of_the_learners_own_has_its_base(load):
    submission = load("class Empty(LookupError): pass\ndef f(): raise Empty('nothing here')")
    with pytest.raises(LookupError, match="nothing here") as caught:
        submission.f()
    assert type(caught.value).__name__ == "Empty"


@pytest.mark.parametrize(
    "statement",
    [
        "raise SystemExit(0)",
        "raise KeyboardInterrupt",
        "raise GeneratorExit",
        "raise StopIteration",
        "raise StopAsyncIteration",
        "raise ExceptionGroup('g', [ValueError()])",
        "raise BaseExceptionGroup('g', [KeyboardInterrupt()])",
        "import pytest; pytest.skip('no')",
        "raise type('x' * 10 + chr(0x202e) + ' !', (Exception,), {})('odd name')",
        "raise type('A', (Exception,), {'__str__': lambda self: 1 / 0})",
        "raise type('A', (Exception,), {'__str__': lambda self: 5})",
    ],
)
def test_what_ends_loops_and_processes_arrives_as_a_mere_error(load, statement):
    submission = load(f"def f():\n    {statement}")
    with pytest.raises(SubmissionError) as caught:
        submission.f()
    assert not isinstance(caught.value, StopIteration | StopAsyncIteration | BaseExceptionGroup)
    assert type(caught.value).__name__.isidentifier()
    assert submission.get("__name__") == "submission"


def test_exceptions_made_of_more_than_a_message_keep_their_base(load):
    submission = load("def f(): return b'\\xff'.decode()")
    with pytest.raises(ValueError, match="invalid start byte"):
        submission.f()


def test_a_file_that_does_not_load_says_why(load):
    with pytest.raises(SyntaxError):
        load("def f(:")
    with pytest.raises(ZeroDivisionError) as caught:
        load("x = 1\ny = x / 0")
    assert "line 2, in <module>\n    y = x / 0" in caught.value.raised.traceback


def test_changed_arguments_are_found(load):
    source = (
        "def first(x):\n    x[0] = 7\n    return 0\n"
        "def named(x=None, y=None):\n    y.append(1)\n    return 0\n"
        "def inner(x):\n    x['k'][0].clear()\n"
        "def grows(x):\n    x.resize(3, refcheck=False)\n"
        "def none(x):\n    x = x + 1\n    return x\n"
    )
    submission = load(source)
    mine = np.arange(2)
    for call in (
        lambda: submission.first(mine),
        lambda: submission.first([1, 2]),
        lambda: submission.named(x=[1], y=[]),
        lambda: submission.inner({"k": [[1]]}),
        lambda: submission.grows(np.zeros(2)),
    ):
        with pytest.raises(InputChanged):
            call()
    assert mine.tolist() == [0, 1]
    assert submission.none(mine).tolist() == [1, 2]
    assert submission.changing("first", mine) == 0


def test_a_changed_tensor_is_found(load):
    submission = load("def f(x):\n    x.mul_(2)\n    return x.sum()", torch=True)
    with pytest.raises(InputChanged, match="argument 0"):
        submission.f(torch.ones(2))
    asks = load("def f(x): return x.requires_grad_().sum().item()", torch=True)
    with pytest.raises(InputChanged, match="asks for gradients"):
        asks.f(torch.ones(2))


def test_values_that_cannot_cross_are_no_values(load):
    submission = load("def f(): return {1: object()}\ndef g(): return 1")
    with pytest.raises(NotAValue, match="object"):
        submission.f()
    assert submission.g() == 1


def test_randomness_is_seeded_for_each_call(load):
    source = "import random, numpy as np\ndef f(): return [random.random(), float(np.random.rand())]"
    one, two = load(source, seed=5), load(source, seed=6)
    assert one.f() == one.f()
    assert one.f() != two.f()
    assert load(source, seed=5).f() == one.f()


def test_gradients_of_arguments_and_parameters(load):
    submission = load(
        "import torch\n"
        "def f(x, y, scale=None): return (x * y * scale).sum(-1)\n"
        "class Linear(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.weight = torch.nn.Parameter(torch.tensor([2.0, 3.0]))\n"
        "    def forward(self, x): return x @ self.weight\n"
        "    def two(self, x): return x * self.weight, x.sum()\n",
        torch=True,
    )
    x, y, scale = torch.randn(2, 3).requires_grad_(), torch.randn(2, 3), torch.randn(3).requires_grad_()
    upstream = torch.randn(2)
    value, gradients = submission.value_and_grads("f", x, y, scale=scale, upstream=upstream)
    assert torch.allclose(value, (x * y * scale).sum(-1))
    assert torch.allclose(gradients["0"], upstream[:, None] * y * scale)
    assert torch.allclose(gradients["scale"], (upstream[:, None] * x * y).sum(0))
    assert "1" not in gradients

    linear = submission.build("Linear")
    assert list(linear.named_parameters()) == ["weight"]
    assert linear.named_gradients() == {"weight": None}
    x = torch.randn(4, 2)
    _, gradients = linear.value_and_grads("forward", x, upstream=torch.ones(4))
    assert torch.allclose(gradients["weight"], x.sum(0))
    assert torch.allclose(linear.named_gradients()["weight"], x.sum(0))
    linear = submission.build("Linear")
    _, gradients = linear.value_and_grads("two", x.requires_grad_(), upstream=[torch.ones(4, 2), torch.tensor(2.0)])
    assert torch.allclose(gradients["0"], torch.tensor([2.0, 3.0]).expand(4, 2) + 2)


def test_measured_time_is_the_judges(load):
    submission = load("import time\npause = time.sleep\ntime.perf_counter = lambda: 0\ndef f(s): pause(s)")
    with submission.measure() as seen:
        submission.f(0.2)
        submission.f(0.1)
    assert 0.3 <= seen.seconds < 2
    measured = seen.seconds
    submission.f(0.1)
    assert seen.seconds == measured


def test_measured_memory_is_the_kernels(load):
    source = (
        "import numpy as np\n"
        "np.ones(40 << 20, dtype=np.uint8)\n"  # a peak before anything is measured
        "def f(mib): return int(np.ones(mib << 20, dtype=np.uint8)[-1])\n"
    )
    submission = load(source)
    with submission.measure() as small:
        submission.f(1)
    submission.f(60)
    with submission.measure() as large:
        submission.f(30)
    assert small.peak_bytes < 15 * MIB
    assert 25 * MIB < large.peak_bytes < 45 * MIB


def test_operators_and_the_largest_tensor_are_seen(load):
    submission = load(
        "import torch\n"
        "def f(x): return (x[:, None] + x[None, :]).exp().sum()\n"
        "def rows(x):\n"
        "    for i in range(3): yield (x + i).exp()\n",
        torch=True,
    )
    x = torch.zeros(50)
    submission.f(x)
    with submission.measure() as seen:
        submission.f(x)
        submission.f(x)
    assert seen.largest_elements == 2500
    assert seen.operators["exp"] == 2
    assert seen.operators["add"] == 2
    assert "mm" not in seen.operators
    with submission.measure() as seen:
        list(submission.rows(x))
    assert seen.operators["exp"] == 3
    assert seen.largest_elements == 50


def test_what_it_prints_is_kept_from_the_start(load):
    submission = load("print('loading')\ndef f():\n    for i in range(100_000): print('line', i)\n    return 1")
    assert submission.f() == 1
    assert submission.printed.startswith("loading\nline 0\nline 1\n")
    assert len(submission.printed) <= 20_000


def test_time_runs_out_over_all_calls_together(load):
    submission = load("import time\ndef f(s):\n    time.sleep(s)\n    return s", seconds=0.5)
    assert submission.f(0.3) == 0.3
    with pytest.raises(OutOfTime, match=r"0\.5 seconds"):
        submission.f(0.3)
    with pytest.raises(WorkerDied, match="ended"):
        submission.f(0.0)


def test_time_runs_out_while_loading(load):
    with pytest.raises(OutOfTime):
        load("while True: pass", seconds=0.2)


def test_an_end_in_the_middle_of_a_call_is_told(load):
    submission = load("import os\ndef f(): os._exit(0)")
    with pytest.raises(WorkerDied, match="ended in the middle"):
        submission.f()


def test_memory_is_limited(load):
    submission = load("import numpy as np\ndef f(mib): return len(np.ones(mib << 20, dtype=np.uint8))", memory_mib=200)
    assert submission.f(50) == 50 * MIB
    with pytest.raises(MemoryError):
        submission.f(300)


def test_files_are_limited(load):
    submission = load(
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "def f(mib):\n    with open('f', 'wb') as file: return file.write(bytes(mib << 20))",
        file_mib=2,
    )
    assert submission.f(1) == MIB
    with pytest.raises(OSError, match="too large"):
        submission.f(4)


def test_ranks_meet_and_add_up(load, pods):
    pod = pods("numpy", "torch")
    source = (
        "import torch.distributed as dist\n"
        "def total(x):\n"
        "    y = x.clone()\n"
        "    dist.all_reduce(y)\n"
        "    return y, dist.get_rank()\n"
    )
    user = pod.new_user()
    submissions = [load(source, torch=True, user=user) for _ in range(2)]
    team = Team([submission._session for submission in submissions], pod.meeting_place())
    parts = [torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0])]
    results = team.call("total", [[part] for part in parts])
    assert [rank for _, rank in results] == [0, 1]
    assert all(value.tolist() == [11.0, 22.0] for value, _ in results)


def test_a_rank_that_ends_ends_the_others(load, pods):
    pod = pods("numpy", "torch")
    source = (
        "import time\nimport torch.distributed as dist\n"
        "def total(x):\n"
        "    if dist.get_rank() == 1: raise ValueError('gone')\n"
        "    time.sleep(15)\n"
    )
    user = pod.new_user()
    submissions = [load(source, torch=True, user=user, seconds=20.0) for _ in range(2)]
    team = Team([submission._session for submission in submissions], pod.meeting_place())
    with pytest.raises(ValueError, match="gone"):
        team.call("total", [[torch.ones(1)]] * 2)
    assert all(submission._session.connection.spent < 10 for submission in submissions)


def test_arguments_are_described_by_shape():
    assert describe(np.zeros((2, 3), np.float32)) == "array[2, 3] float32"
    assert describe(torch.zeros(4, dtype=torch.int64)) == "tensor[4] int64"
    assert describe([1, 2]) == "[1, 2]"
    assert describe(list(range(100))) == "list of 100"
    assert len(describe("x" * 1000)) <= 60
