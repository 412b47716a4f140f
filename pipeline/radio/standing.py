"""How the radio stands, in words that anybody understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.domain.line import one_line
from pipeline.radio.playbill import Announced, Heard
from pipeline.radio.transmitter import Transmitter

State = Literal["opening", "fresh", "stand-in", "approved", "repeated", "again", "silent"]

SAID: dict[State, str] = {
    "opening": "The studio is opening. The first sound takes a few seconds.",
    "fresh": "Every track is new: it is played for this radio.",
    "stand-in": "The musician is behind: the offline band plays.",
    "approved": "The musician is behind: approved tracks of the library play.",
    "repeated": "The musician is behind: what was heard before is heard again.",
    "silent": "There is nothing to play until the studio is back.",
    "again": "Nothing new is ready: what was heard before is heard again.",
}
LATE = "The studio is late: what was heard before is heard again."
_MEANWHILE: dict[State, str] = {
    "opening": "The first sound comes after that.",
    "silent": "Until it plays there is nothing to hear.",
    "again": "Until it plays, what was heard before is heard again.",
}
"""What is heard while a studio is not there."""
_TAIL = "What it sent last is heard to its end."


@dataclass(frozen=True)
class Standing:
    """All that a page shows. `ahead` is in seconds of finished music, `history` has the newest first."""

    state: State
    said: str
    now: Heard | None
    history: tuple[Heard, ...]
    wish: tuple[str, ...]
    ahead: float
    listeners: int
    joined: int
    dropped: int
    sent: int
    restarts: int
    gaps: int


def standing(radio: Transmitter) -> Standing:
    """Return how a radio stands now."""
    heard = radio.bill.now
    state = _state(radio)
    return Standing(
        state=state,
        said=_said(radio, state),
        now=heard,
        history=radio.bill.past,
        wish=tuple(one_line(word)[:40] for word in radio.ahead.wish[:12]),
        ahead=0.0 if radio.repeating or radio.trouble else max(0.0, radio.ahead.seconds),
        listeners=len(radio.crowd),
        joined=radio.crowd.joined,
        dropped=radio.crowd.dropped,
        sent=radio.crowd.bytes,
        restarts=radio.dog.restarts,
        gaps=sum(lane.gaps for lane in radio.lanes.values()),
    )


def _state(radio: Transmitter) -> State:
    heard = radio.bill.now
    if heard is None:
        return "opening"
    if radio.silent and radio.again:
        return "silent"
    if radio.repeating:
        return "again"
    return "repeated" if heard.entry.source == "again" else heard.entry.source


def _said(radio: Transmitter, state: State) -> str:
    """Return one account of it: where a studio is not there, that is all there is to say, and not what it said last."""
    if radio.trouble:
        tail = state == "again" and not radio.repeating
        return f"{radio.trouble} {_TAIL if tail else _MEANWHILE.get(state, _TAIL)}"
    said = LATE if state == "again" and radio.repeating else SAID[state]
    return " ".join(filter(None, (said, one_line(radio.ahead.note)[:200])))


def lovable(radio: Transmitter, entry: Announced) -> bool:
    """Whether the studio that plays now can keep it: it is the one that played it first."""
    return entry.studio[0] == radio.dog.run
