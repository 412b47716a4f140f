"""The verb `serve`: the night shift as a service, until somebody stops it; one shift by itself; and how it stands."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from datetime import datetime, timedelta
from typing import Any

import click
from rich.text import Text

from flows.alone import alone
from flows.foreman import Foreman, NoBoard, Tick
from flows.logs import keep_log
from flows.one_shift import NEW, ShiftProcess, words_for
from flows.prefect_server import QUIET, open_prefect
from flows.printing import console, counted, print_json
from flows.rota import Rota
from flows.tables import rows_table
from pipeline.domain import Seconds
from pipeline.errors import BadSettings, ShelfError
from pipeline.library import open_library, open_to_look
from pipeline.review.following import follow
from pipeline.review.night import Night, ShiftRow, night_of
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.shelf.clock import utc_now
from pipeline.shelf.names import slug_of

LOOK: Seconds = 2.0
"""Between two looks at the clock, the shift at work and Prefect."""
NOT_ON_SHIFT = 3
"""What `--status` exits with where nobody is on shift, and `--once` where somebody else is at work."""


def serve(settings: Settings, given: Mapping[str, str], *, once: bool, now: bool, plain: bool) -> int:
    """Have shifts done until somebody stops it, or `once`; return the exit code. Raises LofiError.

    `given` are the settings that were given beside those of the environment, for the processes that do the shifts.
    """
    rota = Rota(settings.prompts)
    if not (once or now or rota.programme.schedule.cron or rota.programme.schedule.every):
        raise BadSettings(
            "The programme has no schedule, so nothing would ever begin.",
            "Give its [schedule] a cron or every_hours line, or add --now or --once.",
        )
    with ExitStack() as stack:
        shelf, catalogue = stack.enter_context(open_library(settings))
        if not once:
            remedy = "`lofi serve --status` shows what it does; `kill {pid}` there ends it."
            stack.enter_context(alone(shelf.service, f"The night shift of {shelf.root}", remedy))
        log = stack.enter_context(keep_log(shelf.logs, "serve"))

        def say(what: str) -> None:
            log.info("%s", what)
            click.echo(what)

        def start(tick: Tick, run: str | None) -> ShiftProcess:
            environment = {**os.environ, **({"PREFECT_API_URL": board.url} if board.url else {})}
            return ShiftProcess(words_for(tick, shelf.root, given, run), environment, note)

        def note(line: str) -> None:
            log.info("  %s", line)
            click.echo(f"  {line}")

        board: Any = NoBoard() if plain else _Nearby() if once else _board(shelf, given, rota, say)
        with closing(board):
            board.open()
            ticks = (lambda *_: ()) if once else rota.ticks
            foreman = Foreman(catalogue.shifts, ticks, start, board, clock=utc_now, steady=time.monotonic, say=say)
            if once:
                _note(rota, shelf)
                return _once(foreman, lambda: catalogue.shifts.newest(1)[0].outcome)
            say(f"The night shift of {shelf.root} is on. {_next(rota)} (Ctrl-C ends it)")
            return _go_on(foreman, rota, board, say, lambda: _note(rota, shelf), now=now)


class _Nearby(NoBoard):
    """A Prefect for one shift, which shows it as a flow run and has no deployment of it."""

    def __init__(self) -> None:
        os.environ.update({**QUIET, **os.environ})
        self._address = open_prefect(os.environ)

    def open(self) -> None:
        """Wait until it answers. Raises BackendUnavailable."""
        self.url = self._address.url()

    def take(self, tick: Tick) -> str | None:  # noqa: ARG002
        """The shift's process makes the flow run."""
        return NEW

    def close(self) -> None:
        """End it, if it is ours."""
        self._address.close()


def _once(foreman: Foreman, outcome: Callable[[], str]) -> int:
    foreman.ask()
    try:
        while foreman.busy:
            foreman.look()
            time.sleep(0.1)
    finally:
        foreman.stop()
    return {"failed": 1, "interrupted": 1, "coalesced": NOT_ON_SHIFT}.get(outcome(), 0)


