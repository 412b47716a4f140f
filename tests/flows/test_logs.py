"""The log of a service."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from flows import logs
from flows.logs import keep_log


def test_a_log_never_grows_beyond_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is said, there are five files of the size that is allowed, and the newest line is in the first."""
    monkeypatch.setattr(logs, "LARGEST", 1000)
    monkeypatch.setattr(logs, "PATIENCE", 60.0)  # here the last line counts, and no disk stalls
    with keep_log(tmp_path / "logs", "serve") as log:
        for number in range(500):
            log.info("line %d", number)
    files = sorted((tmp_path / "logs").iterdir())
    assert [file.name for file in files] == ["serve.log", *(f"serve.log.{n}" for n in range(1, 5))]
    assert all(file.stat().st_size <= 1000 for file in files)
    assert files[0].read_text().splitlines()[-1].endswith("info line 499")


def test_whatever_is_said_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A title with a line end or an error over many lines cannot pass for lines of the log."""
    monkeypatch.setattr(logs, "PATIENCE", 60.0)
    with keep_log(tmp_path, "serve") as log:
        log.info("%s", "Rain\n2026-01-01 00:00:00 error the house is on fire\x1b[2J")
        try:
            raise ValueError("a\nb")
        except ValueError:
            log.exception("It failed")
    first, second = (tmp_path / "serve.log").read_text().splitlines()
    assert "Rain 2026-01-01" in first and "\x1b" not in first
    assert "error It failed | Traceback" in second and "ValueError: a" in second


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no disk that is always full")
def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The disk is full: the lines are lost, without a word on the terminal."""
    (tmp_path / "serve.log").symlink_to("/dev/full")
    with keep_log(tmp_path, "serve") as log:
        log.info("before")
        log.info("after")
    said = capsys.readouterr()
    assert said.err == said.out == ""


def test_a_disk_that_stalls_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is a pipe that nobody reads: far more is said than it takes, and the service goes on, and ends."""
    monkeypatch.setattr(logs, "PATIENCE", 0.1)
    pipe = tmp_path / "serve.log"
    os.mkfifo(pipe)
    said = threading.Event()

    def speak() -> None:
        with keep_log(tmp_path, "serve") as log:
            for number in range(10_000):
                log.info("line %d %s", number, "x" * 100)
        said.set()

    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        speaker = threading.Thread(target=speak, daemon=True)
        speaker.start()
        assert said.wait(90)
    finally:
        os.close(reader)  # who still writes is told so, and ends
    speaker.join()
