"""The drummer: patterns of sixteen slots a bar, different in each part of the form, with ghosts, fills and silences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.musicians.offline.composer.chance import Rng, between, chance, pick
from pipeline.musicians.offline.composer.form import Frame, Passage
from pipeline.musicians.offline.composer.groove import Hand, Pulse, hand
from pipeline.musicians.offline.composer.kit_patterns import FILLS, TOUCH, VOCABULARY, Vocabulary
from pipeline.musicians.offline.score import Hit

# How far behind the beat a snare may fall, in seconds: lazy, but never a flam (10 to 25 ms).
_SNARE_LATE = (0.0155, 0.0195)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A stroke on paper: `beat` unswung, `drum` as in Hit, `velocity` 0 to 1."""

    beat: float
    drum: str
    velocity: float


@dataclass(frozen=True, slots=True)
class _Beat:
    """What the drummer plays in one kind of passage: rows of sixteen slots by drum, for two bars in turn."""

    bars: tuple[dict[str, str], dict[str, str]]


def _choose(words: Vocabulary, level: float, rng: Rng) -> _Beat:
    """Put a two-bar beat together. `level` 0 to 1 decides how busy the hats and the ghosts are."""
    first = pick(rng, words.kicks)
    second = pick(rng, [row for row in words.kicks if row != first] or words.kicks) if chance(rng, 0.7) else first
    place = min(len(words.tops) - 1, max(0, int(level * len(words.tops) + between(rng, -0.7, 0.7))))
    ghosts = pick(rng, words.ghosts) if chance(rng, 0.25 + 0.6 * level) else "." * 16
    more = pick(rng, words.ghosts) if chance(rng, 0.2 + 0.6 * level) else ghosts
    backs = pick(rng, words.backs)
    top = words.tops[place]
    bars = tuple({"kick": kick, "ghost": soft, **backs, **top} for kick, soft in ((first, ghosts), (second, more)))
    return _Beat((bars[0], bars[1]))


def _vary(bar: dict[str, str], rng: Rng, level: float) -> dict[str, str]:
    """Change a small thing, as hands do every fourth bar."""
    out = dict(bar)
    turn = rng.random()
    if turn < 0.3 and "hat" in out:
        row = out["hat"]
        out["hat"], out["open hat"] = row[:14] + "..", "." * 14 + "o."
    elif turn < 0.55:
        out["kick"] = out["kick"][:14] + pick(rng, ("o.", ".o", "..")) if "kick" in out else ""
    elif turn < 0.8:
        out["ghost"] = out.get("ghost", "." * 16)[:13] + pick(rng, (",.,", ".,,", "..,"))
    elif level > 0.4 and "hat" in out:
        out["hat"] = out["hat"][:10] + "oooo" + out["hat"][14:]
    return {drum: row for drum, row in out.items() if row}


def _strokes(bar: dict[str, str], at: float, loud: float, first: int = 0, last: int = 16) -> list[Stroke]:
    return [
        Stroke(at + slot / 4, drum, TOUCH[mark] * loud)
        for drum, row in bar.items()
        for slot, mark in enumerate(row[:last])
        if mark != "." and slot >= first
    ]


