"""How the tests walk in: `lofi` as a person runs it, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
THEME = "rainy library at night"
SMALL = ("--tracks", "2", "--seconds", "12", "--takes", "2")
"""The smallest album with a joint, a choice and a mix in it."""


def hear_ctrl_c() -> None:
    """Undo what a shell does to a job in the background, before the program begins."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True)
class Door:
    """A library and the home of a person who has no other."""

    library: Path
    home: Path

    def command(self, *words: str) -> list[str]:
        """Return the argv of `lofi` with these words and this library."""
        return [sys.executable, "-m", "flows.cli", *words, "--library", str(self.library)]

    def environment(self, **more: str) -> dict[str, str]:
        """Return an environment in which nothing of the machine's user is seen or touched."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOFI_", "PREFECT_"))}
        return {**kept, "HOME": str(self.home), "PYTHONPATH": str(ROOT), **more}

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `lofi` to its end."""
        return subprocess.run(
            self.command(*words),
            env=self.environment(**more),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Start `lofi` and go on, as from a terminal: Ctrl-C reaches it even where the tests run in the background."""
        return subprocess.Popen(
            self.command(*words),
            env=self.environment(**more),
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - it calls nothing that needs a lock
        )

    def make(self, *words: str, theme: str = THEME, **more: str) -> dict[str, Any]:
        """Make an album and return what --json says of it."""
        made = self.run("make", theme, *words, "--json", **more)
        assert made.returncode == 0, made.stderr
        result: dict[str, Any] = json.loads(made.stdout)
        return result

    def album(self, slug: str) -> Path:
        """Return an album's folder."""
        return self.library / "albums" / slug
