"""The repository's address is declared in pyproject.toml; buttons, set-up cells and links use it."""

import json
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ADDRESS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
NOTEBOOKS = sorted((ROOT / "chapters").glob("*/*.ipynb"))


def test_launch_and_repository_buttons():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["url"] == ADDRESS
    assert config["launch_buttons"]["colab_url"]
    assert config["launch_buttons"]["notebook_interface"] == "jupyterlab"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_setup_cells_install_from_it(path):
    setup = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    assert f"git+{ADDRESS}" in setup.split('"')[-2] or f'git+{ADDRESS}"' in setup


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_no_other_address_in_the_readme(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    owner = ADDRESS.removeprefix("https://github.com/")
    for link in {part.split(")")[0].split()[0] for part in text.split("https://github.com/")[1:]}:
        assert link.startswith(owner), f"{page} links to https://github.com/{link}, the repository is {ADDRESS}"


class TestSetupCell:
    """The set-up cell, run as Colab would (package missing) and as a local kernel would."""

    @pytest.fixture
    def cell(self):
        return "".join(json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))["cells"][0]["source"])

    @pytest.fixture
    def calls(self, monkeypatch):
        calls = []
        monkeypatch.setattr("subprocess.run", lambda command, **options: calls.append((command, options)))
        return calls

    def test_installs_where_the_package_is_missing(self, cell, calls, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        exec(cell, {})
        ((command, options),) = calls
        assert command[1:4] == ["-m", "pip", "install"]
        assert command[-1] == f"minillm @ git+{ADDRESS}"
        assert options == {"check": True}

    def test_does_nothing_where_it_is_installed(self, cell, calls):
        exec(cell, {})
        assert calls == []
