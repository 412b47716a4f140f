"""Parts with models side by side where memory allows, and one after the other where it does not."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from pipeline.crew import Crew
from pipeline.errors import OutOfMemory, ShelfError, Stopped
from pipeline.trace import Span, Trace, overlap, read_trace, require_place
from pipeline.workers import Workers


def process() -> int:
    """Return which process does the work."""
    return os.getpid()


def meet(mine: Path, theirs: Path) -> bool:
    """Say that one is at work, and wait until the other is as well; False when it does not come."""
    mine.touch()
    waiting = threading.Event()
    return any(theirs.exists() or waiting.wait(0.01) for _ in range(3000))


def run_out() -> None:
    """Fail as a model does that does not fit."""
    raise OutOfMemory("It does not fit.")


class Memory:
    """A machine of 10 bytes; a part at home takes 6."""

    def __init__(self) -> None:
        self.crew: Crew | None = None

    def __call__(self) -> int:
        assert self.crew is not None
        return 10 - 6 * sum(self.crew.has_loaded(role) for role in ("musician", "judge"))


def small_machine(pool: Workers, rest: float) -> Crew:
    memory = Memory()
    memory.crew = Crew(pool, {"musician": 6, "judge": 6}, available=memory, rest=rest)
    return memory.crew


def test_a_part_with_a_model_keeps_its_process() -> None:
    """It loads once. What needs no model goes to the pool."""
    with Workers(1) as pool, Crew(pool, {"musician": 0, "judge": 0}) as crew:
        musician, judge, mix = (crew.run(role, process) for role in ("musician", "judge", "mix"))
        assert len({musician, judge, mix}) == 3
        assert [crew.run(role, process) for role in ("mix", "judge", "musician")] == [mix, judge, musician]


def test_whoever_waits_is_told_when_a_model_is_loaded() -> None:
    """Each time that it is, and at no other; what needs no model is loaded without a word."""
    told: list[str] = []
    with Workers(1) as pool, Crew(pool, {"musician": 0, "judge": 0}, loading=told.append) as crew:
        for role in ("mix", "musician", "musician", "judge", "musician"):
            crew.run(role, process)
        assert told == ["musician", "judge"]
        crew.make_room("judge")
        crew.run("musician", process)
    assert told == ["musician", "judge", "musician"]


def test_parts_work_at_the_same_time_where_memory_allows(tmp_path: Path) -> None:
    """Neither of two waits for the other: each sees the other at work, and the trace shows it."""
    trace = Trace()
    here, there = tmp_path / "musician", tmp_path / "judge"
    with Workers(1) as pool, Crew(pool, {"musician": 1, "judge": 1}, trace=trace) as crew:
        met: list[bool] = []
        thread = threading.Thread(target=lambda: met.append(crew.run("judge", meet, there, here)))
        thread.start()
        met.append(crew.run("musician", meet, here, there))
        thread.join()
    assert met == [True, True]
    assert overlap(trace.spans, "musician", "judge") > 0


def test_a_part_that_rests_makes_room_where_memory_is_short() -> None:
    """It is loaded again when it is needed again."""
    with Workers(1) as pool, small_machine(pool, rest=0) as crew:
        first = crew.run("musician", process)
        crew.run("judge", process)
        assert not crew.has_loaded("musician")
        assert crew.run("musician", process) != first
        assert not crew.has_loaded("judge")


def test_a_part_at_work_is_never_sent_home(tmp_path: Path) -> None:
    """Whoever needs its room waits until it has rested."""
    with Workers(1) as pool, small_machine(pool, rest=0) as crew:
        playing, done, order = tmp_path / "playing", tmp_path / "done", []

        def play() -> None:
            assert crew.run("musician", meet, playing, done)
            order.append("musician")

        def judge() -> None:
            crew.run("judge", process)
            order.append("judge")

        threads = [threading.Thread(target=play), threading.Thread(target=judge)]
        threads[0].start()
        assert meet(tmp_path / "here", playing)
        threads[1].start()
        done.touch()
        for thread in threads:
            thread.join()
        assert order == ["musician", "judge"]


def test_a_part_too_big_for_the_machine_is_tried_all_the_same() -> None:
    """An estimate refuses nobody."""
    with Workers(1) as pool, Crew(pool, {"musician": 2**60}) as crew:
        assert crew.run("musician", process)


def test_running_out_of_memory_sends_the_others_home() -> None:
    """So that the next try has the room: a GPU's memory shows in no other way."""
    with Workers(1) as pool, Crew(pool, {"musician": 0, "judge": 0}) as crew:
        crew.run("judge", process)
        with pytest.raises(OutOfMemory):
            crew.run("musician", run_out)
        assert not crew.has_loaded("judge")


def test_nobody_waits_for_room_after_the_stop() -> None:
    """Ctrl-C ends the wait too."""
    with Workers(1) as pool, small_machine(pool, rest=1e9) as crew:
        crew.run("musician", process)
        raised: list[type[BaseException]] = []

        def judge() -> None:
            try:
                crew.run("judge", process)
            except Stopped as stopped:
                raised.append(type(stopped))

        thread = threading.Thread(target=judge)
        thread.start()
        crew.stop()
        thread.join()
        assert raised == [Stopped]


SPANS = (Span("musician", "perform", 0, 4), Span("judge", "listen", 3, 5), Span("musician", "perform", 4, 6))


def test_the_overlap_of_two_roles() -> None:
    """Seconds in which both were at work, however many spans they had."""
    assert overlap(SPANS, "musician", "judge") == pytest.approx(2)
    assert overlap((*SPANS, Span("judge", "listen", 3.5, 4.5)), "judge", "musician") == pytest.approx(2)
    assert overlap(SPANS, "musician", "painter") == 0


def test_a_trace_is_what_perfetto_reads(tmp_path: Path) -> None:
    """One row for each role, and another for what it does at the same time; times in microseconds."""
    trace = Trace()
    for span in (*SPANS, Span("musician", "perform", 5, 7)):
        trace.add(span)
    trace.write(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    rows = {event["tid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    spans = [(rows[event["tid"]], event["ts"], event["dur"]) for event in events if event["ph"] == "X"]
    assert spans == [
        ("musician", 0, 4_000_000),
        ("judge", 3_000_000, 2_000_000),
        ("musician", 4_000_000, 2_000_000),
        ("musician 2", 5_000_000, 2_000_000),
    ]
    assert read_trace(tmp_path / "trace.json") == trace.spans


def test_a_trace_that_cannot_be_written(tmp_path: Path) -> None:
    """One line that names the file, before anything is begun: no folder, or something else of that name."""
    with pytest.raises(ShelfError, match="nowhere"):
        require_place(tmp_path / "nowhere" / "trace.json")
    notes = tmp_path / "notes.md"
    notes.write_text("mine")
    with pytest.raises(ShelfError, match="is no trace"):
        require_place(notes)
    Trace().write(tmp_path / "trace.json")
    require_place(tmp_path / "trace.json")


def test_the_start_of_work_is_told_once() -> None:
    """What starts is told once somebody is free to do it, and not before."""
    told: list[str] = []

    def begin() -> None:
        told.append("started")

    with Workers(1) as pool, Crew(pool, {"judge": 0}) as crew:
        crew.run("judge", process, starting=begin)
        crew.run("mix", process, starting=begin)
    assert told == ["started", "started"]
