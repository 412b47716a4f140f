"""The music of an album on paper: an arc of energy and tempo, a family of instruments, keys that lead on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.domain import Key
from pipeline.writers.offline.chance import pick, sample, strongest
from pipeline.writers.offline.concept import Reading
from pipeline.writers.offline.keys import key_walk
from pipeline.writers.offline.style import Style

_BASSES = ("upright bass", "sub bass")
_CHORDS = ("electric piano", "felt piano", "nylon guitar", "muted guitar", "vibraphone", "warm pad")
# A theme that names an instrument weighs it at least this much (see prompts/lexicon/music.toml).
_NAMED = 8.0
# A theme that names a sound weighs it at least this much.
_HEARD = 4.0
_SHARE_OF_MAIN = 0.75
_BEATLESS = "beatless"
_PLACES = frozenset(("cafe", "sea", "fire", "night insects"))


@dataclass(frozen=True)
class Music:
    """What a track is to sound like. `tempo` in beats a minute; see TrackPlan for the rest."""

    tempo: float
    key: Key
    swing: float
    groove: str
    instruments: tuple[str, ...]
    ambience: str | None
    mood: str
    energy: float


def arc(place: float) -> float:
    """Return how far an album has lifted at `place` (0 first track, 1 last): it settles, lifts and settles."""
    lift = math.sin(math.pi * min(1.0, 0.12 + 0.88 * place))
    return max(0.0, min(1.0, 0.15 + 0.85 * lift - 0.15 * place))


def plan_music(count: int, style: Style, reading: Reading, rng: np.random.Generator) -> tuple[Music, ...]:
    """Return the music of `count` tracks, each near its neighbours."""
    lifts = [arc(index / (count - 1)) if count > 1 else 0.6 for index in range(count)]
    tempos = _tempos(lifts, style, reading.energy, rng)
    keys = key_walk(count, style.modes, rng)
    grooves = _grooves(lifts, style, reading, rng)
    ambiences = _ambiences(count, style, reading, rng)
    moods = _moods(count, style, reading, rng)
    band = _Band(style, reading, rng)
    low, high = style.energy
    swing = style.swing[0] + (style.swing[1] - style.swing[0]) * (0.25 + 0.5 * float(rng.random()))
    made = []
    for index, lift in enumerate(lifts):
        energy = low + (high - low) * lift + 0.12 * reading.energy + float(rng.uniform(-0.03, 0.03))
        made.append(
            Music(
                tempo=tempos[index],
                key=keys[index],
                swing=_swing(swing, grooves[index], style, rng),
                groove=grooves[index],
                instruments=band.line_up(lift, grooves[index], rng),
                ambience=ambiences[index],
                mood=moods[index],
                energy=round(min(1.0, max(0.0, energy)), 3),
            )
        )
    return tuple(made)


def _tempos(lifts: Sequence[float], style: Style, energy: float, rng: np.random.Generator) -> list[float]:
    low, high = math.ceil(style.tempo[0]), math.floor(style.tempo[1])
    centre = low + (high - low) * min(0.8, max(0.2, 0.5 + 0.4 * energy + float(rng.uniform(-0.2, 0.2))))
    spread = min(4.0, (high - low) / 3)
    tempos: list[float] = []
    for lift in lifts:
        wanted = round(centre + spread * (2 * lift - 1) + float(rng.uniform(-1.4, 1.4)))
        if tempos:
            # Small steps mix well; no step at all is dull.
            wanted = int(min(tempos[-1] + 4, max(tempos[-1] - 4, wanted)))
            if wanted == tempos[-1]:
                wanted += 1 if rng.random() < 0.5 else -1
        wanted = min(high, max(low, wanted))
        if tempos and wanted == tempos[-1] and high > low:
            wanted += 1 if wanted == low else -1
        tempos.append(float(wanted))
    return tempos


def _grooves(lifts: Sequence[float], style: Style, reading: Reading, rng: np.random.Generator) -> list[str]:
    weights = dict(style.grooves)
    for groove, weight in reading.asks("grooves").items():
        if groove == _BEATLESS and weight >= _NAMED:
            return [_BEATLESS] * len(lifts)
        weights[groove] = weights.get(groove, 0.0) + weight
    main = pick({groove: weight**2 for groove, weight in weights.items()}, rng)
    others = {groove: weight for groove, weight in weights.items() if groove != main}
    grooves: list[str] = []
    for lift in lifts:
        stale = len(grooves) >= 3 and set(grooves[-3:]) == {main}
        quiet = lift < 0.2 and _BEATLESS in weights and rng.random() < 0.5
        if quiet:
            grooves.append(_BEATLESS)
        elif others and (stale or rng.random() > _SHARE_OF_MAIN):
            grooves.append(pick(others, rng))
        else:
            grooves.append(main)
    return grooves


def _swing(base: float, groove: str, style: Style, rng: np.random.Generator) -> float:
    low, high = style.swing
    if groove in ("bossa", _BEATLESS):
        return low
    drawn = high if groove == "shuffle" else base + float(rng.uniform(-0.008, 0.008))
    return round(min(high, max(low, drawn)), 3)


def _ambiences(count: int, style: Style, reading: Reading, rng: np.random.Generator) -> list[str | None]:
    asked = reading.asks("ambience")
    # No cafe chatter in a forest: a sound that belongs to a place needs the theme's word for it.
    elsewhere = _PLACES if asked.keys().isdisjoint(_PLACES) else {*_PLACES, "rain"}
    own = {name: weight for name, weight in style.ambiences.items() if name in asked or name not in elsewhere}
    weights = {name: own.get(name, 0.0) + asked.get(name, 0.0) for name in {**own, **asked}} or {"none": 1.0}
    heard = {name: weight for name, weight in asked.items() if weight >= _HEARD}
    main = pick({name: weight**2 for name, weight in (heard or weights).items()}, rng)
    others = {name: weight for name, weight in weights.items() if name != main} or {main: 1.0}
    share = _SHARE_OF_MAIN if heard else 0.5
    drawn = [main if index == 0 or rng.random() < share else pick(others, rng) for index in range(count)]
    if heard:
        # What the theme names must be there on most tracks, whatever chance says.
        for index in range(count):
            if drawn.count(main) >= math.ceil(0.7 * count):
                break
            drawn[index] = main
    return [None if name == "none" else name for name in drawn]


def _moods(count: int, style: Style, reading: Reading, rng: np.random.Generator) -> list[str]:
    asked = reading.asks("moods")
    top = max(asked.values(), default=1.0)
    weights = {mood: 0.25 * weight for mood, weight in style.moods.items()}
    for mood, weight in asked.items():
        weights[mood] = weights.get(mood, 0.0) + 3.0 * weight / top
    return [pick(weights, rng) for _ in range(count)]


def album_mood(music: Sequence[Music], reading: Reading, style: Style) -> str:
    """Return the mood that most tracks share; the theme's own wish settles a tie."""
    wishes = reading.asks("moods") or dict(style.moods)
    count = {mood: sum(track.mood == mood for track in music) for mood in dict.fromkeys(t.mood for t in music)}
    return strongest({mood: number + 0.01 * min(50.0, wishes.get(mood, 0.0)) for mood, number in count.items()})


