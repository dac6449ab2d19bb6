import json
import socket
import time

import pytest

from minillm.data import corpora, hub
from minillm.errors import InvalidInput, Unavailable

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def _sealed(monkeypatch, tmp_path):
    """No test here may leave the machine or read what earlier runs left behind."""

    def refuse(*args, **kwargs):
        raise AssertionError(f"a test tried to reach the network: {args}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    rows = [{"text": f"Row {i} of the training part.", "label": i} for i in range(20)]
    rows[3]["text"] = " "
    rows[5]["text"] = None
    (data / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    datasets.Dataset.from_dict({"text": ["A row to check with."], "label": [0]}).to_parquet(data / "validation.parquet")
    return data


def test_streams_a_local_folder(folder):
    (folder / "validation.parquet").unlink()
    corpus = corpora.hub(str(folder), limit=5)
    assert [document.text for document in corpus] == [f"Row {i} of the training part." for i in (0, 1, 2, 4, 6)]
    assert corpus[3].id == f"{folder}/train/4"
    assert len(corpora.hub(str(folder))) == 18


@pytest.mark.parametrize("streaming", [True, False])
def test_reads_parquet(folder, streaming):
    (folder / "train.jsonl").unlink()
    corpus = corpora.hub(str(folder), split="validation", streaming=streaming, language="zh")
    assert [document.text for document in corpus] == ["A row to check with."]
    assert corpus.language == "zh"


def test_wrong_names_are_told_what_there_is(folder):
    (folder / "validation.parquet").unlink()
    with pytest.raises(InvalidInput, match=r"no field 'body'; it has \['label', 'text'\]"):
        corpora.hub(str(folder), text_field="body")
    with pytest.raises(InvalidInput, match="'label' holds int, not text"):
        corpora.hub(str(folder), text_field="label")
    with pytest.raises(InvalidInput, match=r"split 'test'.*train"):
        corpora.hub(str(folder), split="test")
    with pytest.raises(InvalidInput, match="limit=0"):
        corpora.hub(str(folder), limit=0)


def test_empty_folder(tmp_path):
    with pytest.raises(InvalidInput, match="no data files"):
        corpora.hub(str(tmp_path))


def test_offline_names_what_there_is_instead(monkeypatch):
    def cut_off(*args, **kwargs):
        raise OSError("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", cut_off)
    start = time.monotonic()
    with pytest.raises(Unavailable, match=r"nobody/nothing.*docstrings\(\).*village\(\).*files\(paths\)"):
        corpora.hub("nobody/nothing")
    assert time.monotonic() - start < 15


def test_offline_with_a_copy_reads_the_copy(monkeypatch, tmp_path):
    copy = tmp_path / "cache" / "nobody___nothing"
    copy.mkdir(parents=True)
    asked = {}

    def load(name, config, **options):
        asked.update(options, name=name, config=config)
        return [{"text": "From the copy."}]

    monkeypatch.setattr(hub, "_hub_answers", lambda: False)
    monkeypatch.setattr(datasets, "load_dataset", load)
    assert corpora.hub("nobody/nothing", config="small")[0].text == "From the copy."
    assert asked == {"name": "nobody/nothing", "config": "small", "split": "train", "streaming": False}


def test_connection_that_breaks_midway(monkeypatch):
    def rows():
        yield {"text": "First."}
        raise ConnectionError("reset by peer")

    monkeypatch.setattr(hub, "_hub_answers", lambda: True)
    monkeypatch.setattr(datasets, "load_dataset", lambda *args, **options: rows())
    with pytest.raises(Unavailable, match=r"broke after 1 rows.*docstrings"):
        corpora.hub("nobody/nothing")


def test_no_text_at_all(monkeypatch):
    monkeypatch.setattr(hub, "_hub_answers", lambda: True)
    monkeypatch.setattr(datasets, "load_dataset", lambda *args, **options: iter([{"text": ""}]))
    with pytest.raises(InvalidInput, match="no row has text"):
        corpora.hub("nobody/nothing")


def test_unknown_data_set(monkeypatch):
    def load(*args, **options):
        raise datasets.exceptions.DatasetNotFoundError("Dataset 'nobody/nothing' doesn't exist on the Hub")

    monkeypatch.setattr(hub, "_hub_answers", lambda: True)
    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(Unavailable, match=r"not on the hub, or not public.*village"):
        corpora.hub("nobody/nothing")
