"""A shift in a process of its own: how the service starts one, and what the process does.

A process each, so that weeks of albums leave nothing behind in the one that lasts. The shift holds the other end of a
pipe: when that closes, because the service wants to stop or because it was killed, it saves what is whole and ends.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from flows.doors import INTERRUPTED, enter
from flows.foreman import Ended, Tick
from flows.hearer import Hearer, by_signal
from pipeline.catalogue.shifts import Trigger

NEW = "new"
"""Stands for a flow run that Prefect does not have yet."""


class ShiftProcess:
    """A shift that was started. `note` is told each line it says."""

    def __init__(self, words: list[str], environment: Mapping[str, str], note: Callable[[str], None]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.one_shift", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=dict(environment),
            start_new_session=True,  # Ctrl-C at the terminal is for the service
        )
        self._hearer = Hearer(self._process, lambda: None, note)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def ended(self) -> Ended | None:
        """Return how it ended, None while it goes on."""
        code = self._process.poll()
        if code is None:
            return None
        self._let_go()
        self._hearer.end()
        found = re.search(r"^shift (\d+)$", self._hearer.out, re.MULTILINE)  # parts may print as well
        said = by_signal(-code) if code < 0 else self._hearer.last.removeprefix("lofi: ")
        return Ended(code, int(found[1]) if found else None, said)

    def stop(self) -> Ended:
        """Ask it to save what is whole and to end, and wait for that."""
        self._let_go()
        self._process.wait()
        ended = self.ended()
        assert ended is not None
        return ended

    def _let_go(self) -> None:
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()


def words_for(
    tick: Tick, library: Path, given: Mapping[str, str], run: str | None, at: datetime | None = None
) -> list[str]:
    """Return the argv of a tick's shift. `given` are settings beside those of the environment: never a secret."""
    words = ["--library", str(library), "--trigger", tick.trigger, "--given", json.dumps(dict(given))]
    words += [] if run is None else ["--run", run]
    return words + ([] if at is None else ["--at", at.isoformat()])


@click.command()
@click.option("--library", required=True)
@click.option("--trigger", type=click.Choice(["cron", "interval", "now"]), required=True)
@click.option("--given", default="{}")
@click.option("--run")
@click.option("--at")
@click.pass_context
def one_shift(
    context: click.Context, library: str, trigger: Trigger, given: str, run: str | None, at: str | None
) -> None:
    """Do one shift, and print the number of its row as soon as it has one."""
    from flows.prefect_server import QUIET

    threading.Thread(target=_end_with_the_service, daemon=True).start()
    os.environ.update({**QUIET, **os.environ})
    from flows.night_shift import begun

    told = threading.Event()

    def tell(number: int) -> None:
        told.set()
        sys.stdout.write(f"shift {number}\n")
        sys.stdout.flush()

    begun.set(tell)
    parameters = {"library": library, "trigger": trigger, "settings": json.loads(given), "at": at}
    parameters["at"] = None if at is None else datetime.fromisoformat(at)
    context.exit(_by_prefect(parameters, run, told) if run is not None else _plainly(parameters))


def _plainly(parameters: Mapping[str, Any]) -> int:
    from flows.night_shift import shift_here
    from pipeline.settings import read_settings

    given = {**parameters["settings"], "library": Path(parameters["library"])}
    settings = read_settings(os.environ, **given)
    return _code(shift_here(parameters["trigger"], settings, parameters["at"], plain=True).outcome)


def _by_prefect(parameters: dict[str, Any], run: str, told: threading.Event) -> int:
    """Do the shift as a flow run that Prefect has for it already; plainly where Prefect is not there any more."""
    from uuid import UUID

    from prefect.client.orchestration import get_client
    from prefect.exceptions import TerminationSignal
    from prefect.flow_engine import run_flow
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    from flows.make_album import comes_from_prefect
    from flows.night_shift import night_shift

    # What Prefect watches for in the background complains there of a server that is gone.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            flow_run = None
            if run != NEW:
                with get_client(sync_client=True) as client:
                    flow_run = client.read_flow_run(UUID(run))
            state: Any = run_flow(night_shift, flow_run=flow_run, parameters=parameters, return_type="state")
            return _code(str(state.name).lower())
    except TerminationSignal:
        raise KeyboardInterrupt from None  # what SIGTERM is wherever Prefect does not catch it
    except Exception as error:
        if not comes_from_prefect(error):
            raise
        # What came of a shift that was begun is in its row: Prefect was only not there to be told.
        return 0 if told.is_set() else _plainly(parameters)


def _code(outcome: str) -> int:
    return {"failed": 1, "interrupted": INTERRUPTED, "crashed": INTERRUPTED}.get(outcome, 0)


def _end_with_the_service() -> None:
    """Wait until the service lets go, and stop then, as at Ctrl-C: nobody is there any more to hear what is said."""
    with suppress(OSError):
        sys.stdin.buffer.read()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background is begun without it
    enter(one_shift)
