"""The night shift: an hour of it by a clock that the test moves, with the real flow, a real Prefect and real albums."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from night import ROOT, START, Hands, programme_folder
from patience import until
from prefect.client.orchestration import get_client
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness

from flows.board import PrefectBoard
from flows.foreman import Ended, Foreman, NoBoard, Tick
from flows.night_shift import begun, night_shift
from flows.one_gpu import BetweenShifts, gpu_place
from flows.one_shift import NEW, ShiftProcess, words_for
from flows.rota import Rota, ask_agenda
from flows.shift import Rested, Wanted, work_shift
from pipeline.catalogue import Catalogue
from pipeline.catalogue.shifts import Shift
from pipeline.domain import Album, Brief
from pipeline.errors import BackendFailed, DiskFull, Held, LofiError, NeedsAttention
from pipeline.library import open_library
from pipeline.settings import Settings
from pipeline.shelf import Shelf

GIVEN = {"musician": "patient_band:PatientBand"}


@pytest.fixture(scope="module")
def prefect() -> Iterator[str]:
    """A Prefect server of its own, for this file."""
    with prefect_test_harness(server_startup_timeout=120):
        yield PREFECT_API_URL.value() or ""


class Done:
    """A shift that was done before anybody looked."""

    def __init__(self, ended: Ended) -> None:
        self._ended = ended

    def ended(self) -> Ended:
        return self._ended

    def stop(self) -> Ended:
        return self._ended


class Hour:
    """A library, a foreman, and a clock. The first shift is a process of its own whose musician never finishes."""

    def __init__(self, library: Path, hands: Hands, catalogue: Catalogue, rota: Rota, url: str) -> None:
        self.library, self.hands, self.catalogue, self.url = library, hands, catalogue, url
        self.process: ShiftProcess | None = None
        self.ticks: list[Tick] = []
        self.heard: list[str] = []

        def ticks(after: datetime, until: datetime) -> Sequence[Tick]:
            found = rota.ticks(after, until)
            self.ticks += found
            return found

        self.foreman = Foreman(
            catalogue.shifts,
            ticks,
            self.start,
            NoBoard(),
            clock=hands.clock,
            steady=hands.steady,
            say=self.heard.append,
        )

    def start(self, tick: Tick, run: str | None) -> ShiftProcess | Done:
        if self.process is None:
            paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
            kept = {name: value for name, value in os.environ.items() if name != "QUICK"}
            environment = {**kept, "PREFECT_API_URL": self.url, "PYTHONPATH": paths}
            words = words_for(tick, self.library, GIVEN, NEW, self.hands.clock())
            self.process = ShiftProcess(words, environment, self.heard.append)
            return self.process
        return Done(Ended(0, self.flow(tick.trigger), ""))

    def flow(self, trigger: Any = "now") -> int | None:
        """Run the flow here and now, as a worker of Prefect does; return the number of its row."""
        numbers: list[int] = []
        token = begun.set(numbers.append)
        try:
            night_shift(str(self.library), trigger, GIVEN, self.hands.clock(), return_state=True)
        finally:
            begun.reset(token)
        return numbers[0] if numbers else None

    def go(self, minutes: int) -> None:
        """Let time pass, with a look each minute."""
        for _ in range(minutes):
            self.hands.go(1)
            self.foreman.look()
            self.foreman.look()

    def rows(self) -> list[Shift]:
        return list(reversed(self.catalogue.shifts.newest(100)))

    def renders(self) -> list[str]:
        with sqlite3.connect(self.library / "catalogue.db") as database:
            return [row[0] for row in database.execute("select outcome from renders order by id")]


@pytest.fixture
def hour(tmp_path: Path, prefect: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hour]:
    rest = "[budgets]\nfree_gb = 0.01\nalbums = 2\n[schedule]\nevery_minutes = 10\n"
    prompts, library, hands = programme_folder(tmp_path / "prompts", rest), tmp_path / "library", Hands()
    for name, value in {"LOFI_PROMPTS": str(prompts), "LOFI_WORKERS": "1", "QUICK": "1"}.items():
        monkeypatch.setenv(name, value)
    with open_library(Settings(library=library), hands.clock) as (_, catalogue):
        made = Hour(library, hands, catalogue, Rota(prompts), prefect)
        yield made
        if made.process is not None and made.process.ended() is None:
            os.kill(made.process.pid, signal.SIGKILL)


@pytest.mark.slow
def test_an_hour_of_overlaps_a_kill_and_a_budget_that_comes_back_at_midnight(hour: Hour) -> None:
    """Ticks each ten minutes from 23:10 to 0:00, two albums a day, and a shift killed in the middle of its album.

    Every tick is accounted for, no album is made twice, no two are made at once, the budget holds, the ledger is right.
    """
    hour.go(5)  # 23:10
    until(lambda: hour.renders() == ["started"])
    hour.go(10)  # 23:20 waits
    hour.go(10)  # 23:30 coalesces
    assert hour.flow() is None  # and so does who asks for one beside the service
    assert [row.outcome for row in hour.rows()] == ["working", "coalesced", "coalesced"]
    assert hour.process is not None
    os.kill(hour.process.pid, signal.SIGKILL)
    until(lambda: hour.process is not None and hour.process.ended())
    hour.go(1)  # the one that waited finishes the album
    assert [row.outcome for row in hour.rows()] == ["interrupted", "coalesced", "coalesced", "made"]
    hour.go(9)  # 23:40 makes another
    hour.go(10)  # 23:50 finds the budget used up
    assert hour.rows()[-1].outcome == "rested" and "2 of at most 2 albums" in hour.rows()[-1].why
    hour.go(10)  # 0:00 goes on
    rows = hour.rows()
    said = Counter(row.outcome for row in rows)
    assert said == {"interrupted": 1, "coalesced": 2, "made": 3, "rested": 1}
    assert len(hour.ticks) == 6 and len(rows) == len(hour.ticks) + 1  # and the one that was asked for
    interrupted, finished = rows[0], next(row for row in rows if row.outcome == "made")
    assert finished.brief == interrupted.brief and "SIGKILL" in interrupted.why
    made = [row for row in rows if row.outcome == "made"]
    assert len({row.album for row in made}) == len({row.brief.seed for row in made if row.brief}) == 3
    spans = sorted((row.time, row.ended or row.time) for row in rows if row.outcome in ("made", "interrupted"))
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
    albums = hour.catalogue.albums()
    begun_on = Counter(album.created.date() for album in albums)
    assert [album.status for album in albums] == ["draft"] * 3 and max(begun_on.values()) == 2
    assert begun_on == {START.date(): 2, hour.hands.wall.date(): 1}
    assert hour.renders() == ["interrupted", "finished", "finished", "finished"]
    shelf = Shelf(hour.library)
    for album in albums:
        shelf.album(album.slug).verify_all(shelf.album(album.slug).read_manifest())
    with get_client(sync_client=True) as client:
        names = Counter(run.state.name for run in client.read_flow_runs() if run.state is not None)
    assert names["Made"] == 3 and names["Rested"] == 1 and names["Coalesced"] == 1
    assert names["Completed"] == 3  # the albums themselves, each a flow of its own below


# What a shift does, without Prefect


class Label:
    """A library in which albums are made by the test."""

    def __init__(self, library: Path, hands: Hands) -> None:
        self.settings, self.hands = Settings(library=library), hands
        self.asked = 0
        self.fails: LofiError | BaseException | None = None

    def ask(self, shelf: Shelf, catalogue: Catalogue, now: datetime) -> Wanted | Rested:
        self.asked += 1
        return Wanted(Brief(theme="rain", tracks=1, seconds=10, takes=1, seed=self.asked), "It is time.")

    def make(self, brief: Brief, /) -> Album:
        raise self.fails or BackendFailed("The model server is down.", "Start it.")

    def shift(self, trigger: Any = "cron") -> Shift:
        clock = self.hands.clock
        return work_shift(trigger, self.settings, {}, self.ask, self.make, clock=clock, pause=self.pause)

    def pause(self, seconds: float) -> None:
        raise AssertionError("nothing has it wait")


@pytest.fixture
def label(tmp_path: Path) -> Label:
    return Label(tmp_path / "library", Hands())


def test_failures_that_repeat_are_waited_out_longer_and_longer(label: Label) -> None:
    """The first is tried again at the next tick; after more the schedule waits and says until when."""
    assert [label.shift().outcome for _ in range(2)] == ["failed", "failed"]
    waits = []
    for _ in range(4):
        rested = label.shift()
        assert rested.outcome == "rested" and "failed, so the next try is at" in rested.why
        assert "The model server is down. Start it." in rested.why
        begun = label.hands.wall
        while label.shift().outcome == "rested":
            label.hands.go(5)
        waits.append((label.hands.wall - begun).total_seconds() / 60)
    assert waits == [10, 20, 40, 80]
    assert label.shift("now").outcome == "failed"


def test_an_interruption_is_no_failure(label: Label) -> None:
    """A machine that is switched off every morning is no reason to wait."""
    label.fails = KeyboardInterrupt()
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            label.shift()
    with open_library(label.settings) as (_, catalogue):
        assert [row.outcome for row in catalogue.shifts.newest()] == ["interrupted"] * 3
    label.fails = None
    assert label.shift().outcome == "failed"


@pytest.mark.parametrize(
    "error",
    [
        NeedsAttention("No take was good enough."),
        ValueError("a bug"),
        DiskFull("There is no room to write /x: 7 bytes."),
    ],
)
def test_whatever_is_wrong_with_an_album_is_in_its_row(label: Label, error: Exception) -> None:
    """And nothing is raised that would end the service."""
    label.fails = error
    shift = label.shift()
    assert shift.outcome == "failed" and str(error) in shift.why and shift.theme == "rain"


def test_what_was_begun_before_it_had_a_name_is_tried_again_three_times(label: Label) -> None:
    """The same album, whatever the agenda would like now; then another."""
    for _ in range(8):
        label.shift("now")
    with open_library(label.settings) as (_, catalogue):
        seeds = [row.brief.seed for row in reversed(catalogue.shifts.newest()) if row.brief is not None]
    assert seeds == [1, 1, 1, 4, 4, 4, 7, 7]


@pytest.mark.parametrize("tries", [1, 5])
def test_the_programme_says_how_often_an_album_without_a_name_is_tried(
    label: Label, tmp_path: Path, tries: int
) -> None:
    """As often as one with a name, before another is begun."""
    prompts = programme_folder(tmp_path / "prompts")
    file = prompts / "programme.toml"
    file.write_text(file.read_text().replace("[rules]", f"[rules]\ntries = {tries}"))
    label.settings = label.settings.model_copy(update={"prompts": prompts})
    label.ask = ask_agenda(label.settings)  # type: ignore[method-assign]
    seeds = []
    for _ in range(2 * tries):
        brief = label.shift("now").brief
        assert brief is not None
        seeds.append(brief.seed)
    assert [seeds.count(seed) for seed in dict.fromkeys(seeds)] == [tries, tries]


def test_stopping_before_an_album_has_a_name_does_not_give_it_up(label: Label) -> None:
    """The same album is begun again, however often somebody ends the shift."""
    label.fails = KeyboardInterrupt()
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            label.shift()
    with open_library(label.settings) as (_, catalogue):
        assert {row.brief.seed for row in catalogue.shifts.newest() if row.brief is not None} == {1}


def test_a_full_disk_names_the_path_and_the_bytes(disk: Path) -> None:
    """Before anything is begun, and the row says it."""
    label = Label(disk / "library", Hands())
    (disk / "ballast").write_bytes(b"x" * 75_000_000)
    shift = label.shift()
    assert shift.outcome == "rested" and str(disk / "library") in shift.why and "bytes" in shift.why
    (disk / "ballast").unlink()
    assert label.shift().outcome == "failed"  # it was tried, and the model server is down


def test_a_mistake_in_the_programme_is_no_failure(label: Label, tmp_path: Path) -> None:
    """Shifts rest with its line for as long as it is there; the first one after it is mended begins at once."""
    prompts = programme_folder(tmp_path / "prompts")
    label.settings = label.settings.model_copy(update={"prompts": prompts})
    label.ask = ask_agenda(label.settings)  # type: ignore[method-assign]
    programme_folder(prompts, "[budgets]\nfree_bg = 1\n")
    line = (prompts / "programme.toml").read_text().splitlines().index("free_bg = 1") + 1
    for _ in range(3):
        shift = label.shift()
        assert shift.outcome == "rested" and "free_bg" in shift.why and f"line {line}" in shift.why
    programme_folder(prompts)
    mended = label.shift()
    assert mended.outcome == "failed" and mended.why.startswith("The model server is down.")


@pytest.fixture
def at_one_gpu(label: Label, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the label's painter use the GPU, and return what stands for that."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    label.settings = label.settings.model_copy(update={"painter": "diffusion", "cache": tmp_path / "cache"})
    place = gpu_place(label.settings, {})
    assert place is not None
    return place


@pytest.mark.parametrize(
    ("chosen", "outcome"),
    [
        ({"studio": "auto", "device": "cuda"}, "coalesced"),
        ({"studio": "auto", "device": "cpu"}, "failed"),
        ({"musician": "musicgen"}, "coalesced"),
        ({"painter": "diffusion"}, "coalesced"),
        ({"ambience": "audiogen"}, "coalesced"),
        ({}, "failed"),
        (
            {"studio": "auto", "writer": "offline", "musician": "band", "judge": "signal", "painter": "offline"},
            "failed",
        ),
    ],
)
def test_two_services_for_one_gpu_take_turns(
    label: Label, tmp_path: Path, chosen: dict[str, str], outcome: str
) -> None:
    """Two libraries, one GPU: the second finds the first at work; where no part may use the GPU both may work.

    A part that is chosen by itself counts as much as a studio's.
    """
    other = Label(tmp_path / "other", label.hands)
    found: list[str] = []

    def make(_: Brief, /) -> Album:
        found.append(other.shift().outcome)
        raise BackendFailed("It is over.")

    label.make = make  # type: ignore[method-assign]
    for each in (label, other):
        each.settings = each.settings.model_copy(update={**chosen, "cache": tmp_path / "cache"})
    label.shift()
    assert found == [outcome]


def test_a_shift_waits_until_the_radio_has_let_go_of_the_gpu(
    label: Label, at_one_gpu: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It says once that it waits, holds the GPU by then, and begins when the radio's model has gone home."""
    radio, order = BetweenShifts(at_one_gpu), list[str]()
    radio.take()

    def pause(_: float) -> None:
        order.append("waits")
        with pytest.raises(Held, match="The night shift has the GPU"):
            radio.take()
        if len(order) == 3:
            radio.let_go()

    def make(_: Brief, /) -> Album:
        order.append("makes")
        with pytest.raises(Held, match="The night shift has the GPU"):
            BetweenShifts(at_one_gpu).take()
        raise BackendFailed("It is over.")

    label.pause, label.make = pause, make  # type: ignore[method-assign]
    label.shift()
    assert order == ["waits"] * 3 + ["makes"]
    said = [record.getMessage() for record in caplog.records if record.name == "lofi.serve"]
    assert said == ["The shift waits for the radio to let go of the GPU."]
    radio.take()  # after the shift the radio has it again


