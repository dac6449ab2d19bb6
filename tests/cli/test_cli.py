import re
import resource
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from minillm import __version__, cli
from minillm.cli import build_app
from minillm.errors import InvalidInput

RUN = "import sys; from minillm.cli import main; sys.argv[0] = 'minillm'; main()"


def run(*arguments):
    return subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True)


def test_help_is_short_plain_and_quick():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "\x1b" not in done.stdout
    assert len(done.stdout.splitlines()) < 20
    assert "..." not in done.stdout.replace("[ARGS]...", "")
    for word in ("--version", "--help", "doctor"):
        assert word in done.stdout
    # Processor time, so that a busy machine matters little: 0.1 s measured, and importing torch alone takes over 1 s.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.8


def test_help_imports_nothing_heavy():
    code = (
        RUN.replace("main()", "build_app()")
        + "\nprint(sorted(m for m in ('torch', 'numpy', 'triton') if m in sys.modules))"
    )
    code = code.replace("import main", "import build_app")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_help_on_a_terminal_has_frames():
    assert "╭" in CliRunner().invoke(build_app(terminal=True), ["--help"]).output
    assert "╭" not in CliRunner().invoke(build_app(), ["--help"]).output


def test_version():
    result = CliRunner().invoke(build_app(), ["--version"])
    assert result.exit_code == 0
    assert result.output == f"minillm {__version__}\n"
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", __version__)


@pytest.mark.parametrize("arguments", [["doctr"], ["--verson"], ["doctor", "extra"]])
def test_wrong_usage(arguments):
    result = CliRunner().invoke(build_app(), arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.output


def test_no_arguments_shows_the_help():
    assert "doctor" in CliRunner().invoke(build_app(), []).output


def test_an_error_of_the_package_is_one_line(monkeypatch, capsys):
    def app(terminal):
        def fail():
            raise InvalidInput("order=0 [bold]; allowed is 1 and above.")

        return fail

    monkeypatch.setattr(cli, "build_app", app)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 1
    captured = capsys.readouterr()
    assert captured.err == "Error: order=0 [bold]; allowed is 1 and above.\n"
    assert captured.out == ""
