"""The instruments by name, and the nearest one for a name the band does not know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.musicians.offline.synth.instrument import Instrument
from pipeline.musicians.offline.synth.keys import ElectricPiano, FeltPiano, MusicBox, Vibraphone
from pipeline.musicians.offline.synth.plucked import MutedGuitar, NylonGuitar, UprightBass
from pipeline.musicians.offline.synth.sustained import Flute, SoftLead, SubBass, WarmPad

INSTRUMENTS: dict[str, Callable[[np.random.Generator], Instrument]] = {
    "electric piano": ElectricPiano.voiced,
    "felt piano": FeltPiano.voiced,
    "vibraphone": Vibraphone.voiced,
    "nylon guitar": NylonGuitar.voiced,
    "muted guitar": MutedGuitar.voiced,
    "upright bass": UprightBass.voiced,
    "sub bass": SubBass.voiced,
    "warm pad": WarmPad.voiced,
    "flute": Flute.voiced,
    "soft lead": SoftLead.voiced,
    "music box": MusicBox.voiced,
}
"""How to set up each instrument; the names are those of prompts/vocabulary.toml."""

_KIN = (
    ("upright bass", ("double bass", "acoustic bass", "contrabass")),
    ("sub bass", ("bass", "808")),
    ("electric piano", ("rhodes", "wurli", "electric", "keys", "organ", "clav")),
    ("felt piano", ("piano", "harpsichord")),
    ("vibraphone", ("vibes", "marimba", "xylophone", "mallet", "bell", "glocken")),
    ("music box", ("box", "celesta", "kalimba", "harp", "toy")),
    ("muted guitar", ("mute", "guitar electric", "pluck")),
    ("nylon guitar", ("guitar", "ukulele", "lute", "koto", "banjo")),
    ("flute", ("flute", "whistle", "sax", "clarinet", "trumpet", "horn", "oboe", "wind", "brass")),
    ("warm pad", ("pad", "string", "choir", "voice", "cello", "violin")),
    ("soft lead", ("lead", "synth", "theremin")),
)
_BY_ROLE = {"bass": "upright bass", "pad": "warm pad", "melody": "vibraphone", "counter": "flute"}


def nearest(name: str, role: str) -> str:
    """Return the name of the instrument that comes closest to `name` for a part in that role."""
    wanted = " ".join(name.casefold().split())
    if wanted in INSTRUMENTS:
        return wanted
    for known, words in _KIN:
        if any(word in wanted for word in words):
            return known
    return _BY_ROLE.get(role, "electric piano")
