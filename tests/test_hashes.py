"""Big files are read once and not at every start, and whatever changes in them is noticed all the same."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from checkpoint_files import MUSICGEN, cached, safetensors, write

from pipeline.inventory import take_stock
from pipeline.settings import Settings, read_settings
from pipeline.weights import TRANSFORMERS, find_model, hashes
from pipeline.weights.hashes import content_hash, remembered

LONG_AGO = 1_700_000_000 * 10**9


@pytest.fixture(autouse=True)
def small_is_big(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of 100 bytes count as big, and nothing is known of any."""
    monkeypatch.setattr(hashes, "SMALL", 100)
    monkeypatch.setattr(hashes, "_known", {})


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "lofi" / "hashes.json"


def file(path: Path, content: bytes = b"x" * 100, changed: int = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(changed, changed))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def later(memory: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what another process says a file hashes to."""
    monkeypatch.setattr(hashes, "_known", {})
    with remembered(memory):
        return content_hash(path)


def test_a_file_is_read_once_and_not_at_every_start(
    tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one run read, the next one takes from its notes: seen by noting something else there."""
    path = file(tmp_path / "model.safetensors")
    assert later(memory, path, monkeypatch) == sha256(path)
    noted = memory.read_text()
    assert str(path) in noted
    memory.write_text(noted.replace(sha256(path), "f" * 64))
    assert later(memory, path, monkeypatch) == "f" * 64


def test_a_link_is_the_file_it_leads_to(tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's cache is made of links: both ways to a file are one note."""
    path = file(tmp_path / "blobs" / "abc")
    (tmp_path / "model.safetensors").symlink_to(path)
    later(memory, path, monkeypatch)
    memory.write_text(memory.read_text().replace(sha256(path), "f" * 64))
    assert later(memory, tmp_path / "model.safetensors", monkeypatch) == "f" * 64


def _content(path: Path) -> None:
    # Of the same length, and its time set back: only the time of the change itself tells.
    file(path, b"y" * 100)


def _length(path: Path) -> None:
    file(path, b"x" * 101)


def _time(path: Path) -> None:
    file(path, b"y" * 100, LONG_AGO + 10**9)


def _another_file(path: Path) -> None:
    file(path.with_name("other"), b"y" * 100).replace(path)


@pytest.mark.parametrize("change", [_content, _length, _time, _another_file])
def test_a_file_that_changed_is_read_again(
    tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch, change: object
) -> None:
    """In its content, however well that is hidden, its length, its time, or because another came in its place."""
    path = file(tmp_path / "model.safetensors")
    before = later(memory, path, monkeypatch)
    assert callable(change)
    change(path)
    assert later(memory, path, monkeypatch) == sha256(path) != before
    assert later(memory, path, monkeypatch) == sha256(path)


BROKEN = [
    b"",
    b"not json",
    b"[]",
    b"{}",
    b'{"files": 3}',
    b'{"files": {"a": 1}}',
    b'{"files": {"a": [[1,2,3,4], "x"]}}',
]


@pytest.mark.parametrize("content", [*BROKEN, b"\xff\xfe", b"[" * 100_000], ids=range(9))
def test_notes_that_cannot_be_read_cost_nothing_but_reading(
    tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """They are made anew."""
    path = file(tmp_path / "model.safetensors")
    file(memory, content)
    assert later(memory, path, monkeypatch) == sha256(path)
    assert sha256(path) in memory.read_text()


def test_where_nothing_can_be_noted_every_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder that cannot be made is no reason to stop."""
    path, nowhere = file(tmp_path / "model.safetensors"), file(tmp_path / "a file")
    assert later(nowhere / "lofi" / "hashes.json", path, monkeypatch) == sha256(path)
    file(path, b"z" * 100)
    assert later(nowhere / "lofi" / "hashes.json", path, monkeypatch) == sha256(path)


def test_small_files_and_those_just_written_are_not_noted(
    tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was written a moment ago may be written again without its time telling."""
    later(memory, file(tmp_path / "small", b"x" * 99), monkeypatch)
    fresh = tmp_path / "fresh"
    fresh.write_bytes(b"x" * 100)
    later(memory, fresh, monkeypatch)
    assert not memory.exists()


def test_the_notes_do_not_grow_without_end(tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest stay; a file that changes has one note, not two."""
    monkeypatch.setattr(hashes, "_MOST", 3)
    files = [file(tmp_path / f"{number}.safetensors", bytes([number]) * 100) for number in range(5)]
    for path in (*files, *files[-1:]):
        later(memory, path, monkeypatch)
    assert list(json.loads(memory.read_text())["files"]) == [str(path) for path in files[-3:]]
    _content(files[-1])
    later(memory, files[-1], monkeypatch)
    assert list(json.loads(memory.read_text())["files"]) == [str(path) for path in files[-3:]]


def test_two_runs_at_once_keep_each_others_notes(tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes last adds to what is there."""
    one, other = file(tmp_path / "one"), file(tmp_path / "other", b"y" * 100)
    with remembered(memory):
        content_hash(one)
        file(memory, json.dumps({"files": {str(other): [[100, 1, 2, 3], sha256(other)]}}).encode())
    assert set(json.loads(memory.read_text())["files"]) == {str(one), str(other)}


def test_checking_reads_everything_whatever_is_noted(
    tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bit that flipped on the disk shows in no time and no size: `lofi models --check` finds it."""
    name = "facebook/musicgen-small"
    snapshot = cached(tmp_path, name, {**MUSICGEN, "model.safetensors": safetensors(100)})
    blob = (snapshot / "model.safetensors").resolve()
    os.utime(blob, ns=(LONG_AGO, LONG_AGO))
    with remembered(memory):
        before = find_model(name, TRANSFORMERS, "", tmp_path).weights
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    file(blob, bytes(content))
    # As rot would have it: the notes say that this very state was read, and what it hashed to when it was whole.
    state = blob.stat()
    numbers = [state.st_size, state.st_ino, state.st_mtime_ns, state.st_ctime_ns]
    digest = hashlib.sha256(safetensors(100)).hexdigest()
    write(memory.parent, {memory.name: json.dumps({"files": {str(blob): [numbers, digest]}}).encode()})
    monkeypatch.setattr(hashes, "_known", {})
    with remembered(memory):
        assert find_model(name, TRANSFORMERS, "", tmp_path).weights == before
        stock = take_stock(Settings(hub=tmp_path), check=True)
        assert next(held for held in stock if held.chosen == "musicgen_model").state == "damaged"


def test_notes_are_kept_in_the_persons_cache_folder() -> None:
    """XDG_CACHE_HOME says where, when it is a whole path; LOFI_CACHE wins."""
    assert read_settings({}).cache == Path("~/.cache/lofi")
    assert read_settings({"XDG_CACHE_HOME": "/tmp/x"}).cache == Path("/tmp/x/lofi")
    assert read_settings({"XDG_CACHE_HOME": ""}).cache == read_settings({"XDG_CACHE_HOME": "x"}).cache
    assert read_settings({"XDG_CACHE_HOME": "/tmp/x", "LOFI_CACHE": "/tmp/y"}).cache == Path("/tmp/y")
