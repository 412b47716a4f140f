"""Hearing a `lofi` that was started for somebody: what it says while it works, and how it ended."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable

from pipeline.domain.line import one_line


class Hearer:
    """Hears what a process says on both its streams, so that it never waits for want of an ear."""

    def __init__(self, process: subprocess.Popen[str], ended: Callable[[], None], note: Callable[[str], None]) -> None:
        self.out = self.last = ""
        self._process, self._ended, self._note = process, ended, note
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._read_out, self._read_lines)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Wait for the last word, but not for a worker that outlives its process and has the streams open still."""
        for thread in self._threads:
            thread.join(timeout=10)

    def _read_out(self) -> None:
        if self._process.stdout is not None:
            # By lines: what was said counts also where a worker that outlives the process keeps the stream open.
            with self._process.stdout as stream:
                for line in stream:
                    self.out += line

    def _read_lines(self) -> None:
        if self._process.stderr is not None:
            with self._process.stderr as stream:
                for line in stream:
                    if said := one_line(line):
                        self.last = said
                        self._note(said)
        self._process.wait()
        self._ended()


def by_signal(number: int) -> str:
    """Say that a process was ended by a signal, and what that may mean."""
    try:
        name = f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        name = f"signal {number}"
    kill = number == 9  # what systems short of memory send
    return f"It was ended by {name}{', perhaps for want of memory' if kill else ''}."