def write_drums(form: Sequence[Passage], frame: Frame, groove: str, energy: float, rng: Rng) -> tuple[Stroke, ...]:
    """Write the drum part of a piece in beats; empty when the groove has none."""
    if groove not in VOCABULARY:
        return ()
    words = VOCABULARY[groove]
    beats: dict[str, _Beat] = {}
    out: list[Stroke] = []
    for number, passage in enumerate(form):
        playing = "drums" in passage.layers
        only_hats = "hats" in passage.layers
        if not (playing or only_hats) or not passage.bars:
            continue
        level = min(1.0, 0.35 * energy + 0.65 * passage.intensity * (0.6 + 0.4 * energy))
        kind = passage.letter + ("'" if passage.letter == "A" and passage.visit % 3 == 1 else "") or passage.name
        if kind not in beats or passage.visit > 3:
            beats[kind] = _choose(words, level, rng)
        beat = beats[kind]
        loud = 0.62 + 0.42 * passage.intensity
        following = form[number + 1] if number + 1 < len(form) else None
        for bar in range(passage.bars):
            at = 4.0 * (passage.bar + bar)
            rows = beat.bars[bar % 2]
            if ("drums", bar) in passage.staging:
                continue
            if only_hats or ("thin", bar) in passage.staging:
                rows = {drum: row for drum, row in rows.items() if drum in {"hat", "shaker", "brush", "ride", "rim"}}
                out += _strokes(rows, at, loud * 0.75)
            elif ("stop", bar) in passage.staging:
                out += _stopped(words, at, loud, rng)
            else:
                rows = _vary(rows, rng, level) if bar % 4 == 3 else rows
                fills = 0.8 if following and following.letter else 0.5
                ending = bar == passage.bars - 1 and passage.bars >= 2 and following is not None
                out += _bar(words, rows, at, loud, fills if ending else 0.0, rng)
        if playing and passage.letter and passage.bar >= 4 and ("drums", 0) not in passage.staging:
            out += _arrival(words, passage, loud, rng)
    if form[-1].layers & {"drums", "hats"}:
        end = 4.0 * frame.bars
        out += [Stroke(end, "kick", 0.5), Stroke(end, words.shine, 0.3)]
    return tuple(sorted(out, key=lambda stroke: (stroke.beat, stroke.drum)))


def _bar(words: Vocabulary, rows: dict[str, str], at: float, loud: float, fills: float, rng: Rng) -> list[Stroke]:
    """One bar, with a fill at its end by the chance `fills`."""
    if not chance(rng, fills):
        return _strokes(rows, at, loud)
    fill, cut = pick(rng, FILLS[words.fills])
    return [*_strokes(rows, at, loud, last=cut), *_strokes(fill, at, loud * 0.9, first=cut)]


def _stopped(words: Vocabulary, at: float, loud: float, rng: Rng) -> list[Stroke]:
    """One stroke, then silence, and more often than not a pick-up into what follows."""
    out = [Stroke(at, "kick", 0.8 * loud)]
    if chance(rng, 0.6):
        fill, cut = pick(rng, FILLS[words.fills])
        out += _strokes(fill, at, loud * 0.85, first=max(cut, 10))
    return out


def _arrival(words: Vocabulary, passage: Passage, loud: float, rng: Rng) -> list[Stroke]:
    """The cymbals that announce a passage and greet it."""
    out = []
    if passage.letter in {"B", "A"} and passage.visit and passage.intensity > 0.6 and chance(rng, 0.5):
        out.append(Stroke(4.0 * passage.bar, words.shine, 0.34 * loud))
    if passage.bars >= 4 and chance(rng, 0.5 if words.shine == "crash" else 0.25):
        out.append(Stroke(4.0 * passage.bar, "swell", 0.45 + 0.3 * passage.intensity))
    return out


def _hands(rng: Rng) -> dict[str, Hand]:
    snare = hand(rng, between(rng, *_SNARE_LATE), drift=0.0014, shake=0.0008)
    kick = hand(rng, between(rng, 0.000, 0.004), drift=0.002, shake=0.001)
    hats = hand(rng, between(rng, -0.001, 0.003), drift=0.0022, shake=0.0012)
    # Ghosts come from the snare's hand, but lighter and a touch earlier; a brush smears its start anyway.
    ghost = hand(rng, between(rng, 0.007, 0.012), drift=0.003, shake=0.002)
    return {"snare": snare, "kick": kick, "ghost": ghost, "brush": ghost, "rim": ghost, "tom": ghost, "": hats}


def play_drums(strokes: Sequence[Stroke], pulse: Pulse, rng: Rng) -> tuple[Hit, ...]:
    """Play a drum part: swung, the snare lazy, nothing twice quite alike."""
    hands = _hands(rng)
    hits = []
    for stroke in strokes:
        player = hands.get(stroke.drum, hands[""])
        due = pulse.at(stroke.beat)
        hits.append(Hit(player.place(due), stroke.drum, player.touch(stroke.velocity, due)))
    return tuple(sorted(hits, key=lambda hit: (hit.start, hit.drum)))
