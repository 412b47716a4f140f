"""A studio is a process of its own: whatever becomes of it, nobody waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import pytest
from patience import until

from pipeline.radio.child import Child, Named
from pipeline.radio.wire import Ahead, Close, Love, Picture, Steer

ROOT = Path(__file__).parent.parent.parent


def echo(connection: Connection, *_: Any) -> None:
    """Say what is told, until Close."""
    connection.send(Ahead(0.0, ()))
    while not isinstance(message := connection.recv(), Close):
        if isinstance(message, Love):
            connection.send(Picture(1, bytes(2**20)))
        elif isinstance(message, Steer):
            connection.send(Ahead(float(message.number), (message.words,)))


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child(echo, ())
    said: list[Any] = []
    until(lambda: said.extend(made.heard()) or said)
    yield made
    made.end()
    until(lambda: made.left() is not None)


def test_what_is_told_arrives_and_what_it_says_is_heard(child: Child) -> None:
    assert child.tell(Steer(7, "slower"))
    said: list[Any] = []
    until(lambda: said.extend(child.heard()) or said)
    assert said == [Ahead(7.0, ("slower",))] and child.left() is None


def test_it_leaves_when_it_is_told_to_close(child: Child) -> None:
    child.tell(Close())
    assert until(lambda: child.left() is not None) and child.left() == 0


def test_one_that_is_stopped_in_the_middle_of_a_word_holds_nobody_up(child: Child) -> None:
    """It is stopped, told far more than fits into a pipe, and ended: none of that waits."""
    assert child.pid is not None
    child.tell(Love(1))
    os.kill(child.pid, signal.SIGSTOP)
    told = [child.tell(Steer(number, "x" * 300)) for number in range(5000)]
    assert not all(told)
    assert all(isinstance(each, Picture) for each in child.heard())
    child.end()
    assert until(lambda: child.left() is not None) and child.left() == -signal.SIGKILL


def test_ctrl_c_in_a_terminal_leaves_it_to_the_transmitter(child: Child) -> None:
    assert child.pid is not None
    os.kill(child.pid, signal.SIGINT)
    child.tell(Steer(1, "on"))
    said: list[Any] = []
    until(lambda: said.extend(child.heard()) or said)
    assert said == [Ahead(1.0, ("on",))]


def test_its_program_is_loaded_in_its_own_process() -> None:
    """By name: the process that starts it does not have it."""
    made = Child(Named("test_radio_child:echo"), ())
    said: list[Any] = []
    until(lambda: said.extend(made.heard()) or said)
    made.tell(Close())
    assert until(lambda: made.left() is not None) and made.left() == 0


def test_it_leaves_when_its_parent_is_killed() -> None:
    """Nothing is left behind when the transmitter gets SIGKILL."""
    code = (
        "import sys, time; sys.path[:0] = ['tests/radio', 'tests']; import test_radio_child as own\n"
        "if __name__ == '__main__':\n"
        "    child = own.Child(own.echo, ())\n"
        "    own.until(lambda: child.heard()); print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert until(lambda: is_gone(pid))
