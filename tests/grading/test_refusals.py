"""Each test asks a worker, for refusals hold for the rest of a process's life."""

import pytest

from minillm.grading.limits import Limits
from minillm.grading.pod import Pod
from minillm.grading.sandbox import PROCESS
from minillm.grading.session import Session, Submission

TRY = """
def attempt(source):
    try:
        scope = {}
        exec(source, scope)
        return scope.get("result", "no result")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
"""


@pytest.fixture(scope="module")
def pods():
    started: dict[tuple[str, ...], Pod] = {}

    def get(*preload: str) -> Pod:
        if preload not in started:
            started[preload] = Pod(PROCESS, preload)
        return started[preload]

    yield get
    for pod in started.values():
        pod.close()


@pytest.fixture
def forbidding(pods):
    """``forbidding({name: reason})(source)`` runs the source where the names are forbidden."""
    sessions = []

    def make(forbid, torch=False):
        pod = pods("numpy", "torch") if torch else pods("numpy")
        sessions.append(Session(pod, TRY, filename="l.py", forbid=forbid, limits=Limits(), seed=0))
        return Submission(sessions[-1]).attempt

    yield make
    for session in sessions:
        session.connection.close()


def test_nothing_is_refused_unasked(forbidding):
    attempt = forbidding({})
    assert attempt("import minillm.ngram, statistics\nresult = statistics.fmean([1, 2])") == 1.5


@pytest.mark.parametrize(
    "statement",
    [
        "import minillm.ngram",
        "import minillm.ngram as n",
        "from minillm import ngram",
        "from minillm.ngram import NgramCounts",
        "import minillm.ngram.counts",
        "import importlib; importlib.import_module('minillm.ngram.counts')",
        "__import__('minillm.ngram')",
    ],
)
def test_a_module_is_refused_with_the_reason(forbidding, statement):
    attempt = forbidding({"minillm.ngram": "counting is what you write"})
    said = attempt(statement)
    assert said.startswith("Forbidden: ")
    assert "counting is what you write" in said


def test_what_is_beside_a_forbidden_module_stays(forbidding):
    attempt = forbidding({"minillm.ngram": "no", "json.tool": "no"})
    assert attempt("import minillm.errors, json; result = json.loads('[1]')") == [1]


def test_the_file_of_a_forbidden_module_cannot_be_read(forbidding):
    attempt = forbidding({"minillm.ngram": "no"})
    find = "import minillm, os\nfolder = os.path.dirname(minillm.__file__)\n"
    assert "may not be read" in attempt(find + "open(folder + '/ngram/counts.py')")
    assert "may not be read" in attempt(find + "os.chdir(folder); open('ngram/counts.py')")
    assert "may not be read" in attempt(find + "open(os.fsencode(folder) + b'/ngram/../ngram/counts.py')")
    assert attempt(find + "result = len(open(folder + '/errors.py').read()) > 0") is True
    raw = find + (
        "import ctypes\n"
        "open_ = ctypes.CDLL(None).open\n"
        "result = [open_(os.fsencode(folder + name), 0) >= 0 for name in ('/ngram/counts.py', '/errors.py')]\n"
    )
    assert attempt(raw) == [False, True]


def test_a_module_imported_along_with_its_package_refuses_as_well(forbidding):
    """Finding ``minillm.ngram.counts`` imports its package, which holds ``NgramCounts`` from then on."""
    attempt = forbidding({"minillm.ngram.counts": "counting is what you write"})
    said = attempt("import minillm.ngram\nminillm.ngram.NgramCounts.from_sentences([['a']], order=1)")
    assert said.startswith("ImportError: ")
    assert "counting is what you write" in said
    assert attempt("import minillm.ngram\nresult = minillm.ngram.BOS") == "<s>"


def test_a_function_is_refused_under_every_name(forbidding):
    attempt = forbidding({"statistics.fmean": "the mean is what you write"})
    assert attempt("import statistics\nresult = statistics.median([1, 2, 4])") == 2
    for call in (
        "import statistics\nstatistics.fmean([1])",
        "from statistics import fmean as f\nf([1])",
        "import statistics, types\ntypes.FunctionType(statistics.fmean.__code__, vars(statistics))([1])",
        "import gc\ngc.unfreeze()\nnext(o for o in gc.get_objects() if getattr(o, '__name__', '') == 'fmean')([1])",
        "import importlib, statistics\nimportlib.reload(statistics).fmean([1])",
        "import sys\ndel sys.modules['statistics']\nimport statistics\nstatistics.fmean([1])",
    ):
        assert "the mean is what you write" in attempt(call)


