"""`lofi radio` from outside: how it begins, how it ends, and what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2 as httpx
import psutil
import pytest
from door import hear_ctrl_c
from patience import PATIENCE, until
from radio_room import radio
from tone_studio import whole_frames

from pipeline.errors import Held

ROOT = Path(__file__).parent.parent.parent
RADIO = """
import sys
from pathlib import Path
import click
library = sys.argv.pop()
from flows.doors import enter
from flows.radio import Place, broadcast
from pipeline.radio.child import Named
from pipeline.settings import Settings

@click.command()
def radio():
    settings = Settings(library=Path(library))
    broadcast("jazz for a rainy cafe", settings, Place(port=0), show=False, play=Named("tone_studio:play_tones"))

enter(radio)
"""
Started = Callable[[], tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Started]:
    """Start the verb, with a studio of the tests, through the doors that every verb goes through."""
    running: list[subprocess.Popen[str]] = []

    def one() -> tuple[subprocess.Popen[str], str]:
        path = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
        process = subprocess.Popen(
            [sys.executable, "-c", RADIO, str(tmp_path)],
            env={**os.environ, **path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - it calls nothing that needs a lock
        )
        running.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://\S+/", line):
                return process, found[0]
        raise AssertionError(process.stderr.read() if process.stderr else "it said nothing")

    yield one
    for process in running:
        process.kill()
        process.communicate()


def on_the_air(address: str) -> None:
    until(lambda: httpx.get(f"{address}api/now", timeout=PATIENCE).json()["air"]["now"])


def test_sigterm_lets_listeners_hear_the_end(start: Started) -> None:
    """The sound ends where a frame does, the studio has left, and the exit code is that of every verb."""
    process, address = start()
    on_the_air(address)
    children = psutil.Process(process.pid).children(recursive=True)
    sound: list[bytes] = []

    def listen() -> None:
        with httpx.stream("GET", f"{address}radio.mp3", timeout=PATIENCE) as answer:
            sound.extend(answer.iter_raw())

    listener = threading.Thread(target=listen)
    listener.start()
    until(lambda: sound)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=PATIENCE)
    listener.join()
    assert process.returncode == 130, said
    assert "Stopped." in said and "Traceback" not in said
    assert len(whole_frames(b"".join(sound) + b"\xff\xfb")) > 40
    assert until(lambda: not any(child.is_running() for child in children))


def test_a_second_signal_ends_it_at_once(start: Started) -> None:
    """And the studio follows, told by nobody."""
    process, address = start()
    on_the_air(address)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "Once more" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 130
    assert until(lambda: not any(child.is_running() for child in children))


def test_a_library_has_one_radio(tmp_path: Path) -> None:
    """A second one is told at once who has it, and starts no studio."""
    with radio(tmp_path), pytest.raises(Held, match="is on already: process") as held, radio(tmp_path):
        pass
    assert f"`kill {os.getpid()}`" in str(held.value)
