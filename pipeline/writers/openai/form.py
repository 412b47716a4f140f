"""The form of an answer: the JSON Schema a server is given, and reading what came back, however it is wrapped."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pipeline.domain import Key
from pipeline.domain.line import one_line
from pipeline.writers.openai.fitting import Repertoire

_THOUGHTS = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_THOUGHTS_END = re.compile(r"</(?:think|thinking|reasoning)>", re.IGNORECASE)
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)
_LONGEST = 500_000
"""Characters of an answer that are looked at."""
_STARTS = 40
"""Places where an object may begin that are tried: text full of braces must not take all day."""
_MOST_FAULTS = 12


class NotReadable(Exception):
    """An answer that is no album; the arguments say, one by one and for the model to read, what is wrong with it."""


def _text(value: object) -> object:
    return one_line(value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]


class _Loose(BaseModel):
    """What may hold more than was asked for; the values of music may be of any kind, fitting.py makes them fit."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TrackAnswer(_Loose):
    """One track as the model wrote it."""

    title: Text
    prompt: Text
    mood: Any = None
    tempo: Any = None
    key: Any = None
    swing: Any = None
    groove: Any = None
    instruments: Any = None
    ambience: Any = None
    energy: Any = None


class AlbumAnswer(_Loose):
    """An album as the model wrote it."""

    title: Text
    language: Any = None
    style: Any = None
    mood: Any = None
    concept: Text
    cover_scene: Any = None
    cover: Text
    tracks: list[TrackAnswer]


def schema(tracks: int, style: str | None, repertoire: Repertoire) -> dict[str, Any]:
    """Return the JSON Schema of an album with so many tracks, in the strict form OpenAI asks for.

    Ranges of numbers are left out: several servers refuse a schema that has them, and fitting.py sees to them.
    """

    def one_of(*names: str) -> dict[str, Any]:
        return {"type": "string", "enum": list(names)}

    def record(**fields: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}

    words, text, value = repertoire.words, {"type": "string"}, {"type": "number"}
    track = record(
        title=text,
        prompt=text,
        mood=one_of(*words.moods),
        tempo=value,
        key=one_of(*(str(Key(tonic, mode)) for mode in ("minor", "major") for tonic in range(12))),
        swing=value,
        groove=one_of(*words.grooves),
        instruments={"type": "array", "items": one_of(*words.instruments), "minItems": 3, "maxItems": 6},
        ambience=one_of(*words.ambiences, "none"),
        energy=value,
    )
    return record(
        title=text,
        language=text,
        style=one_of(*([style] if style else repertoire.styles)),
        mood=one_of(*words.moods),
        concept=text,
        cover_scene=one_of(*repertoire.scenes),
        cover=text,
        tracks={"type": "array", "items": track, "minItems": tracks, "maxItems": tracks},
    )


def read_answer(text: str, tracks: int) -> AlbumAnswer:
    """Return the album in `text`, with as many tracks as asked for; more are left out. Raises NotReadable."""
    if not text.strip():
        raise NotReadable("The answer was empty.")
    found = find_object(text)
    if found is None:
        raise NotReadable("The answer held no complete JSON object.")
    try:
        album = AlbumAnswer.model_validate(found)
    except ValidationError as error:
        raise NotReadable(*(_fault(part) for part in error.errors()[:_MOST_FAULTS])) from None
    if len(album.tracks) < tracks:
        raise NotReadable(f'"tracks" held {len(album.tracks)} tracks; {tracks} are needed.')
    return album.model_copy(update={"tracks": album.tracks[:tracks]})


def find_object(text: str) -> dict[str, Any] | None:
    """Return the JSON object in a model's answer: bare, in a Markdown fence, after its thoughts or among prose."""
    said = _THOUGHTS.sub(" ", text[:_LONGEST])
    said = _THOUGHTS_END.split(said)[-1].strip()  # some servers swallow the tag that opens the thoughts
    for candidate in (said, *_FENCE.findall(said)):
        if (found := _load(candidate.strip())) is not None:
            return found
    best: dict[str, Any] | None = None
    at, until, decoder = -1, 0, json.JSONDecoder()
    for _ in range(_STARTS):
        at = said.find("{", max(at + 1, until))
        if at < 0:
            break
        try:
            found, until = decoder.raw_decode(said, at)
        except (ValueError, RecursionError):
            continue
        if best is None or len(found) > len(best):
            best = found
    return best


def _load(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _fault(part: Any) -> str:
    """Say one error of pydantic's with JSON's path to it."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in part["loc"]).lstrip(".")
    words = "It must not be empty" if "too_short" in part["type"] else part["msg"]
    return f"{path[:100]}: {words}."