def test_a_shift_that_waits_for_the_radio_in_vain_rests_and_says_why(label: Label, at_one_gpu: Path) -> None:
    """Nothing is made, no album is begun, and it is no failure."""
    radio = BetweenShifts(at_one_gpu)
    radio.take()
    paused: list[float] = []
    label.pause = paused.append  # type: ignore[method-assign]
    shift = label.shift()
    assert shift.outcome == "rested" and "A radio has not let go of the GPU for 20 minutes." in shift.why
    assert shift.brief is None and sum(paused) == 20 * 60
    radio.take()


def test_a_shift_with_nothing_to_make_does_not_ask_for_the_gpu(label: Label, at_one_gpu: Path) -> None:
    """The radio goes on playing with its model."""
    radio = BetweenShifts(at_one_gpu)
    radio.take()
    label.ask = lambda *_: Rested("The budget is used up.")  # type: ignore[method-assign]
    label.pause = lambda _: pytest.fail("it waits")  # type: ignore[method-assign]
    shift = label.shift()
    assert shift.outcome == "rested" and shift.why == "The budget is used up."
    radio.take()


# What Prefect shows


class At:
    """A way to a Prefect, which may be gone."""

    def __init__(self, address: str) -> None:
        self.address = address

    def url(self) -> str:
        return self.address

    def close(self) -> None:
        """Leave it."""


