"""What a person sees while takes are made: bars on a terminal, few lines in a log."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from flows.printing import Notes
from flows.screen import Screen
from flows.underway import UnderWay, progress_bar
from pipeline.domain import Brief
from pipeline.steps.progress import Progress

BRIEF = Brief(theme="rain", tracks=2, seconds=60, takes=2, seed=1)
ONE, TWO = "take 1 of “Rain [live]”", "take 2 of “Rain [live]”"


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=120, _environ={"TERM": "xterm"}, highlight=False)


def printed(console: Console) -> str:
    """Return what was written, without colours and movements of the cursor."""
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue())


def last(console: Console) -> list[str]:
    """Return the lines that were on the terminal when the display ended."""
    return [line.strip() for line in printed(console).replace("\r", "\n").splitlines() if "%" in line]


def test_a_terminal_shows_how_far_each_take_is() -> None:
    """A line each with its share, beside the album's own; a take that is whole or given up is shown no more."""
    out = terminal()
    with Screen(out, BRIEF, Notes(out)) as screen:
        for text, share in ((ONE, 0.25), (TWO, 0.5), ("take 1 of “Snow”", 0.9), ("take 2 of “Snow”", 0.7)):
            screen.report(Progress("render", text, 1, share))
        screen.report(Progress("render", "take 1 of “Snow”", 1, 1.0))
        screen.report(Progress("render", "take 2 of “Snow”", 1, 0.0))
    album, *takes = last(out)[-3:]
    assert album.startswith("Preparing")
    assert ONE in takes[0] and "25%" in takes[0] and TWO in takes[1] and "50%" in takes[1]


def test_the_albums_own_bar_grows_with_the_takes_and_never_back() -> None:
    """What is half made counts half; done, it counts as much as it did when all of it was made."""
    shares = []
    for reports in (
        [],
        [Progress("render", ONE, 1, 0.5)],
        [Progress("render", ONE, 1, 1.0)],
        [Progress("render", ONE, 1, 1.0), Progress("render", ONE, 1)],
        [Progress("render", ONE, 1, 1.0), Progress("render", ONE, 1), Progress("render", TWO, 1, 0.9)],
    ):
        out = terminal()
        with Screen(out, BRIEF.but(takes=8, tracks=1, seconds=600), Notes(out)) as screen:
            for report in reports:
                screen.report(report)
        album = next(line for line in reversed(last(out)) if line.startswith(("Preparing", "render take")))
        shares.append(int(album.split("%")[0].split()[-1]))
    assert shares[0] < shares[1] < shares[2] == shares[3] < shares[4]


def test_a_log_has_a_line_for_what_is_done_and_none_for_quick_takes_under_way() -> None:
    """A take of seconds is worth one line."""
    out = Console(file=io.StringIO(), width=120)
    with Screen(out, BRIEF, Notes(out)) as screen:
        for share in (0.1, 0.3, 0.6, 0.9, 1.0):
            screen.report(Progress("render", ONE, 1, share))
        screen.report(Progress("render", ONE, 1))
    assert printed(out).splitlines() == [f"render   01 {ONE}"]


@pytest.mark.parametrize("out", [terminal(), Console(file=io.StringIO(), width=120)], ids=["terminal", "log"])
def test_a_note_is_said_once(out: Console) -> None:
    """Before the album begins, on the way or after it, on a terminal and in a log."""
    notes = Notes(out)
    notes.say("The judge is 'signal'.")
    with Screen(out, BRIEF, notes) as screen:
        for text in ("The judge is 'signal'.", "The painter is 'offline'.", "The painter is 'offline'."):
            screen.report(Progress("note", text))
    notes.say("The painter is 'offline'.", "The judge is 'signal'.")
    assert printed(out).count("Note: The judge is 'signal'.") == 1
    assert printed(out).count("Note: The painter is 'offline'.") == 1


@pytest.mark.parametrize(
    ("seconds", "lines"),
    [
        (40, []),
        (80, ["25 %, about 60 s left", "50 %, about 40 s left"]),
        (800, ["25 %, about 10 min left", "50 %, about 7 min left"]),
    ],
)
def test_a_log_has_a_line_a_quarter_for_long_takes(seconds: float, lines: list[str]) -> None:
    """With how long it is going to take, which is less each time; a take of less than a minute has none."""
    out, now = Console(file=io.StringIO(), width=120), 0.0
    with progress_bar(out) as bars:
        under_way = UnderWay(out, bars, lambda: now)
        for percent in (0.1, 10, 25, 26, 40, 50, 60):
            now = seconds * percent / 100
            under_way.show(ONE, percent / 100)
    assert printed(out).splitlines() == [f"{ONE}: {line}" for line in lines]


def test_a_large_batch_leaves_room_on_the_terminal() -> None:
    """Sixteen takes under way are not sixteen lines; when one is whole the next has its place."""
    out = terminal()
    with progress_bar(out) as bars:
        under_way = UnderWay(out, bars)
        for number in range(16):
            under_way.show(f"take {number}", 0.5)
        under_way.forget("take 0")
        under_way.show("take 15", 0.6)
        assert under_way.made == pytest.approx(14 * 0.5 + 0.6)
    shown = last(out)[-8:]
    assert len({line.split()[1] for line in shown}) == 8 and "60%" in shown[-1] and "take 0" not in "".join(shown)