def test_an_error_beside_a_forbidden_function_keeps_its_traceback(pods):
    source = "import statistics\ndef f(): return statistics.median([])"
    session = Session(
        pods("numpy"), source, filename="l.py", forbid={"statistics.fmean": "no"}, limits=Limits(), seed=0
    )
    with pytest.raises(ValueError, match="no median") as caught:
        Submission(session).f()
    assert 'File "l.py", line 2, in f' in caught.value.raised.traceback
    session.connection.close()


def test_a_decorated_function_and_a_closure_are_refused(forbidding):
    attempt = forbidding({"numpy.linalg.svd": "decompose it", "functools.lru_cache": "keep it"})
    assert "decompose it" in attempt("import numpy\nnumpy.linalg.svd(numpy.eye(2))")
    assert "decompose it" in attempt("import numpy\nnumpy.linalg.pinv(numpy.eye(2))")
    assert "keep it" in attempt("import functools\nfunctools.lru_cache(print)")
    assert attempt("import numpy\nresult = numpy.linalg.det(numpy.eye(2)).item()") == 1.0


def test_a_function_of_c_is_refused_by_its_name(forbidding):
    attempt = forbidding({"math.fsum": "no sums"})
    assert attempt("import math\nmath.fsum([1])") == "Forbidden: math.fsum may not be used here: no sums"
    assert attempt("import math\nresult = math.sqrt(4)") == 2.0


def test_a_class_is_refused_and_its_siblings_are_not(forbidding):
    attempt = forbidding({"torch.nn.RNN": "a cell is what you write"}, torch=True)
    for make in (
        "import torch\ntorch.nn.RNN(2, 3)",
        "import torch\nnext(c for c in torch.nn.RNNBase.__subclasses__() if c.__name__ == 'RNN')(2, 3)",
        "from torch.nn.modules.rnn import RNN\nRNN(2, 3)",
    ):
        assert "a cell is what you write" in attempt(make)
    assert attempt("import torch\nresult = torch.nn.GRU(2, 3).hidden_size") == 3


def test_names_that_nobody_installed_do_no_harm(forbidding):
    attempt = forbidding({"never_installed": "no", "never.installed.either": "no", "minillm.nothing.f": "no"})
    assert attempt("import never_installed") == "Forbidden: never_installed may not be used here: no"
    assert attempt("import math\nresult = math.pi > 3") is True


@pytest.mark.parametrize(
    "call",
    [
        "torch.softmax(x, -1)",
        "x.softmax(-1)",
        "torch.nn.functional.softmax(x, dim=-1)",
        "torch.nn.Softmax(-1)(x)",
        "torch.ops.aten._softmax(x, -1, False)",
        "torch.nn.functional.scaled_dot_product_attention(x, x, x)",
        "torch.nn.functional.softmax(x.requires_grad_(), dim=-1)",
        "torch.inference_mode()(torch.softmax)(x, -1)",
        "concurrent.futures.ThreadPoolExecutor(1).submit(torch.softmax, x, -1).result()",
        "_disable_current_modes().__enter__() or torch.softmax(x, -1)",
    ],
)
def test_an_operator_is_refused_wherever_it_runs(forbidding, call):
    attempt = forbidding({"aten::_softmax": "softmax is what you write"}, torch=True)
    prepare = "import concurrent.futures, torch\nfrom torch.utils._python_dispatch import _disable_current_modes\n"
    assert "softmax is what you write" in attempt(f"{prepare}x = torch.ones(1, 2, 2)\n{call}")


def test_an_operator_may_be_named_as_it_is_called(forbidding):
    """Most of those that are called are made of others; the name that the learner knows can be forbidden too."""
    attempt = forbidding({"aten::softmax": "no", "aten::matmul": "no"}, torch=True)
    x = "import torch\nx = torch.ones(2, 2)\n"
    assert attempt(x + "x.softmax(-1)") == "Forbidden: aten::softmax may not be used here: no"
    assert attempt(x + "x @ x") == "Forbidden: aten::matmul may not be used here: no"
    assert attempt(x + "result = torch.mm(x, x).tolist()") == [[2.0, 2.0], [2.0, 2.0]]
    assert attempt(x + "x.requires_grad_()\n(x.exp() / x.exp().sum()).sum().backward()\nresult = 1") == 1


def test_a_refused_operator_cannot_be_given_back(forbidding):
    attempt = forbidding({"aten::_softmax": "no"}, torch=True)
    find = (
        "import gc, torch\ngc.unfreeze()\n"
        "for thing in gc.get_objects():\n"
        "    if type(thing).__name__ in ('Library', '_DispatchModule'): getattr(thing, 'm', thing).reset()\n"
        "torch.softmax(torch.ones(2), -1)\n"
    )
    assert "may not be used" in attempt(find)
