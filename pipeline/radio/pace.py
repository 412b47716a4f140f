"""The pace of a radio: its mix, encoded as fast as the clock goes, by encoders that are started again when they die."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

from pipeline.audio.clip import Samples
from pipeline.audio.master import RATE
from pipeline.domain import Seconds
from pipeline.errors import LofiError
from pipeline.radio import wire
from pipeline.radio.encoding import Encoder

LEAD: Seconds = 2.0
"""How long before it is due sound is sent: enough for a busy moment, little enough for a skip to be heard soon."""
FORGIVEN: Seconds = 300.0
"""After so long without a failure an encoder that dies is started again at once."""
SETTLED: Seconds = 5.0
"""After so long an encoder that was started again is not spoken of any more."""
_MISSED: Seconds = 10.0
"""A machine that slept does not hurry through what it missed: so late, it goes on from now."""
_log = logging.getLogger("lofi.studio")


class Pace:
    """Sends sound when it is due, in every form. `closing` ends a wait.

    `tell` is given the form and what a person should know of its encoder, "" where that is nothing any more.
    """

    def __init__(
        self,
        send: Callable[[wire.FromStudio], None],
        tell: Callable[[str, str], None],
        closing: threading.Event,
        clock: Callable[[], Seconds],
    ) -> None:
        self._send, self._tell, self._closing, self._clock = send, tell, closing, clock
        self._encoders: dict[wire.Form, Encoder] = {}
        self._troubles = {form: _Trouble() for form in wire.FORMS}
        self._began: Seconds | None = None
        self._frames = 0

    def play(self, block: Samples) -> None:
        """Encode what comes next, [frames, 2] at RATE, and wait until what follows is due."""
        self._began = self._clock() if self._began is None else self._began
        self._encode(block)
        self._frames += len(block)
        early = self._frames / RATE - (self._clock() - self._began)
        if early < -_MISSED:
            self._began = self._clock() - self._frames / RATE
        if early > LEAD:
            self._closing.wait(early - LEAD)

    def close(self) -> None:
        """End the encoders."""
        for encoder in self._encoders.values():
            encoder.close()

    def _encode(self, block: Samples) -> None:
        for form in wire.FORMS:
            trouble = self._troubles[form]
            if trouble.again > self._clock():
                continue
            try:
                if form not in self._encoders:
                    self._encoders[form] = Encoder(form, self._frames / RATE, self._send)
                self._encoders[form].write(block)
                if self._clock() > trouble.again + SETTLED:
                    self._tell(form, "")
            except LofiError as error:
                broken = self._encoders.pop(form, None)
                if broken is not None:
                    broken.close()
                pause = trouble.come(self._clock())
                _log.warning("%s It is started again in %.0f s.", error, pause)
                self._tell(form, f"The encoder of {form} fails, and is started again.")


class _Trouble:
    """How often an encoder has failed of late, and when it is tried again."""

    def __init__(self) -> None:
        self.again = self._last = -math.inf
        self._times = 0

    def come(self, now: Seconds) -> Seconds:
        """Note one more failure; return how long to wait: not at all after a good while, and longer and longer else."""
        self._times = self._times + 1 if now < self._last + FORGIVEN else 0
        self._last = now
        pause = min(2.0**self._times, 60.0) if self._times else 0.0
        self.again = now + pause
        return pause
