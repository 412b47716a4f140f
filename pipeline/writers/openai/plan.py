"""From an answer to an album on paper: every value made to fit, every gap filled from the stand-in's album."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from anyascii import anyascii

from pipeline.domain import AlbumPlan, Brief, TrackPlan
from pipeline.writers.openai import fitting
from pipeline.writers.openai.conversation import Reading
from pipeline.writers.openai.fitting import Repertoire
from pipeline.writers.openai.form import AlbumAnswer, TrackAnswer, read_answer
from pipeline.writers.openai.titles import clean_title, title_faults
from pipeline.writers.openai.wording import Wording

_LONGEST_PROMPT = 500
_LONGEST_CONCEPT = 900
_LONGEST_COVER = 600
_ENGLISH = 0.9
"""The share of Latin letters in a text that may pass for English."""

_BPM = re.compile(r"[,;]?\s*\b(?:at |around |about )*\d{2,3}(?:\.\d+)?\s*bpm\b", re.IGNORECASE)
_SINGER = re.compile(
    r"[,;]?\s*\b(?:instrumental only|instrumental(?=[,;.]|$)|no (?:vocals?|singing|lyrics))\b", re.IGNORECASE
)
_KEY = re.compile(r"[,;]?\s*\b(?:in )?(?:the key of )?[A-G](?:#|b|-flat|-sharp)? (?:major|minor)\b")


@dataclass(frozen=True)
class Sheet:
    """An album as answered, with its titles cleaned: the album's own first, then the tracks'."""

    answer: AlbumAnswer
    titles: tuple[str, ...]
    bad_titles: frozenset[int]


def read_sheet(text: str, brief: Brief, taken: Collection[str]) -> Reading[Sheet]:
    """Read an answer and say what is wrong with its titles and prompts. Raises NotReadable."""
    answer = read_answer(text, brief.tracks)
    titles = tuple(clean_title(title) for title in (answer.title, *(track.title for track in answer.tracks)))
    bad = title_faults(titles, taken)
    faults = [f"The {_place(at)}'s title {titles[at][:80]!r} {fault}. Write another one." for at, fault in bad.items()]
    foreign = [f"tracks[{at}].prompt" for at, track in enumerate(answer.tracks) if english(track.prompt) is None]
    foreign += ["cover"] if english(answer.cover) is None else []
    faults += [f"{name} is not in English; it must be." for name in foreign]
    return Reading(Sheet(answer, titles, frozenset(bad)), tuple(faults))


def _place(at: int) -> str:
    return f"track {at}" if at else "album"


def style_of(answer: AlbumAnswer, asked: str | None, repertoire: Repertoire) -> str | None:
    """Return the album's style: the one asked for, else the known one nearest to the answer's, else None."""
    return asked if asked is not None else repertoire.style(answer.style)


def make_plan(sheet: Sheet, brief: Brief, spare: AlbumPlan, repertoire: Repertoire, wording: Wording) -> AlbumPlan:
    """Return the album. What the answer lacks comes from `spare`, an album of the same style and length."""
    answer = sheet.answer
    spare_titles = (spare.title, *(track.title for track in spare.tracks))
    titles = [spare_titles[at] if at in sheet.bad_titles else title for at, title in enumerate(sheet.titles)]
    tracks = tuple(
        _track(titles[other.number], written, other, repertoire, wording)
        for written, other in zip(answer.tracks, spare.tracks, strict=True)
    )
    usual = Counter(track.mood for track in tracks).most_common(1)[0][0]
    scene, cover = repertoire.scene(answer.cover_scene), english(answer.cover)
    return AlbumPlan(
        title=titles[0],
        theme=brief.theme,
        language=brief.language or _code(answer.language) or spare.language,
        concept=_cut(answer.concept, _LONGEST_CONCEPT),
        style=spare.style,
        mood=repertoire.mood(answer.mood) or usual,
        # The scene's name comes first: it is what a painter with a fixed set of scenes looks for.
        cover_prompt=_cover(scene, _cut(cover, _LONGEST_COVER)) if cover else spare.cover_prompt,
        tracks=tracks,
    )


def _track(title: str, written: TrackAnswer, spare: TrackPlan, repertoire: Repertoire, wording: Wording) -> TrackPlan:
    ranges = repertoire.styles[spare.style]
    tempo = fitting.tempo(written.tempo, ranges.tempo) or spare.tempo
    swing = fitting.swing(written.swing, ranges.swing)
    energy = fitting.energy(written.energy, ranges.energy)
    key = fitting.key(written.key) or spare.key
    groove = repertoire.groove(written.groove) or spare.groove
    mood = repertoire.mood(written.mood) or spare.mood
    instruments = repertoire.instruments(written.instruments, spare.instruments)
    words = _description(written.prompt) or ", ".join((f"lo-fi {spare.style}", *instruments, groove, mood))
    return TrackPlan(
        number=spare.number,
        title=title,
        prompt=wording.music_prompt(words, f"{tempo:g}", str(key)),
        mood=mood,
        style=spare.style,
        tempo=tempo,
        key=key,
        swing=spare.swing if swing is None else swing,
        groove=groove,
        instruments=instruments,
        ambience=repertoire.ambience(written.ambience),
        energy=spare.energy if energy is None else energy,
        seconds=spare.seconds,
    )


def english(text: str) -> str | None:
    """Return `text` in ASCII, or None when most of it is in another script: a music model reads English."""
    letters = [char for char in text if char.isalpha()]
    latin = sum(unicodedata.name(char, "").startswith("LATIN") for char in letters)
    if not letters or latin < _ENGLISH * len(letters):
        return None
    # Pictures have no spelling in English.
    spelt = anyascii("".join(char for char in text if unicodedata.category(char) not in ("So", "Sk", "Cf", "Mn")))
    plain = " ".join("".join(char for char in spelt if char.isprintable()).split())
    return plain or None


def _description(prompt: str) -> str:
    """Return a track's prompt without tempo, key and singers: the template says them, as they are in the plan."""
    bare = english(prompt) or ""
    for said in (_BPM, _KEY, _SINGER):
        bare = said.sub("", bare)
    return _cut(bare.strip(" ,;."), _LONGEST_PROMPT)


def _cover(scene: str | None, cover: str) -> str:
    if scene is None or cover.casefold().startswith(scene.casefold()):
        return cover
    return f"{scene.capitalize()}: {cover}"


def _cut(text: str, longest: int) -> str:
    """Return the beginning of a text, up to a sentence's end or else a word's."""
    if len(text) <= longest:
        return text
    head = text[:longest]
    end = max(head.rfind(mark) for mark in (". ", "! ", "? ", "。", "！", "？"))
    if end > longest // 2:
        return head[: end + 1]
    return head.rsplit(" ", 1)[0].rstrip(" ,;")


def _code(said: object) -> str | None:
    match = re.match(r"[a-zA-Z]{2}(?![a-zA-Z])", said.strip()) if isinstance(said, str) else None
    return match.group().lower() if match else None
