"""`lofi serve` as a person meets it: what it says, what it refuses, and what is left when it is stopped or killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner, Result
from door import ROOT, Door
from night import programme_folder
from patience import PATIENCE, until

from flows.cli import lofi
from flows.night_shift import shift_here
from flows.one_shift import ShiftProcess
from pipeline.catalogue.shifts import Shift
from pipeline.errors import BadSettings, Held, PromptError
from pipeline.library import open_library
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.shelf.lease import holding, is_held

RARELY = '[budgets]\nfree_gb = 0.01\n[schedule]\ncron = "0 12 29 2 *"\n'
"""Nothing comes of it while a test lasts: at a full hour there would be one shift more than was asked for."""
PATIENT = ("--musician", "patient_band:PatientBand")
PATHS = os.pathsep.join((str(ROOT), str(ROOT / "tests")))


def here(library: Path, prompts: Path, *words: str) -> Result:
    """Run `lofi serve` in this process; what it raises is in the result."""
    given: dict[str, str | None] = dict.fromkeys(name for name in os.environ if name.startswith(("LOFI_", "PREFECT_")))
    given |= {"LOFI_PROMPTS": str(prompts)}
    return CliRunner().invoke(lofi, ["serve", "--library", str(library), *words], env=given, standalone_mode=False)


def rows(library: Path) -> list[Shift]:
    with open_library(Settings(library=library)) as (_, catalogue):
        return list(reversed(catalogue.shifts.newest()))


def line(stream: Any, words: str) -> str:
    """Read what a service says until it says this."""
    for said in stream:
        if words in said:
            return str(said)
    raise AssertionError(f"it never said {words!r}")


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('[schedule]\ncron = "0 0 30 2 *"\n', "never fires"),
        ("[schedule]\nevery_hours = 1\n[budgets]\ngpu_minutes = -5\n", "gpu_minutes"),
        ("[budgets]\nalbum = 2\n", "perhaps 'albums' is meant."),
        ("[schedule]\nevery_minutes = 1440000\n", "every_minutes"),
    ],
)
def test_a_mistake_in_the_programme_is_told_with_its_line_before_anything_begins(
    tmp_path: Path, rest: str, said: str
) -> None:
    """A cron line that never fires, a budget that cannot be, a word that is none: the file, the line, the reason."""
    prompts = programme_folder(tmp_path / "prompts", rest)
    error = here(tmp_path / "library", prompts, "--plain").exception
    assert isinstance(error, PromptError)
    assert "programme.toml, line " in error.message and said in error.message
    assert not (tmp_path / "library").exists()


def test_a_programme_without_a_schedule_is_no_night_shift(tmp_path: Path) -> None:
    """It would wait for ever; what would begin is named."""
    error = here(tmp_path / "library", programme_folder(tmp_path / "prompts", ""), "--plain").exception
    assert isinstance(error, BadSettings) and "--now" in error.remedy


def test_a_budget_that_nothing_meets_rests_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million gigabytes are to stay free: nothing is made, at every tick, and it says why."""
    prompts = programme_folder(tmp_path / "prompts", "[budgets]\nfree_gb = 1000000\n[schedule]\nevery_hours = 1\n")
    settings = Settings(library=tmp_path / "library", prompts=prompts)
    for _ in range(2):
        shift = shift_here("interval", settings, datetime.now(UTC), plain=True)
        assert shift.outcome == "rested" and "1e+06 GB are to stay free" in shift.why
    said = here(settings.library, prompts, "--status").output
    assert "rested" in said and "(2 times since" in said and "Nobody is on shift" in said


def test_a_prefect_that_does_not_answer_is_one_line(door: Door, tmp_path: Path) -> None:
    """Which address, and what to do; nothing is left at work."""
    prompts = programme_folder(tmp_path / "prompts", RARELY)
    run = door.run("serve", LOFI_PROMPTS=str(prompts), PREFECT_API_URL="http://127.0.0.1:9/api")
    assert run.returncode == 2 and run.stderr.count("\n") == 1
    assert "Prefect at http://127.0.0.1:9/api does not answer" in run.stderr and "--plain" in run.stderr
    assert not is_held(Shelf(door.library).service)


def test_the_second_service_says_who_the_first_is(tmp_path: Path) -> None:
    """Two of one library would only wait for each other."""
    shelf, prompts = Shelf.open(tmp_path / "library"), programme_folder(tmp_path / "prompts", RARELY)
    shelf.service.mkdir()
    with holding(shelf.service, "It"):
        error = here(shelf.root, prompts, "--plain").exception
        assert isinstance(error, Held) and f"process {os.getpid()} on" in error.message
        assert f"kill {os.getpid()}" in error.remedy
        status = CliRunner().invoke(lofi, ["serve", "--status", "--json", "--library", str(shelf.root)])
        assert json.loads(status.output)["on"]["pid"] == os.getpid() and status.return_value is None
    assert here(shelf.root, prompts, "--status").return_value == 3


