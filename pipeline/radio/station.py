"""What listeners may do at a radio beside listening: look, wish, skip and love, each in their turn."""

from __future__ import annotations

import math
from collections.abc import Callable

from pipeline.domain.line import one_line
from pipeline.errors import BadBrief, Busy, OffAir, Stale
from pipeline.radio.listeners import OWN, Listener
from pipeline.radio.playbill import Announced
from pipeline.radio.standing import Standing, lovable, standing
from pipeline.radio.transmitter import Transmitter
from pipeline.radio.turns import Turns
from pipeline.radio.wire import STEER_LIMIT, Form, Understood

Clock = Callable[[], float]
_AWAY = "The studio cannot be reached just now; what was heard before plays on."
_WAIT = "Try again in a minute."


class Station:
    """A radio as its listeners have it."""

    def __init__(self, radio: Transmitter, name: str, clock: Clock) -> None:
        self._radio, self._name, self._clock = radio, one_line(name), clock
        self._wishes = Turns(each=20.0, every=4.0, free=OWN)
        self._skips = Turns(each=10.0, every=5.0, free=OWN)
        self._loves = Turns(each=1.0, every=0.1, free=OWN)
        self._skipped = 0

    @property
    def name(self) -> str:
        """What it plays, in its owner's words."""
        return self._name

    def room(self, address: str) -> str:
        """Return why there is no place for one more listener from an address, or ""."""
        return self._radio.crowd.room(address)

    def listen(self, form: Form, address: str, *, titles: bool) -> Listener:
        """Return one more listener."""
        return self._radio.listen(form, address, titles=titles)

    def standing(self) -> Standing:
        """How it stands."""
        return standing(self._radio)

    async def steer(self, words: str, address: str) -> Understood:
        """Tell it how to go on, and return what was understood.

        What it is told is one line of at most `STEER_LIMIT` characters; what comes back is in the label's own words.
        Raises Busy out of turn, BadBrief for what is no wish, OffAir without a studio to hear it.
        """
        if len(words) > STEER_LIMIT:
            raise BadBrief(f"That is longer than {STEER_LIMIT} characters.", "Say it in a sentence.")
        said = one_line(words)
        if not said:
            raise BadBrief("That is empty.", "Say how it should go on, such as: slower, more piano, rain.")
        self._turn(self._wishes, address, "The music was changed a moment ago.")
        understood = await self._radio.steer(said)
        if understood is None:
            raise OffAir(_AWAY, _WAIT)
        return understood

    def skip(self, number: int, address: str) -> None:
        """Go on to the next track, if this one is still on the air. Raises Busy, Stale or OffAir."""
        now = self._radio.bill.now
        if now is None or now.entry.number != number:
            raise Stale("That one is over already.", "Skip the one that plays now, if you like.")
        if self._skipped == number:
            raise Stale("That one is skipped already.", "It ends in a moment.")
        self._turn(self._skips, address, "One was skipped a moment ago.")
        if not self._radio.skip(now.entry):
            raise OffAir(_AWAY, _WAIT)
        self._skipped = number

    def love(self, number: int, address: str) -> None:
        """Keep what was played. Raises Busy, Stale or OffAir."""
        entry = self._find(number)
        self._turn(self._loves, address, "That was fast.")
        if not lovable(self._radio, entry):
            raise Stale("That one was played by an earlier studio, and cannot be kept any more.")
        if not self._radio.love(entry):
            raise OffAir(_AWAY, _WAIT)

    def picture(self, number: int) -> bytes | None:
        """A picture by its number, a JPEG."""
        return self._radio.bill.picture(number)

    def _find(self, number: int) -> Announced:
        entry = self._radio.bill.find(number)
        if entry is None:
            raise Stale("That one was not heard here, or too long ago.")
        return entry

    def _turn(self, turns: Turns, address: str, why: str) -> None:
        now = self._clock()
        seconds = math.ceil(turns.wait(address, now))
        if seconds > 0:
            raise Busy(why, f"Try again in {seconds} {'second' if seconds == 1 else 'seconds'}.", seconds)
        turns.take(address, now)
