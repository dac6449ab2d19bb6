import hashlib
import os
import re
import subprocess
import sys

import pytest

from minillm.data import corpora
from minillm.data.stdlib import read_docstrings
from minillm.errors import Unavailable


@pytest.fixture(scope="module")
def corpus():
    return corpora.docstrings()


def test_size(corpus):
    # Measured: 1.42 M characters, 6,794 documents on 3.11; the bounds leave room for other versions.
    assert 1_100_000 < len(corpus.text) < 2_000_000
    assert 5_000 < len(corpus) < 10_000
    sentences = corpus.sentences()
    assert 12_000 < len(sentences) < 28_000
    assert 200_000 < sum(map(len, sentences)) < 450_000


def test_is_english_prose(corpus):
    words = [word for sentence in corpus.sentences() for word in sentence]
    assert words.count("the") / len(words) > 0.03
    assert ">>>" not in corpus.text
    assert not re.search(r"^[=\-~*^]{4,}$", corpus.text, re.MULTILINE)
    assert not any(part in d.id for d in corpus for part in ("/test/", "idlelib", "lib2to3", "site-packages"))


def test_cached_and_immutable(corpus):
    assert corpora.docstrings() is corpus
    with pytest.raises(AttributeError):
        corpus.name = "other"


def test_ids_are_unique(corpus):
    assert len({document.id for document in corpus}) == len(corpus)


def test_near_copies_are_left_out(corpus):
    """Recount from the outside: shared runs of eight words with any other document, earlier or later."""
    runs = []
    for document in corpus:
        words = re.findall(r"\w+", document.text.lower())
        runs.append({" ".join(words[i : i + 8]) for i in range(max(1, len(words) - 7))})
    seen = set()
    for document, own in zip(corpus, runs, strict=True):
        assert len(own & seen) * 2 <= len(own) + 1, document.id
        seen |= own


def test_same_bytes_in_another_process(corpus):
    code = (
        "import hashlib; from minillm.data import corpora; "
        "print(hashlib.sha256(corpora.docstrings().text.encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(corpus.text.encode()).hexdigest()


def test_reads_without_importing(tmp_path):
    (tmp_path / "good.py").write_text(
        '"""Module about many things."""\nraise SystemExit(1)\n\n'
        'class Shape:\n    """A shape with sides and an area."""\n\n'
        "    async def area(self):\n"
        '        """Return the area of this shape.\n\n        >>> 1\n        1\n\n        -----\n        In metres.\n'
        '        """\n\n'
        "if True:\n    def copied():\n"
        '        """A shape with sides and an area."""\n'
        'def short():\n    """Do it."""\n'
    )
    (tmp_path / "broken.py").write_text("def (:\n")
    (tmp_path / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\n'''Na\xefve words in Latin letters.'''\n")
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "skipped.py").write_text('"""This must not be read at all."""')
    documents = {document.id: document.text for document in read_docstrings(tmp_path)}
    assert documents == {
        "good.py:1": "Module about many things.",
        "good.py:5": "A shape with sides and an area.",
        "good.py:8": "Return the area of this shape.\n\nIn metres.",
        "latin.py:2": "Naïve words in Latin letters.",
    }


def test_no_sources(tmp_path):
    with pytest.raises(Unavailable, match=r"village\(\) or corpora\.files"):
        read_docstrings(tmp_path)
