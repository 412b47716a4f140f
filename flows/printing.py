"""What goes to stdout: text for people, or one JSON document for programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from pipeline.domain import Album, Backend
from pipeline.licences import in_words, not_for_sale

FIRST = 'uv run lofi make "rainy library at night"'
"""The command to begin with, as the README has it."""

KEPT = "Everything finished is kept."
"""The note on an error that ended a verb which has finished something."""


class PlainConsole(Console):
    """A console that leaves a reader's departure to the door, where rich would end the program by itself."""

    def on_broken_pipe(self) -> None:
        """Raise what happened."""
        raise BrokenPipeError


def console(*, to_stderr: bool = False, wide: int = 120) -> Console:
    """Return a console that prints text as it is: no colours guessed from numbers or quotes."""
    out = sys.stderr if to_stderr else sys.stdout
    # A file or a pipe has no width; tables are then made for a wide screen rather than a narrow one.
    return PlainConsole(file=out, highlight=False, width=None if out.isatty() else wide)


class Notes:
    """Says what a person should know about how something is made, each thing once."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._said: set[str] = set()

    def say(self, *notes: str) -> None:
        """Say what has not been said yet."""
        for note in notes:
            if note and note not in self._said:
                self._said.add(note)
                self._out.print(Text(f"Note: {note}"), soft_wrap=True)


def counted(number: int, thing: str) -> str:
    """Return "1 album" or "3 albums"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def summary(album: Album, folder: Path) -> dict[str, Any]:
    """Return what --json prints of an album."""
    return {
        "slug": album.slug,
        "folder": str(folder),
        "title": album.plan.title,
        "artist": album.by,
        "theme": album.brief.theme,
        "seed": album.brief.seed,
        "studio": album.brief.studio,
        "notes": album.remarks,
        "not_for_sale": not_for_sale(album.musicians()) or None,
        "seconds": round(album.mix.seconds, 3),
        "tracks": [
            {
                "number": track.position,
                "planned_as": track.number,
                "title": track.title,
                "seconds": round(track.seconds, 3),
                "lufs": track.loudness,
                "true_peak": track.true_peak,
                "tempo": track.tempo,
                "key": str(track.key),
                "score": track.score,
                "take": track.take,
                "why": track.why,
                "files": [file.path for file in track.files],
                "ambience": track.ambience,
            }
            for track in album.tracks
        ],
        "ambience": [loop.model_dump(mode="json", exclude={"backend"}) for loop in album.loops],
        "pictures": [] if album.pictures is None else [p.model_dump(mode="json") for p in album.pictures.pictures],
        "mix": [file.path for file in album.mix.files],
        "cover": [file.path for file in album.cover.files],
        "spend": album.run.spend.model_dump(mode="json"),
    }


def credit(backend: Backend) -> str:
    """Name a part, its version and the models it works with, each with its licence."""
    once = {weights.sha256: weights for weights in reversed(backend.weights)}  # of two names of one model, the first
    named = [weights for weights in backend.weights if once[weights.sha256] is weights]
    models = ", ".join(f"{weights.name}: {in_words(weights.licence)}" for weights in named)
    return backend.title + (f" ({models})" if models else "")


def loading(part: Any) -> str:
    """Say that the models of a part are being loaded, for nothing else is heard of it meanwhile."""
    return f"{', '.join(model.name for model in part.backend.weights) or part.backend.name}, which may take a minute"


def terms(album: Album) -> str:
    """Return a line that says why an album's music may not be sold, "" where it may be."""
    said = not_for_sale(album.musicians())
    return f"Music: {said}" if said else ""


def print_json(value: object) -> None:
    """Print one JSON document to stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
