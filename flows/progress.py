"""One thing after another, and how far it is: a bar with the time left on a terminal, a line each elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from flows.underway import progress_bar, shorten


class Going:
    """Shows how far a piece of work is: one bar on a terminal, a line for each thing begun elsewhere."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._bars = progress_bar(out)
        self._said = ""
        self._task = self._bars.add_task("Preparing", total=None)

    def report(self, what: str, done: int, whole: int) -> None:
        """Show that so much of something is done."""
        if what != self._said:
            self._said = what
            if not self._out.is_terminal:
                self._out.print(Text(f"{what} …"))
            self._bars.reset(self._task, description=shorten(what), total=whole)
        self._bars.update(self._task, completed=min(done, whole))

    def note(self, text: str) -> None:
        """Say what a person should know."""
        self._out.print(Text(f"Note: {text}"), soft_wrap=True)

    def __enter__(self) -> Going:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()
