import pytest

from minillm.data import corpora
from minillm.errors import FormatError, InvalidInput


def test_text_files_in_the_order_given(tmp_path):
    (tmp_path / "b.txt").write_bytes("\ufeffFirst line.\r\nNaïve 中文.".encode())
    (tmp_path / "a.txt").write_text("Second file.", encoding="utf-8")
    corpus = corpora.files([tmp_path / "b.txt", str(tmp_path / "a.txt")])
    assert [document.text for document in corpus] == ["First line.\nNaïve 中文.", "Second file."]
    assert corpus[1].id == str(tmp_path / "a.txt")
    assert corpora.files(tmp_path / "a.txt").sentences() == [["second", "file", "."]]


def test_json_lines(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "One."}\n\n{"text": "Two\\u2028lines.", "id": 7}\n', encoding="utf-8")
    corpus = corpora.files(path, language="zh")
    assert [document.text for document in corpus] == ["One.", "Two\u2028lines."]
    assert [document.id for document in corpus] == [f"{path}:1", f"{path}:3"]
    assert corpus.language == "zh"


def test_json_lines_with_another_field(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"body": "One."}\n', encoding="utf-8")
    assert corpora.files(path, text_field="body")[0].text == "One."
    with pytest.raises(FormatError, match=r"rows\.jsonl, line 1: .*'text', found fields \['body'\]"):
        corpora.files(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [("{'text': 1}", "line 2: not JSON"), ("[1]", "line 2: .* a list"), ('{"text": 5}', "line 2: .*fields")],
)
def test_bad_json_lines(tmp_path, line, message):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "One."}\n' + line, encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        corpora.files(path)


def test_not_utf8_names_the_byte_and_the_remedy(tmp_path):
    path = tmp_path / "gbk.txt"
    path.write_bytes(b"Hello, " + "中文".encode("gb18030"))
    with pytest.raises(FormatError, match=r"gbk\.txt is not UTF-8 text: byte 7 is 0xd6.*iconv -f gb18030"):
        corpora.files(path)


def test_binary_names_the_byte(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(b"abc\x00def")
    with pytest.raises(FormatError, match="binary: byte 3 is 0"):
        corpora.files(path)


@pytest.mark.parametrize("content", [b"", b"\n \t\r\n", b"\xef\xbb\xbf"])
def test_empty_file(tmp_path, content):
    path = tmp_path / "empty.txt"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"empty\.txt is empty"):
        corpora.files(path)


def test_paths_that_are_no_files(tmp_path):
    with pytest.raises(InvalidInput, match=r"missing\.txt does not exist"):
        corpora.files(tmp_path / "missing.txt")
    with pytest.raises(InvalidInput, match=r"is a folder; .*glob"):
        corpora.files([tmp_path])
    with pytest.raises(InvalidInput, match="no path given"):
        corpora.files([])
    (tmp_path / "a.txt").write_text("Text.")
    with pytest.raises(InvalidInput, match="given 2 times"):
        corpora.files([tmp_path / "a.txt", tmp_path / "a.txt"])
    with pytest.raises(InvalidInput, match="'fr'"):
        corpora.files(tmp_path / "a.txt", language="fr")
