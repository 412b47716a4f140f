"""While one batch is rendered, the one before it is judged: neither part waits for the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rooms import planned, session

from pipeline.audio.clip import Clip
from pipeline.crew import Crew
from pipeline.domain import Backend, RenderOrder, TrackPlan, Verdict
from pipeline.errors import BackendFailed, LofiError
from pipeline.judges.signal import SignalJudge
from pipeline.roles import Booth, Rendering
from pipeline.settings import Settings
from pipeline.steps.conductor import PlainConductor
from pipeline.steps.judge import judge_track
from pipeline.steps.render import render_track
from pipeline.trace import Trace, overlap
from pipeline.workers import Workers


def arrives(file: Path) -> bool:
    """Wait for a file; False when it does not come."""
    pause = threading.Event()
    return any(file.exists() or pause.wait(0.01) for _ in range(6000))


@dataclass(frozen=True)
class WaitingBand:
    """Two takes a batch; it ends the second batch, of whichever track, only when the first has been judged."""

    judged: Path
    first: Path
    batch: int = 2
    memory: int = 0

    @property
    def backend(self) -> Backend:
        return Backend(name="waiting band", version="1", licence="Apache-2.0")

    def rehearse(self) -> None: ...

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        if not self.first.exists():
            self.first.write_text(str(orders[0].track.number))
        second = orders[0].track.number != int(self.first.read_text())
        for order in orders:
            if second and not arrives(self.judged):
                yield BackendFailed("Nobody judged the first batch meanwhile.")
                continue
            noise = np.random.default_rng(order.seed).standard_normal((80_000, 1)).astype(np.float32) * 0.1
            yield Rendering(Clip(noise, 8000))


@dataclass(frozen=True)
class NotingJudge:
    """The signal judge, which leaves a file when it has judged a take."""

    judged: Path
    memory: int = 0

    @property
    def backend(self) -> Backend:
        return SignalJudge().backend

    def rehearse(self) -> None: ...

    def judge(self, clip: Clip, track: TrackPlan) -> Verdict:
        verdict = SignalJudge().judge(clip, track)
        self.judged.touch()
        return verdict


def test_a_batch_is_judged_while_the_next_is_rendered(tmp_path: Path) -> None:
    """The second batch would never end if the judge waited for it; the trace shows both at work at once."""
    settings, judged, trace = Settings(), tmp_path / "judged", Trace()
    project = planned(settings)
    project = project.but(brief=project.brief.but(takes=2))
    with (
        session(tmp_path / "library", project, settings) as held,
        Workers(1) as pool,
        Crew(pool, {"musician": 0, "judge": 0}, trace=trace) as crew,
        PlainConductor(pause=0) as conductor,
    ):
        label = held.label
        label.crew = crew
        label.studio = replace(
            label.studio, musician=WaitingBand(judged, tmp_path / "first"), judge=NotingJudge(judged)
        )
        renders = [conductor.start("render", render_track, held, track) for track in project.plan.tracks]
        verdicts = [conductor.start("judge", judge_track, held, render) for render in renders]
        assert [len(verdict.result()) for verdict in verdicts] == [2, 2]
    assert overlap(trace.spans, "musician", "judge") > 0
