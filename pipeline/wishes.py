"""What a clip should be, as a person asks for it, and the orders made of it. All that can be wrong is found here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from pipeline.audio.decode import blocks, duration
from pipeline.domain import Brief, Controls, Heard, Key, RenderOrder, Seconds, Seed, TrackPlan, derive_seed
from pipeline.domain.brief import THEME_LIMIT
from pipeline.domain.line import one_line
from pipeline.errors import BadBrief, Damaged
from pipeline.roles import Musician, Steered, Writer
from pipeline.shelf.atomic import hash_file

PROMPT_LIMIT = 2000
"""The longest prompt, in characters: what a plan of a track may hold."""
AMBIENCE_LIMIT = 120
"""The same of what is to be heard under a clip."""
LIMITS = {"seconds": (10, 600), "tempo": (40, 200), "takes": (1, 16), "seed": (0, 2**63 - 1)}
"""The least and the most of every number."""
QUIET = 1e-3
"""-60 dBFS: a file that never gets louder is silent."""
SHORT = 0.5
LONG = 600.0
"""Seconds a file given to a musician must last at least, and beyond which only its nearest part can matter."""


@dataclass(frozen=True)
class Wish:
    """A clip as asked for. `tempo` in BPM, `key` such as "A minor" and `ambience` are the writer's choice when None.

    `controls` are fields of Controls that differ from its defaults; `opening` is sound to go on from, `melody` a
    tune to follow, `rhythm` asks for a click of tempo and key as the opening.
    """

    prompt: str
    seed: Seed
    seconds: Seconds = 30.0
    takes: int = 1
    tempo: float | None = None
    key: str | None = None
    controls: Mapping[str, object] = field(default_factory=dict)
    opening: Path | None = None
    melody: Path | None = None
    rhythm: bool = False
    ambience: str | None = None


def order_clips(wish: Wish, writer: Writer) -> tuple[RenderOrder, ...]:
    """Return one order for each take. The `writer` fills in what the wish leaves open. Raises BadBrief."""
    for name, (low, high) in LIMITS.items():
        value = getattr(wish, name)
        if value is not None and not low <= value <= high:
            raise BadBrief(f"--{name} cannot be {value}.", f"It is a number from {low} to {high:,}.")
    controls = _controls(wish.controls)
    prompt = one_line(wish.prompt)
    if len(prompt) > PROMPT_LIMIT:
        raise BadBrief(f"The prompt has {len(prompt):,} characters; {PROMPT_LIMIT:,} are the most.", "Say it shorter.")
    if not prompt and not (controls and controls.unconditional):
        raise BadBrief("The prompt is empty.", 'Say how it should sound: lofi render "warm rhodes, dusty drums".')
    if wish.rhythm and wish.opening is not None:
        raise BadBrief("--rhythm and --opening are both an opening.", "Leave one of them out.")
    track = _track(wish, prompt or "free improvisation", writer)
    opening = None if wish.opening is None else heard(f"--opening: {wish.opening}", wish.opening)
    melody = None if wish.melody is None else heard(f"--melody: {wish.melody}", wish.melody)
    return tuple(
        RenderOrder(
            track=track,
            index=index,
            seed=wish.seed if index == 1 else derive_seed(wish.seed, "take", index),
            controls=controls,
            opening=opening,
            melody=melody,
            rhythm=wish.rhythm,
        )
        for index in range(1, wish.takes + 1)
    )


def _track(wish: Wish, prompt: str, writer: Writer) -> TrackPlan:
    """Let the writer plan an album of one track, and put what was asked for in the place of its choices."""
    theme = prompt[:THEME_LIMIT]
    (plan,) = writer.write(Brief(theme=theme, tracks=1, seconds=wish.seconds, seed=wish.seed), ()).plan.tracks
    wanted: dict[str, object] = {"prompt": prompt, "title": theme[:120].strip()}
    if wish.tempo is not None:
        wanted["tempo"] = wish.tempo
    if wish.key is not None:
        try:
            wanted["key"] = Key.parse(wish.key)
        except ValueError:
            raise BadBrief(f"--key cannot be {wish.key!r}.", 'A key is written "A minor" or "Bb major".') from None
    if wish.ambience is not None:
        wanted["ambience"] = one_line(wish.ambience)
        if not 0 < len(one_line(wish.ambience)) <= AMBIENCE_LIMIT:
            raise BadBrief(
                f"--ambience has {len(one_line(wish.ambience))} characters.",
                f"Say in 1 to {AMBIENCE_LIMIT} what is to be heard, such as rain.",
            )
    return plan.but(**wanted)


def _controls(given: Mapping[str, object]) -> Controls | None:
    if not given:
        return None
    unsampled = [name for name in ("top_k", "top_p", "temperature") if name in given]
    if given.get("use_sampling") is False and unsampled:
        raise BadBrief(
            f"--greedy always takes the most likely token, so {', '.join(map(_option, unsampled))} would do nothing.",
            "Leave out one or the other.",
        )
    try:
        return Controls.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        raise BadBrief(f"There is no control {name!r}.", f"There are: {', '.join(Controls.model_fields)}.")
    raise BadBrief(f"{_option(name)} cannot be {first['input']}: {first['msg'].lower()}.")


def _option(control: str) -> str:
    """Return the option of `lofi render` for a control."""
    return "--greedy" if control == "use_sampling" else f"--{control.replace('_', '-')}"


def heard(called: str, path: Path) -> Heard:
    """Check a file that a musician is to hear: it is there, it is sound, and there is something to hear in it.

    `called` is what a person knows it by. Raises BadBrief.
    """
    place = path.absolute()
    try:
        if place.is_dir():
            raise BadBrief(f"{called} is a folder.", "Name one audio file in it.")
        if not place.is_file():
            raise BadBrief(f"{called} is not there.", "Name an audio file that is there.")
        digest, _ = hash_file(place)
        lasts = duration(place)
        if lasts < SHORT:
            raise BadBrief(f"{called} lasts {lasts:.2f} s; {SHORT} s are the least.", "Name a longer one.")
        loudest = 0.0
        for block in blocks(place):
            if not np.isfinite(block).all():
                raise BadBrief(f"{called} has samples that are not numbers.", "Name another file.")
            loudest = max(loudest, float(np.max(np.abs(block), initial=0.0)))
            if loudest > QUIET and lasts > LONG:
                break  # hours are not read to their end only to know that they are sound
    except Damaged as damage:
        raise BadBrief(
            f"{called} cannot be read as sound: {damage.message}", "Name another file: WAV, FLAC, MP3, Opus or M4A."
        ) from None
    except OSError as error:
        raise BadBrief(f"{called} cannot be read: {error.strerror}.", "Name another file.") from None
    if loudest <= QUIET:
        raise BadBrief(f"{called} is silent.", "Name a file with something to hear.")
    return Heard(path=str(place), sha256=digest)


def refuse_unused(orders: Sequence[RenderOrder], musician: Musician) -> None:
    """Raise BadBrief naming the controls asked for that the musician says it does not have."""
    if not isinstance(musician, Steered):
        return
    order = orders[0]
    asked = [name for name in ("opening", "melody", "rhythm") if getattr(order, name)]
    if order.controls is not None:
        asked += sorted(order.controls.model_fields_set)
    unused = [_option(name) for name in asked if name not in musician.obeys]
    if unused:
        raise BadBrief(
            f"The {musician.backend.name} cannot use {', '.join(unused)}.",
            "Leave it out, or choose a musician that can: --musician musicgen.",
        )