@pytest.fixture
def shown(tmp_path: Path, prefect: str) -> Iterator[tuple[PrefectBoard, Hands, At, list[str], Rota]]:
    schedule = '[schedule]\ncron = ["0 3 * * *", "30 22 * * FRI"]\ntimezone = "Europe/Berlin"\n'
    rota, hands, said, way = Rota(programme_folder(tmp_path / "prompts", schedule)), Hands(), list[str](), At(prefect)
    hands.wall = datetime.now(START.tzinfo)
    board = PrefectBoard(
        lambda: At(way.address), "test", {"library": "/nowhere"}, lambda: rota.programme, steady=hands.steady,
        say=said.append,
    )  # fmt: skip
    board.open()
    yield board, hands, way, said, rota
    board.close()


def test_the_deployment_has_the_schedule_of_the_programme(shown: Any, tmp_path: Path) -> None:
    """Prefect shows each line in its timezone; an edited programme replaces it, and a service that ends pauses it."""
    board, _, _, _, rota = shown
    with get_client(sync_client=True) as client:
        there = client.read_deployment_by_name("night-shift/test")
        lines = sorted((each.schedule.cron, each.schedule.timezone) for each in there.schedules)  # type: ignore[union-attr]
        assert lines == [("0 3 * * *", "Europe/Berlin"), ("30 22 * * FRI", "Europe/Berlin")] and not there.paused
        programme_folder(tmp_path / "prompts", "[schedule]\nevery_hours = 6\n")
        assert rota.look()
        board.put_up_again()
        (only,) = client.read_deployment_by_name("night-shift/test").schedules
        assert only.schedule.interval.total_seconds() == 6 * 3600  # type: ignore[union-attr]
        board.close()
        assert client.read_deployment_by_name("night-shift/test").paused


