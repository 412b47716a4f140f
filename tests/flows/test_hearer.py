"""What is heard of a process that was started for somebody."""

from __future__ import annotations

import subprocess
import sys
import time

from flows.hearer import Hearer

PROGRAM = """
import sys
print("shift 7", flush=True)
sys.stdin.read()
"""


def test_what_was_said_counts_before_the_stream_ends() -> None:
    """A worker that outlives its process keeps the stream open, and nobody waits for it for ever."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], text=True, **pipes)
    try:
        hearer = Hearer(process, lambda: None, lambda _: None)
        give_up = time.monotonic() + 90
        while hearer.out != "shift 7\n":
            assert time.monotonic() < give_up, "it was not heard"
            time.sleep(0.02)
        assert process.poll() is None
    finally:
        process.kill()
        hearer.end()
        process.stdin.close()