@pytest.fixture
def service(door: Door, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A service at work on an album of two takes, of which the first is never done."""
    prompts = programme_folder(tmp_path / "prompts", RARELY)
    programme = (prompts / "programme.toml").read_text().replace("takes = 1", "takes = 2")
    (prompts / "programme.toml").write_text(programme)
    environment = {"PYTHONPATH": PATHS, "LOFI_PROMPTS": str(prompts), "LOFI_WORKERS": "1"}
    run = door.start("serve", "--now", "--plain", *PATIENT, **environment)
    line(run.stdout, "plan ")
    until(lambda: renders(door.library) == ["started", "started"])
    yield run
    if run.poll() is None:
        run.kill()
    run.communicate()


def renders(library: Path) -> list[str]:
    with sqlite3.connect(library / "catalogue.db") as database:
        return [outcome for (outcome,) in database.execute("select outcome from renders order by id")]


def finish(door: Door, prompts: Path) -> subprocess.CompletedProcess[str]:
    """Do one more shift, whose musician finishes everything."""
    environment = {"PYTHONPATH": PATHS, "LOFI_PROMPTS": str(prompts), "LOFI_WORKERS": "1", "QUICK": "1"}
    return door.run("serve", "--once", "--plain", *PATIENT, **environment)


@pytest.mark.slow
def test_sigterm_saves_and_the_next_shift_goes_on(door: Door, service: subprocess.Popen[str], tmp_path: Path) -> None:
    """It ends with 0, the take that is whole is kept, and is not paid for again.

    Until then whoever asks from a shell with other prompts is shown the programme that it follows.
    """
    status = here(door.library, programme_folder(tmp_path / "others", ""), "--status").output
    assert f"Programme: {tmp_path / 'prompts' / 'programme.toml'}" in status and "nothing by itself" not in status
    service.send_signal(signal.SIGTERM)
    said, errors = service.communicate(timeout=PATIENCE)
    assert service.returncode == 0 and "Traceback" not in errors and "The night shift is over." in said
    (row,) = rows(door.library)
    assert row.outcome == "interrupted" and row.album is not None
    kept = {path: path.stat().st_mtime_ns for path in door.library.glob("albums/*/takes/*.flac")}
    assert [path.name for path in kept] == ["01-2.flac"]
    again = finish(door, tmp_path / "prompts")
    assert again.returncode == 0, again.stdout + again.stderr
    assert [(each.outcome, each.album) for each in rows(door.library)] == [
        ("interrupted", row.album),
        ("made", row.album),
    ]
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert sorted(renders(door.library)) == ["finished", "finished", "interrupted"]
    log = (door.library / "logs" / "serve.log").read_text()
    assert "interrupted" in log and "made" in log and "plan " in log


@pytest.mark.slow
def test_a_service_that_is_killed_leaves_no_shift_behind(door: Door, service: subprocess.Popen[str]) -> None:
    """The shift notices, saves what is whole, says so in its row, and lets go of the library."""
    (shift,) = [each for each in psutil.Process(service.pid).children() if "flows.one_shift" in each.cmdline()]
    service.kill()
    service.wait()
    shift.wait(90)
    (row,) = rows(door.library)
    assert row.outcome == "interrupted" and "stopped" in row.why
    shelf = Shelf(door.library)
    assert not is_held(shelf.night_shift) and not is_held(shelf.service)


@pytest.mark.slow
def test_a_prefect_that_dies_under_a_shift_costs_nothing_but_the_view(door: Door, tmp_path: Path) -> None:
    """The album is finished without it, and that it is gone is said."""
    prompts = programme_folder(tmp_path / "prompts", RARELY)
    run = door.start("serve", "--now", LOFI_PROMPTS=str(prompts), LOFI_WORKERS="1")
    try:
        line(run.stdout, "plan ")
        (server,) = [each for each in psutil.Process(run.pid).children() if "flows.prefect_server" in each.cmdline()]
        server.kill()
        heard = []
        while not all(any(words in said for said in heard) for words in (": made ", "does not answer")):
            heard.append(line(run.stdout, ""))
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=PATIENCE)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == 0 and "Traceback" not in errors
    assert [row.outcome for row in rows(door.library)] == ["made"]


def test_a_shift_that_cannot_even_begin_has_its_reason(tmp_path: Path) -> None:
    """A setting that cannot be is told in the words of every verb, and there is no row of it yet."""
    environment = {**os.environ, "PYTHONPATH": PATHS, "LOFI_WORKERS": "none"}
    said: list[str] = []
    process = ShiftProcess(["--library", str(tmp_path), "--trigger", "cron"], environment, said.append)
    until(lambda: process.ended() is not None)
    ended = process.stop()
    assert ended.code == 2 and ended.number is None and ended.said.startswith("LOFI_WORKERS cannot be 'none'")
