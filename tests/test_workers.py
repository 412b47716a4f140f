"""The processes that do the heavy work."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.errors import BackendFailed, Stopped
from pipeline.workers import Workers, stopping, tell


def count_to(number: int, name: str = "") -> str:
    """Tell each number on the way; runs in a worker."""
    for each in range(number):
        tell((name, each))
    return f"{name} {os.getpid()}"


def die_after(number: int) -> None:
    count_to(number)
    os.kill(os.getpid(), signal.SIGKILL)


def fail_after(number: int) -> None:
    count_to(number)
    raise BackendFailed("No.")


def wait_for_stop() -> str:
    """Say that it has begun, and go on until it is asked to stop."""
    tell("begun")
    while not stopping():
        pass
    return "asked"


@pytest.mark.parametrize("closed", [False, True])
def test_a_call_that_begins_while_they_are_abandoned_is_given_up(closed: bool) -> None:
    """There was no process to end yet: none is started, and nobody waits for one for ever."""
    workers = Workers(1)

    def abandon() -> None:
        workers.abandon()
        if closed:
            workers.close()

    with pytest.raises(Stopped):
        workers.run(signal.pause, starting=abandon)
    workers.close()


def together(*calls: Callable[[], Any]) -> None:
    """Make calls at once, from a thread each."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.neural
def test_a_process_of_its_own_may_use_every_core() -> None:
    """The one process that holds a model is not held to the single thread of a pool's."""
    import torch

    with Workers(2) as pool, Workers(1, threads=2) as alone:
        assert pool.run(torch.get_num_threads) == 1
        assert alone.run(torch.get_num_threads) == 2


def test_closing_one_pool_leaves_another_at_work() -> None:
    """Also when the first is still warming up."""
    with Workers(1) as kept:
        before = kept.run(os.getpid)
        with Workers(1) as other:
            other.warm()
        assert kept.run(os.getpid) == before


def test_calls_at_once_hear_their_own_worker_and_all_it_says() -> None:
    """Two workers tell hundreds of things each through one pipe: every caller has its own, in order, none late."""
    heard: dict[str, list[Any]] = {"a": [], "b": []}
    done: dict[str, str] = {}
    with Workers(2) as pool:

        def call(name: str) -> None:
            done[name] = pool.run(count_to, 700, name, hearing=heard[name].append)
            assert len(heard[name]) == 700

        together(lambda: call("a"), lambda: call("b"))
        assert heard == {name: [(name, each) for each in range(700)] for name in "ab"}
        assert {name: said.split()[0] for name, said in done.items()} == {"a": "a", "b": "b"}
        assert pool.run(count_to, 3, "nobody hears").startswith("nobody hears")


def test_what_a_worker_said_before_it_failed_or_died_is_heard() -> None:
    """Nobody waits for more of it, and the process that replaces it is heard as well."""
    with Workers(1) as pool:
        for fatal, message in ((fail_after, "No."), (die_after, "worker process died")):
            heard: list[Any] = []
            with pytest.raises(BackendFailed, match=message):
                pool.run(fatal, 5, hearing=heard.append)
            assert [each for _, each in heard] == [0, 1, 2, 3, 4]
        pool.run(count_to, 4, hearing=heard.append)
        assert len(heard) == 9


def test_a_worker_learns_that_it_should_stop() -> None:
    """The call under way, which asks; nothing more is begun."""
    said: list[str] = []
    with Workers(1) as pool:
        assert pool.run(stopping) is False
        together(lambda: said.append(pool.run(wait_for_stop, hearing=lambda _: pool.stop())))
        with pytest.raises(Stopped):
            pool.run(os.getpid)
    assert said == ["asked"]


def test_whoever_leaves_by_an_error_does_not_wait_for_work_that_can_stop() -> None:
    """Ctrl-C in the thread that waits: the worker is told, and the block ends."""

    def ctrl_c(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Workers(1) as pool:
        pool.run(wait_for_stop, hearing=ctrl_c)


def test_a_long_message_is_refused_and_a_process_that_is_no_worker_tells_nobody() -> None:
    """What does not fit into a pipe in one piece would mix with what others say."""
    tell("x" * 1000)
    assert stopping() is False
    with Workers(1) as pool, pytest.raises(ValueError, match="too long"):
        pool.run(tell, "x" * 1000, hearing=lambda _: None)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts files as Linux lists them")
def test_a_closed_pool_leaves_no_file_and_no_thread_behind() -> None:
    """Heard or not, killed or not."""
    with Workers(1) as pool:  # what Python itself opens for its first child process stays open
        pool.run(os.getpid)
    process, threads = psutil.Process(), set(threading.enumerate())
    files = process.num_fds()
    for _ in range(2):
        with Workers(1) as pool:
            pool.run(count_to, 2, hearing=lambda _: None)
            with pytest.raises(BackendFailed):
                pool.run(die_after, 1, hearing=lambda _: None)
            pool.run(count_to, 2, hearing=lambda _: None)
    for thread in set(threading.enumerate()) - threads:
        thread.join(timeout=60)  # of the broken pools, which clear up by themselves
        assert not thread.is_alive()
    gc.collect()
    assert process.num_fds() == files
