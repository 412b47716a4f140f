"""When a command returns after Ctrl-C, every process that it began has left: looked at in the real tree of them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psutil
import pytest
from door import Door
from night import programme_folder
from patience import PATIENCE

PROGRAMME = '[budgets]\nfree_gb = 0.01\n[schedule]\ncron = "0 12 29 2 *"\n'


def said(stream: IO[str] | None, words: str) -> None:
    assert stream is not None
    assert any(words in line for line in stream), f"it never said {words!r}"


def tree(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def until(look: Callable[[], Any]) -> Any:
    """Wait for something to be there, and return it; a process may end while it is looked at."""
    give_up = time.monotonic() + PATIENCE
    while True:
        with suppress(psutil.NoSuchProcess):
            if found := look():
                return found
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.02)


@contextmanager
def started(door: Door, *words: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """A command at work inside the block, which has ended after it, whatever comes."""
    run = door.start(*words, LOFI_WORKERS="1", **settings)
    try:
        yield run
    finally:
        run.kill()
        run.communicate()


def left_after_ctrl_c(run: subprocess.Popen[str], processes: list[psutil.Process]) -> list[str]:
    """End a command; return what of its processes is there at that moment: one that has ended may not be noticed yet.

    The command itself is not: it waits for its exit code to be fetched, so that nobody else gets its number.
    """
    run.send_signal(signal.SIGINT)
    os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOWAIT)
    found = []
    for each in processes:
        try:
            if each.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(each.cmdline()))
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.mark.parametrize(
    ("words", "begun"),
    [
        (("radio", "jazz", "--no-open", "--port", "0"), "The radio is on"),
        (("serve", "--now", "--plain"), "plan "),
        (("make", "rain", "--plain", "--seconds", "60"), "plan "),
    ],
    ids=["radio", "serve", "make"],
)
def test_nobody_is_left_when_the_command_returns(
    door: Door, tmp_path: Path, words: tuple[str, ...], begun: str
) -> None:
    """Neither the studio and its workers, nor what Python keeps beside them."""
    prompts = programme_folder(tmp_path / "prompts", PROGRAMME)
    with started(door, *words, LOFI_PROMPTS=str(prompts)) as run:
        said(run.stdout, begun)
        until(lambda: len(tree(run.pid)) >= 2)
        processes = tree(run.pid)
        assert left_after_ctrl_c(run, processes) == []


def test_nobody_is_left_where_the_studio_is_stuck(door: Door) -> None:
    """It is killed, and its own processes, which nobody waits for, are gone before the command is."""
    with started(door, "radio", "jazz", "--no-open", "--port", "0") as run:
        said(run.stdout, "The radio is on")
        studio = until(lambda: next((each for each in tree(run.pid) if each.children()), None))
        studio.suspend()
        processes = tree(run.pid)
        assert left_after_ctrl_c(run, processes) == []
