"""pyproject.toml, constraints.txt and environment.yml describe one set of packages."""

import re
import tomllib

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def pins(root):
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(r.name): r for r in requirements}


def _declared(project):
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return [(group, Requirement(line)) for group, lines in groups.items() for line in lines]


def test_every_dependency_is_pinned_inside_its_range(project, pins):
    for group, requirement in _declared(project):
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement.name} [{group}] has no pin in constraints.txt"
        (exact,) = pin.specifier
        assert exact.operator == "==", f"{pin} is a range: pin one version"
        assert requirement.specifier.contains(exact.version), f"{pin} lies outside {requirement} of pyproject.toml"
        assert str(pin.marker or "") == str(requirement.marker or ""), f"{pin} and {requirement}: different markers"


def test_ranges_admit_the_oldest_and_newest_promised_versions(project):
    ranges = {r.name: r.specifier for _, r in _declared(project)}
    assert ranges["torch"].contains("2.11.0")
    assert ranges["torch"].contains("2.13.0")
    assert all(ranges["triton"].contains(version) for version in ("3.6.0", "3.7.1", "3.9.0"))
    assert ranges["jupyter-book"] == SpecifierSet(">=1.0.4,<2")


def test_no_dependency_is_pinned_in_pyproject(project):
    for _, requirement in _declared(project):
        assert "==" not in str(requirement.specifier), f"{requirement}: ranges here, pins in constraints.txt"


def test_installed_versions_are_the_pinned_ones(pins):
    from importlib.metadata import version

    for name in ("torch", "numpy", "jupyter-book", "sphinx", "datasets"):
        (exact,) = pins[name].specifier
        assert Version(version(name)).public == exact.version, f"{name}: run `make install`, or renew constraints.txt"


def test_environment_installs_the_same_set(root, project):
    environment = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    (python,) = [entry for entry in conda if entry.startswith("python=")]
    assert SpecifierSet(project["requires-python"]).contains(python.split("=")[1])
    assert "--constraint constraints.txt" in pip
    (editable,) = [line for line in pip if line.startswith("--editable")]
    extras = set(re.search(r"\[(.*)\]", editable)[1].split(","))
    assert extras == set(project["optional-dependencies"]), "environment.yml must name every extra"
    ours = {canonicalize_name(r.name) for _, r in _declared(project)}
    assert ours.isdisjoint(conda), "a version that conda chooses could differ from the pinned one"


def test_markers_name_linux_only_for_triton(project):
    for _, requirement in _declared(project):
        if requirement.marker:
            mac = default_environment() | {"sys_platform": "darwin"}
            assert requirement.name == "triton"
            assert not requirement.marker.evaluate(mac)