class _Band:
    """The instruments of one album: some play on nearly every track, others visit."""

    def __init__(self, style: Style, reading: Reading, rng: np.random.Generator) -> None:
        wishes = reading.asks("instruments")
        named = [name for name, weight in wishes.items() if weight >= _NAMED][:3]
        weights = {
            name: style.instruments.get(name, 0.0) + wishes.get(name, 0.0) for name in {**style.instruments, **wishes}
        }
        keep = list(dict.fromkeys([*named, *style.keep]))
        basses = [name for name in keep if name in _BASSES] or sample(
            {name: weight for name, weight in weights.items() if name in _BASSES}, 1, rng
        )
        self._bass = basses[0] if basses else "upright bass"
        self._keep = [name for name in keep if name not in _BASSES]
        self._bass_stays = any(name in _BASSES for name in keep)
        if not any(name in _CHORDS for name in self._keep):
            chords = {name: weight for name, weight in weights.items() if name in _CHORDS}
            self._keep.append(pick(chords, rng) if chords else "electric piano")
        guests = {name: w for name, w in weights.items() if name not in (*_BASSES, *self._keep)}
        self._guests = {name: guests[name] for name in sample(guests, 4, rng)}

    def line_up(self, lift: float, groove: str, rng: np.random.Generator) -> tuple[str, ...]:
        """Return three to six instruments for a track, the leading one first."""
        bass = self._bass_stays or groove != _BEATLESS or rng.random() < 0.4
        chosen = self._keep[:4]
        size = min(6, 3 + round(2.4 * lift + float(rng.uniform(-0.5, 0.7))))
        room = max(0, size - len(chosen) - bass, 3 - len(chosen) - bass)
        chosen = chosen + sample(self._guests, room, rng)
        if bass:
            chosen.insert(min(2, len(chosen)), self._bass)
        return tuple(chosen[:6])
