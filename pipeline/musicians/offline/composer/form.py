"""The shape of a piece: how many bars fit the time asked for, and what each stretch of them is.

The rule for length: the whole number of bars nearest to the time asked for, played up to 1.5 % faster or slower so
that it fits. Where bars are too coarse for that (short pieces), whole beats are counted instead and the odd beats lie
under the last chord. That chord is always struck on a bar line and rings to the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.musicians.offline.composer.chance import Rng, between, chance, pick

STRETCH = 0.015
"""How far the tempo may move, as a share of it."""
_CLOSE = 0.5
"""How near whole bars must come to the time asked for, in seconds."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The time there is: `bars` of music, then the last chord on the bar line and its `tail` in beats."""

    tempo: float
    bars: int
    tail: int

    @property
    def beats(self) -> int:
        """Beats in all."""
        return self.bars * 4 + self.tail

    @property
    def length(self) -> float:
        """Seconds in all."""
        return self.beats * 60.0 / self.tempo


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the form.

    `letter` says whose material it plays ("A", "B", "C", or "" for none of its own), `visit` how often that material
    came before, `shift` its modulation in semitones, `layers` the roles that play, `lead` which of the band's leads
    has the melody, `intensity` 0 to 1. `staging` names what happens in single bars, counted from the passage's first:
    ("drums", 2) and ("bass", 2) are silent in the third bar, ("thin", 2) leaves the drummer only cymbals, and in
    ("stop", 2) the band strikes once and lets it ring.
    """

    name: str
    letter: str
    visit: int
    bar: int
    bars: int
    intensity: float
    layers: frozenset[str]
    lead: int = 0
    shift: int = 0
    staging: frozenset[tuple[str, int]] = frozenset()


def fit(tempo: float, seconds: float) -> Frame:
    """Fit whole bars (or, for short pieces, whole beats) to the time asked for; see the module's rule."""

    def pulled(beats: int) -> float:
        return min(max(beats * 60.0 / seconds, tempo * (1 - STRETCH)), tempo * (1 + STRETCH))

    beats = 4 * max(2, round(seconds * tempo / 240.0))
    if abs(beats * 60.0 / pulled(beats) - seconds) > _CLOSE:
        beats = max(6, round(seconds * tempo / 60.0))
    played = pulled(beats)
    ring = (2.2 if seconds < 20 else 3.0 if seconds < 45 else 4.2) * played / 60.0
    bars = max(1, int((beats - ring) // 4))
    return Frame(played, bars, beats - 4 * bars)


def _frame_bars(bars: int, rng: Rng) -> tuple[int, int, int]:
    """Split bars into intro, four-bar phrases and outro: the split nearest to custom, with a little chance."""
    if bars < 7:
        phrases = 1 if bars >= 4 else 0
        return (0, phrases, bars - 4 * phrases)
    intro, outro = (1, 2) if bars < 12 else (2, 2) if bars < 24 else (4, 3) if bars < 64 else (6, 5)
    best = (99.0, (0, 1, 0))
    for before in range(9):
        for after in range(1, 9):
            core = bars - before - after
            if core < 4 or core % 4:
                continue
            odd = 0.9 * (before % 2) + 0.6 * (before in {5, 6, 7})
            cost = abs(before - intro) + 0.8 * abs(after - outro) + odd + 1.6 * float(rng.random())
            best = min(best, (cost, (before, core // 4, after)))
    return best[1]


_SMALL: dict[int, tuple[tuple[tuple[str, int], ...], ...]] = {
    1: ((("A", 1),),),
    2: ((("A", 1), ("A'", 1)), (("A", 2),)),
    3: ((("A", 1), ("B", 1), ("A", 1)), (("A", 1), ("A'", 1), ("A", 1))),
    4: ((("A", 1), ("A'", 1), ("B", 1), ("A", 1)), (("A", 2), ("B", 1), ("A", 1))),
    5: ((("A", 2), ("B", 1), ("A", 2)), (("A", 1), ("A'", 1), ("B", 2), ("A", 1))),
    6: ((("A", 2), ("B", 2), ("A", 2)), (("A", 2), ("A'", 1), ("B", 1), ("-", 1), ("A", 1))),
    7: (
        (("A", 2), ("A'", 1), ("B", 1), ("-", 1), ("A", 2)),
        (("A", 2), ("A'", 1), ("B", 2), ("A", 2)),
        (("A", 2), ("A'", 1), ("B", 2), ("-", 1), ("A", 1)),
    ),
    8: (
        (("A", 2), ("A'", 2), ("B", 1), ("-", 1), ("A", 2)),
        (("A", 2), ("A'", 2), ("B", 2), ("-", 1), ("A", 1)),
        (("A", 2), ("A'", 1), ("B", 2), ("-", 1), ("A", 2)),
        (("A", 2), ("B", 2), ("-", 1), ("A'", 1), ("A", 2)),
    ),
}
_LONG = (("-", 1), ("A'", 2), ("C", 2), ("A", 2), ("B", 2), ("-", 2), ("A'", 2), ("C", 2), ("-", 1), ("B", 2))
"""What fills the middle of a long piece, in turn: breakdowns ("-"), returns, and a third subject."""


def _plan_core(phrases: int, rng: Rng) -> list[tuple[str, int]]:
    if phrases in _SMALL:
        return list(pick(rng, _SMALL[phrases]))
    plan = [("A", 2), ("A'", 2), ("B", 2)]
    left, turn = phrases - 8, 0
    while left > 0:
        letter, size = _LONG[turn % len(_LONG)]
        turn += 1
        size = min(size, left)
        if size == 1 and plan[-1][0] == "-":
            letter = "C"
        plan.append((letter if size == 2 or plan[-1][0] == "-" else "-", size))
        left -= size
    if plan[-1][0] in {"A", "A'"}:  # the last return must be heard as one
        plan[-1] = ("B", plan[-1][1])
    return [*plan, ("A", 2)]


def _layers(name: str, visit: int, intensity: float, rng: Rng) -> frozenset[str]:
    """Who plays in a stretch. Players that the band lacks are left out later."""
    everyone = {"chords", "bass", "drums", "melody"}
    if name == "intro":
        starts = ({"chords"}, {"chords", "pad"}, {"chords", "teaser"}, {"chords", "hats"}, {"chords", "pad", "teaser"},
                  {"chords", "bass"}, {"drums", "chords"})  # fmt: skip
        return frozenset(pick(rng, starts, (2.0, 2.0, 2.0, 1.5, 1.0, 1.2, 1.0)))
    if name == "breakdown":
        quiet = (
            {"chords", "pad"},
            {"chords", "pad", "melody"},
            {"chords", "bass", "hats"},
            {"chords", "melody", "pad", "bass"},
        )
        return frozenset(pick(rng, quiet))
    if name == "outro":
        return frozenset({"chords", "pad", "teaser", *pick(rng, (("bass",), ("bass", "drums"), ("bass", "hats"), ()))})
    if name == "B":
        taken = pick(rng, ((), ("counter",), ("pad",), ("pad", "counter")))
        out = everyone | set(taken)
        if visit and chance(rng, 0.3):
            out.discard("melody")
            out |= {"counter", "pad"}
        return frozenset(out)
    if name == "A'":
        return frozenset(everyone | set(pick(rng, (("counter",), ("pad",), ("counter", "pad")))))
    if visit >= 2 and intensity > 0.5:
        everyone |= {"pad", "counter"}
    return frozenset(everyone)


def _staging(name: str, visit: int, bars: int, last: bool, rng: Rng) -> frozenset[tuple[str, int]]:
    """Who waits or pauses within a stretch: players come in one after the other, and stop before a return."""
    out: set[tuple[str, int]] = set()
    if bars >= 8 and name == "A" and visit == 0:
        waiting = pick(rng, ((), ("bass",), ("thin",), ("thin", "bass")), (1.0, 1.0, 1.6, 0.8))
        out |= {(who, bar) for who in waiting for bar in range(4)}
        if not waiting:
            out |= {("drums", 0), ("drums", 1)}
    elif bars >= 8 and name == "B" and chance(rng, 0.45):
        out |= {(pick(rng, ("thin", "thin", "drums")), bar) for bar in range(2 if chance(rng, 0.4) else 4)}
    if bars >= 4 and not last and name in {"A", "A'", "B"} and chance(rng, 0.42):
        out.add(("stop", bars - 1))
    return frozenset(out)


def lay_out(frame: Frame, energy: float, leads: int, rng: Rng) -> tuple[Passage, ...]:
    """Lay the form over the frame's bars; the outro's last chord and tail come after its bars."""
    before, phrases, after = _frame_bars(frame.bars, rng)
    core = _plan_core(phrases, rng) if phrases else [("A", 0)]
    level = {"intro": 0.42, "A": 0.5, "A'": 0.7, "B": 0.88, "C": 0.82, "-": 0.3, "outro": 0.42}
    plan = [("intro", before)] if before else []
    plan += [(letter, 4 * size) for letter, size in core]
    if not phrases:
        plan = [("A", frame.bars)]
        after = 0
    passages: list[Passage] = []
    heard: dict[str, int] = {}
    bar = 0
    # The first return of A keeps the first voice; later subjects may hand the melody on.
    swap = leads > 1 and chance(rng, 0.6)
    lift = pick(rng, (0, 0, 3, 5, -2)) if len(core) >= 8 else 0
    for number, (letter, bars) in enumerate([*plan, ("outro", after)]):
        own = "A" if letter in {"A", "A'"} else letter if letter in {"B", "C"} else ""
        name = {"C": "B", "-": "breakdown"}.get(letter, letter)
        visit = heard.get(letter if letter in {"intro", "-", "outro"} else own, 0)
        heard[own or letter] = visit + 1
        intensity = min(1.0, level[letter] * (0.72 + 0.56 * energy) + between(rng, -0.04, 0.04) + 0.05 * min(visit, 3))
        finale = number == len(plan) - 1 and visit > 0
        if finale:
            intensity = min(1.0, intensity + 0.2)
        lead = 1 if swap and (letter in {"B", "-"} or (letter == "A'" and visit > 2)) else 0
        layers = _layers(name, visit, intensity, rng)
        if letter == "outro" and not bars and bar:
            layers |= passages[-1].layers & {"bass", "chords", "pad"}
        shift = lift if own in {"B", "C"} and visit % 2 == 1 else 0
        staging = _staging(name, visit, bars, finale, rng)
        passages.append(Passage(name, own, visit, bar, bars, intensity, layers, lead % max(leads, 1), shift, staging))
        bar += bars
    return tuple(passages)