def _go_on(
    foreman: Foreman, rota: Rota, board: Any, say: Callable[[str], None], note: Callable[[], None], *, now: bool
) -> int:
    try:
        note()
        if now:
            foreman.ask()
        while True:
            if rota.look():
                note()
                say(f"The programme is another now. {_next(rota)}" if not rota.wrong else _kept(rota))
                board.put_up_again()
            foreman.look()
            time.sleep(LOOK)
    except KeyboardInterrupt:
        foreman.stop()
        say("The night shift is over. What was begun is gone on with when it is on again.")
        return 0
    finally:
        foreman.stop()


def _note(rota: Rota, shelf: Shelf) -> None:
    """Note for onlookers what this service goes by; where the disk takes nothing, they see their own programme."""
    with suppress(ShelfError):
        follow(shelf, rota.programme, str(rota.file), rota.wrong)


def _kept(rota: Rota) -> str:
    return f"{rota.wrong} Until it is mended the schedule of before counts, and its shifts rest."


def _next(rota: Rota) -> str:
    now = utc_now()
    first = next(iter(rota.ticks(now, now + timedelta(days=366))), None)
    if first is None:
        return "Its schedule brings nothing within a year."
    local = rota.programme.local(first.time)
    return f"The next shift is on {local:%A, %d %B at %H:%M} ({rota.programme.schedule.timezone})."


def _board(shelf: Shelf, given: Mapping[str, str], rota: Rota, say: Callable[[str], None]) -> Any:
    os.environ.update({**QUIET, **os.environ})
    from flows.board import PrefectBoard

    root = str(shelf.root)
    name = f"{slug_of(shelf.root.name)}-{hashlib.sha256(root.encode()).hexdigest()[:6]}"
    parameters = {"library": root, "settings": dict(given)}
    return PrefectBoard(
        lambda: open_prefect(os.environ), name, parameters, lambda: rota.programme, steady=time.monotonic, say=say
    )


def status(settings: Settings, *, as_json: bool) -> int:
    """Print who is on shift, what is made, what was, what comes and what the budgets say; return the exit code."""
    with open_to_look(settings) as (shelf, catalogue):
        night = night_of(shelf, catalogue, settings.prompts, utc_now())
    if as_json:
        print_json(night.model_dump(mode="json"))
    else:
        _print(night)
    return 0 if night.on is not None else NOT_ON_SHIFT


def _print(night: Night) -> None:
    out = console()

    def line(text: str) -> None:
        out.print(Text(text), soft_wrap=True)

    if night.on is None:
        line("Nobody is on shift. `lofi serve` begins it.")
    else:
        line(f"On shift: process {night.on.pid} on {night.on.host}, since {_clock(night.on.since)}.")
    line(f"Programme: {night.programme}")
    if night.wrong:
        line(f"The programme cannot be read: {night.wrong}")
    if night.working is not None:
        line(f"At work since {_clock(night.working.time)}: “{night.working.theme}”. {night.working.why}")
        if night.going is not None:
            line(f"  {night.going.share:.0%}: {night.going.stage} {night.going.text}")
    line("Next: " + (", ".join(_clock(when) for when in night.next) or "nothing by itself") + ".")
    for budget in night.budgets:
        line(
            f"{budget.name}: {budget.used:g} of {budget.limit:g} {budget.unit}"
            if budget.name != "Disk"
            else f"Disk: {budget.used:g} GB free, {budget.limit:g} GB are to stay so"
        )
    if night.shifts:
        out.print(rows_table(("When", "Came to", "What", "Why"), [_row(row) for row in night.shifts]))


def _row(row: ShiftRow) -> tuple[str, str, str, str]:
    more = f" ({counted(row.times, 'time')} since {_clock(row.since)})" if row.times > 1 else ""
    return _clock(row.time), row.outcome, row.title or row.theme or "–", row.why + more


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%a %d %b %H:%M")
