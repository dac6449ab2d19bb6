"""A changed style sheet reaches a site whose pages are all up to date."""

from pathlib import Path
from types import SimpleNamespace

import pytest

EXTENSIONS = Path(__file__).parents[2] / "book" / "ext"


@pytest.fixture
def built(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    for folder in ("static/pictures", "site/_static/pictures", "theirs"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("style.css", "pictures/page.png"):
        (tmp_path / "static" / file).write_text("as built")
        (tmp_path / "site" / "_static" / file).write_text("as built")
    (tmp_path / "theirs" / "theme.css").write_text("a package's own file, put somewhere else")
    folders = ["static", str(tmp_path / "theirs")]
    return SimpleNamespace(srcdir=tmp_path, outdir=tmp_path / "site", config=SimpleNamespace(html_static_path=folders))


def outdated(app):
    from minillm_site import statics

    return statics.outdated(app, SimpleNamespace(found_docs={"index", "book/api"}), set(), set(), set())


def test_nothing_changed_asks_for_nothing(built):
    assert outdated(built) == []


@pytest.mark.parametrize("file", ["style.css", "pictures/page.png", "pictures/new.png"])
def test_a_changed_or_new_file_asks_for_every_page(built, file):
    (built.srcdir / "static" / file).write_text("changed!")
    assert outdated(built) == ["book/api", "index"]