def test_a_run_that_somebody_starts_in_prefect_is_a_tick(shown: Any) -> None:
    """It is found once, and its end is shown where the run did not show it itself."""
    board, hands, _, _, _ = shown
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("night-shift/test")
        run = client.create_flow_run_from_deployment(deployment.id)
        (tick,) = board.asked(datetime.now(START.tzinfo))
        assert (tick.trigger, tick.run) == ("now", str(run.id))
        hands.go(1)
        assert not board.asked(datetime.now(START.tzinfo))
        lost = Shift(id=1, time=tick.time, trigger="now", outcome="interrupted", why="It was killed.")
        board.settle(board.take(tick), lost)
        state = client.read_flow_run(run.id).state
        assert state is not None and (state.type.value, state.message) == ("CRASHED", "It was killed.")


def test_a_prefect_that_is_lost_is_told_once_and_found_again(shown: Any) -> None:
    """Meanwhile ticks have no flow run, and nothing is raised."""
    board, hands, way, said, _ = shown
    tick, there = Tick(hands.wall, "cron"), way.address
    board._client.__exit__(None, None, None)  # as if its server had gone: every request fails from here on
    way.address = "http://127.0.0.1:9/api"
    assert board.take(tick) is None and board.asked(hands.wall) == () and board.url is None
    hands.go(1)
    assert board.take(tick) is None
    assert len(said) == 1 and "does not answer" in said[0]
    way.address = there
    hands.go(1)
    run = board.take(tick)
    assert run is not None and said[1:] == [f"Prefect is there again at {there}."]
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run).state
        assert state is not None and state.name == "Pending"


def test_the_yaml_for_a_prefect_of_your_own_is_what_prefect_takes(prefect: str, tmp_path: Path) -> None:
    """The commands in its first lines make a pool and a deployment of one run at a time that cancels what collides."""
    lines = (ROOT / "prefect.yaml").read_text().splitlines()
    commands = [line.strip("# ").split() for line in lines if line.startswith("#   prefect ")]
    home = {**os.environ, "PREFECT_API_URL": prefect, "HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path)}
    for command in commands[:2]:
        words = [sys.executable, "-m", "prefect", "--no-prompt", *command[1:]]
        made = subprocess.run(words, cwd=ROOT, env=home, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr
    with get_client(sync_client=True) as client:
        pool = client.read_work_pool(commands[0][3])
        there = client.read_deployment_by_name("night-shift/night-shift")
    limit, options = there.global_concurrency_limit, there.concurrency_options
    assert (pool.type, there.work_pool_name) == ("process", pool.name)
    assert limit is not None and limit.limit == 1
    assert options is not None and options.collision_strategy == "CANCEL_NEW"
    assert there.schedules and commands[2][-1] == pool.name
    assert there.entrypoint is not None
    assert load_flow_from_entrypoint(str(ROOT / there.entrypoint)).name == night_shift.name
