"""Who plays: a band from a plan's instruments, always with chords and a melody, and a bass unless it should be bare."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain import TrackPlan
from pipeline.musicians.offline.composer.chance import Rng, chance, pick

GROOVES = ("boom bap", "half time", "brushes", "bossa", "shuffle", "beatless")
_GROOVE_KIN = {
    "half": "half time", "trap": "half time", "brush": "brushes", "ballad": "brushes", "bossa": "bossa",
    "latin": "bossa", "samba": "bossa", "shuffle": "shuffle", "swing": "shuffle", "none": "beatless",
    "ambient": "beatless", "beatless": "beatless", "no drums": "beatless", "drumless": "beatless",
}  # fmt: skip

RANGES = {
    "electric piano": (60, 84), "felt piano": (62, 86), "vibraphone": (60, 86), "nylon guitar": (57, 79),
    "muted guitar": (55, 76), "flute": (64, 88), "soft lead": (60, 82), "music box": (69, 93),
    "warm pad": (55, 76), "upright bass": (28, 52), "sub bass": (28, 48),
}  # fmt: skip
"""Where each instrument sings, as MIDI numbers; basses: where they play."""

_CHORDS = ("electric piano", "felt piano", "nylon guitar", "muted guitar", "vibraphone", "warm pad", "music box")
_LEADS = ("flute", "soft lead", "vibraphone", "music box", "nylon guitar", "felt piano", "muted guitar",
          "electric piano")  # fmt: skip
_KIN = {
    "rhodes": "electric piano", "wurli": "electric piano", "keys": "electric piano", "organ": "electric piano",
    "piano": "felt piano", "vibes": "vibraphone", "marimba": "vibraphone", "xylo": "vibraphone",
    "electric guitar": "muted guitar", "guitar": "nylon guitar", "ukulele": "nylon guitar", "harp": "nylon guitar",
    "koto": "nylon guitar", "808": "sub bass", "synth bass": "sub bass", "bass": "upright bass", "cello": "warm pad",
    "pad": "warm pad", "string": "warm pad", "choir": "warm pad", "flute": "flute", "sax": "flute",
    "clarinet": "flute", "horn": "flute", "trumpet": "flute", "violin": "flute", "lead": "soft lead",
    "synth": "soft lead", "whistle": "soft lead", "bell": "music box", "celesta": "music box",
    "glock": "music box", "kalimba": "music box", "box": "music box",
}  # fmt: skip
_BARE = ("solo", "bare", "unaccompanied")


@dataclass(frozen=True, slots=True)
class Band:
    """The players. `leads` share the melody between them; `groove` is one of GROOVES; `kit` is None without drums."""

    chords: str
    leads: tuple[str, ...]
    bass: str | None
    pad: str | None
    counter: str | None
    groove: str
    kit: str | None


def known_instrument(name: str) -> str | None:
    """Return the nearest instrument the band has, or None when nothing is near."""
    folded = name.casefold().strip()
    if folded in RANGES:
        return folded
    return next((found for word, found in _KIN.items() if word in folded), None)


def known_groove(name: str) -> str:
    """Return the groove of this name, or of a word in it; boom bap when unknown."""
    folded = name.casefold().strip()
    if folded in GROOVES:
        return folded
    return next((groove for word, groove in _GROOVE_KIN.items() if word in folded), "boom bap")


def call_band(track: TrackPlan, rng: Rng) -> Band:
    """Seat a band for a plan: named instruments first, sensible company for the rest."""
    groove = known_groove(track.groove)
    found = [known_instrument(name) for name in track.instruments]
    named = list(dict.fromkeys(name for name in found if name))
    style = f"{track.style} {track.mood}".casefold()
    bare = any(word in style for word in _BARE)

    chords = next((name for name in _CHORDS if name in named), None)
    if chords is None:
        guitar = 3.0 if groove == "bossa" else 0.6
        chords = pick(rng, ("electric piano", "felt piano", "nylon guitar"), (3.0, 1.6, guitar))
    elif groove == "bossa" and "nylon guitar" in named:
        chords = "nylon guitar"
    leads = [name for name in _LEADS if name in named and name != chords]
    if not leads:
        company = [name for name in _LEADS[:4] if name != chords]
        leads = [chords] if bare or (named and chance(rng, 0.35)) else [pick(rng, company)]
    # One voice more for long pieces: the chord player takes a chorus when nobody else can.
    if len(leads) == 1 and chords not in leads and chords != "warm pad":
        leads.append(chords)
    bass = next((name for name in ("upright bass", "sub bass") if name in named), None)
    if bass is None and not bare and not (groove == "beatless" and track.energy < 0.25):
        bass = "sub bass" if groove in {"half time", "beatless"} else "upright bass"
    pad = "warm pad" if "warm pad" in named and chords != "warm pad" else None
    if pad is None and chords != "warm pad" and not named and not bare and chance(rng, 0.5):
        pad = "warm pad"
    others = [name for name in named if name not in {chords, leads[0], bass, pad}]
    counter = next((name for name in others if name in _LEADS), None)
    if counter is None and not named and not bare and chance(rng, 0.45):
        counter = pick(rng, [name for name in _LEADS[:5] if name not in {chords, *leads}])
    kit = None if groove == "beatless" else "brush kit" if groove in {"brushes", "bossa"} else "dusty kit"
    return Band(chords, tuple(leads), bass, pad, counter, groove, kit)
