"""The CLAP judge: the signal judge's gates and measures, and how much a take sounds like what was ordered.

CLAP agrees only loosely with listeners: it sorts out, and people choose. See docs/clap.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.audio.embedding import pack
from pipeline.domain import Backend, Gate, Score, TrackPlan, Verdict
from pipeline.judges.clap.checkpoint import find_checkpoint
from pipeline.judges.clap.words import canonical
from pipeline.roles import Judge
from pipeline.weights import SPARE

if TYPE_CHECKING:
    from pipeline.device import Device, Precision
    from pipeline.judges.clap.listener import Listener

PROMPT, THROUGHOUT, TITLE = "like its prompt", "like its prompt throughout", "like its title"

WEIGHTS = {PROMPT: 6.0, THROUGHOUT: 3.0, TITLE: 1.0}
"""Together about as much as all the scores of the signal judge, which come to 10.25."""

_UNLIKE = "less like its prompt than noise and hum are"


class ClapJudge:
    """A Judge, a Matcher and an Ear with a CLAP model.

    It can be pickled: the model is loaded on first use in a process.
    """

    def __init__(self, clap_model: str, hub: Path, device: Device, precision: Precision, ears: Judge) -> None:
        """Find and check the model `clap_model` without loading it.

        `ears` is the judge whose gates, measures and scores are kept. Raises BackendUnavailable or DamagedModel.
        """
        self._checkpoint = find_checkpoint(clap_model, hub)
        if device not in ("auto", "cpu"):
            from pipeline.device import choose_device

            choose_device(device)
        self._device, self._precision, self._ears = device, precision, ears

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        ears = self._ears.backend
        version = f"1 with {ears.name} {ears.version}"
        return Backend(name="CLAP judge", version=version, licence="Apache-2.0", weights=(self._checkpoint.weights,))

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes while it works, roughly."""
        return self._checkpoint.size + SPARE

    def rehearse(self) -> None:
        """Load the model and try it. Raises BackendUnavailable when it cannot judge: before a take is paid for."""
        self._listener()

    def judge(self, clip: Clip, track: TrackPlan) -> Verdict:
        """Hold a dry clip against its plan. Never raises on poor audio: that is a failed gate."""
        measured = self._ears.judge(clip, track).but(judge=self.backend)
        if measured.total is None:
            return measured  # nothing there to listen to
        listener = self._listener()
        heard = listener.hear(clip)
        prompt, title = listener.read((canonical(track), track.title))
        mean = _mean(heard)
        if not all(np.isfinite(vectors).all() for vectors in (heard, mean, prompt, title)):
            reason = "The model's answer is not a number, so nothing can be said of it."
            gate = Gate(name=PROMPT, passed=False, reason=reason)
            return measured.but(gates=(*measured.gates, gate), total=None)
        like, worst = float(mean @ prompt), float((heard @ prompt).min())
        floor, titles_floor = listener.calibration.floor(prompt), listener.calibration.floor(title)
        said = f"similarity {like:.3f}, where sounds that are no music have {floor:.3f}"
        scores = (
            *measured.scores,
            self._score(PROMPT, like, floor, f"“{canonical(track)}”: {said}."),
            self._score(
                THROUGHOUT, worst, floor, f"Its worst ten seconds have {worst:.3f}, {like - worst:.3f} below the whole."
            ),
            self._score(TITLE, float(mean @ title), titles_floor, f"“{track.title}”: {float(mean @ title):.3f}."),
        )
        return measured.but(
            gates=(*measured.gates, self._gate(like, floor)),
            scores=scores,
            total=sum(score.value * score.weight for score in scores) / sum(score.weight for score in scores),
            embedding=pack(mean),
        )

    def fault(self, clip: Clip, track: TrackPlan) -> str | None:
        """Say why a stretch of a take cannot be what was ordered; None from a model that cannot tell sounds apart.

        Also None where memory has no room for the model beside a musician's.
        """
        from pipeline.device import out_of_memory
        from pipeline.judges.clap.listener import guest

        listener = guest(self._checkpoint, self._device, self._precision)
        if listener is None or not listener.calibration.hears or not clip.frames:
            return None
        try:
            (prompt,) = listener.read((canonical(track),))
            like, floor = float(_mean(listener.hear(clip)) @ prompt), listener.calibration.floor(prompt)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            return None  # the take is worth more than an opinion of it
        # An answer that is not a number is below nothing: no fault of the music's.
        return f"it is {_UNLIKE} ({like:.3f}, and they have {floor:.3f})" if like < floor else None

    def match(self, clips: Sequence[Clip], words: Sequence[str]) -> NDArray[np.float32]:
        """Return the similarity of every clip, as a whole, with every word, float32 [clips, words]."""
        listener = self._listener()
        if not words:
            return np.zeros((len(clips), 0), np.float32)
        read = listener.read(words)
        rows = [read @ _mean(listener.hear(clip)) if clip.frames else np.full(len(words), np.nan) for clip in clips]
        return np.array(rows, np.float32).reshape(len(clips), len(words))

    def _gate(self, like: float, floor: float) -> Gate:
        calibration = self._listener().calibration
        if not calibration.hears:
            reason = (
                f"Not held against it: of six named sounds the model tells {calibration.named} by their names, "
                "too few to turn a take down."
            )
            return Gate(name=PROMPT, passed=True, reason=reason)
        if like < floor:
            reason = f"It is {_UNLIKE}: {like:.3f}, and they have {floor:.3f}."
            return Gate(name=PROMPT, passed=False, reason=reason)
        return Gate(name=PROMPT, passed=True, reason=f"More like its prompt than noise and hum: {like:.3f}.")

    def _score(self, name: str, similarity: float, floor: float, reason: str) -> Score:
        value = self._listener().calibration.score(similarity, floor)
        return Score(name=name, value=value, weight=WEIGHTS[name], reason=reason)

    def _listener(self) -> Listener:
        # Here, because it loads torch: a studio is opened in a process that listens to nothing.
        from pipeline.judges.clap.listener import listener

        return listener(self._checkpoint, self._device, self._precision)


def _mean(heard: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of windows' embeddings at length 1, [d]."""
    mean = heard.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)
