"""Atomic writing: a reader sees the old file or the new one, never half of one."""

import os
import stat
from pathlib import Path

import pytest

from minillm.errors import InvalidInput
from minillm.files import atomic_write


def only_file(folder: Path) -> str:
    (path,) = folder.iterdir()
    return path.name


def crash_while_writing(path: Path, error: type[BaseException]) -> None:
    with atomic_write(path) as file:
        file.write("half of the n")
        raise error


def test_writes_text_as_utf8(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a.txt") as file:
        file.write("困惑度\n")
    assert (tmp_path / "a.txt").read_bytes() == "困惑度\n".encode()
    assert only_file(tmp_path) == "a.txt"


def test_writes_bytes(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a.bin", "wb") as file:
        file.write(b"\x00\xff")
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\xff"


def test_nothing_appears_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_write(str(path)) as file:
        file.write("new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_crash_leaves_the_old_file_and_no_trace(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error):
        crash_while_writing(path, error)
    assert path.read_text() == "old"
    assert only_file(tmp_path) == "a.txt"


def test_a_crash_leaves_no_file_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        crash_while_writing(tmp_path / "a.txt", ZeroDivisionError)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_rename_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("disk gone")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk gone"), atomic_write(path) as file:
        file.write("new")
    assert path.read_text() == "old"
    assert only_file(tmp_path) == "a.txt"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_new_file_has_the_usual_permissions(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        with atomic_write(tmp_path / "a.txt") as file:
            file.write("x")
        assert os.umask(mask) == mask, "the process's umask was changed"
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == mode


def test_the_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "absent" / "a.txt") as file:
        file.write("x")


@pytest.mark.parametrize("mode", ["a", "r+", "x"])
def test_a_mode_that_would_not_write_the_whole_file_is_refused(tmp_path, mode):
    with pytest.raises(InvalidInput, match="mode is"), atomic_write(tmp_path / "file", mode):
        pass
