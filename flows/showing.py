"""Long mixes as `list` and `show` tell of them, and what was decided about a work."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from rich.text import Text

from flows.printing import console, credit, print_json
from flows.tables import joints_table, mix_table
from pipeline.audio.chapters import clock
from pipeline.catalogue.rows import Decided, MixRow
from pipeline.domain import LongMix, MixProject, MixWish, Slug
from pipeline.errors import LofiError, ShelfError
from pipeline.settings import Settings
from pipeline.shelf import MixFolder, Shelf
from pipeline.shelf.album_folder import MANIFEST, PLAN

IN_PROGRESS = "in progress"


def mix_rows(shelf: Shelf, rows: Sequence[MixRow]) -> list[dict[str, Any]]:
    """Return every long mix for programs: those in the catalogue, the oldest first, then the others on the shelf."""
    folders = {folder.slug: folder for folder in shelf.mixes()}
    known = {row.slug: row for row in rows}
    return [_mix_row(slug, known.get(slug), folders.get(slug)) for slug in dict.fromkeys((*known, *folders))]


def _mix_row(slug: Slug, row: MixRow | None, folder: MixFolder | None) -> dict[str, Any]:
    made = project = None
    if folder is not None:
        with suppress(LofiError):  # what is damaged, `lofi verify` says
            made = folder.read_manifest() if folder.is_complete() else None
            project = made.project if made is not None else folder.peek(PLAN, MixProject)
    status = row.status if row is not None else "draft"
    if folder is not None and not folder.is_complete():
        status = "in_progress"
    return {
        "kind": "mix",
        "slug": slug,
        "title": row.title if row is not None else project.title if project is not None else slug,
        "status": status,
        "finished": None if row is None else row.model_dump(mode="json")["finished"],
        "manifest": None if row is None else row.manifest,
        "on_shelf": folder is not None,
        "tracks": None if project is None else len(project.tracks),
        "seconds": None if made is None else round(made.mix.seconds, 3),
    }


def show_mix(
    shelf: Shelf,
    folder: MixFolder,
    row: MixRow | None,
    decided: Sequence[Decided],
    settings: Settings,
    *,
    as_json: bool,
) -> None:
    """Show one long mix, finished or not. Raises LofiError."""
    made = folder.read_manifest() if folder.is_complete() else None
    project = made.project if made is not None else folder.peek(PLAN, MixProject)
    if project is None:
        raise ShelfError(f"{folder.slug} was never begun.", "Make it again with `lofi mix`.")
    status = "in_progress" if made is None else row.status if row is not None else "draft"
    changed = changed_since(shelf, project.wish)
    if as_json:
        print_json(_for_programs(shelf, folder, project, made, status, decided, changed, settings))
        return
    out = console()
    out.print(Text(project.title, style="bold"))
    out.print(mix_table(project, _starts(project, made, shelf)))
    if made is not None:
        out.print(joints_table(made))
        mix = made.mix
        out.print(Text(f"Mix: {clock(mix.seconds)}, {mix.loudness:.1f} LUFS, {mix.true_peak:.1f} dBTP"))
        out.print(Text(f"Cover: {made.cover.scene}, {made.cover.palette}. {made.cover.why}"))
        out.print(Text(f"Painter: {credit(made.cover.painter)}"), soft_wrap=True)
    out.print(f"Status: {status.replace('_', ' ')}")
    for line in decisions_in_words(decided, row.manifest if row is not None else None):
        out.print(Text(line), soft_wrap=True)
    for line in changed_in_words(changed, finished=made is not None):
        out.print(Text(f"Note: {line}"), soft_wrap=True)
    told = "Make or mend it with" if made is not None else "Go on with"
    if not changed:
        out.print(Text(f"{told}: {mix_command(project.wish, settings)}"), soft_wrap=True)
    for file in made.files() if made is not None else ():
        out.print(Text(str(folder.folder / file.path)), soft_wrap=True)


def _for_programs(
    shelf: Shelf,
    folder: MixFolder,
    project: MixProject,
    made: LongMix | None,
    status: str,
    decided: Sequence[Decided],
    changed: Sequence[str],
    settings: Settings,
) -> dict[str, Any]:
    return {
        "kind": "mix",
        "slug": folder.slug,
        "folder": str(folder.folder),
        "title": project.title,
        "artist": project.artist,
        "status": status,
        "decisions": [decision.model_dump(mode="json") for decision in decided],
        "seconds": None if made is None else round(made.mix.seconds, 3),
        "tracks": [
            {"at": round(start / project.rate, 3), **track.model_dump(mode="json")}
            for track, start in zip(project.tracks, _starts(project, made, shelf), strict=True)
        ],
        "joints": [] if made is None else [joint.model_dump(mode="json") for joint in made.mix.joints],
        "files": [] if made is None else [file.path for file in made.files()],
        "changed": list(changed),
        "command": None if changed else mix_command(project.wish, settings),
    }


def _starts(project: MixProject, made: LongMix | None, shelf: Shelf) -> Sequence[int]:
    """Return the frames at which the tracks of a mix begin, which may be on paper alone."""
    from pipeline.longmix.programme import mix_plan  # which loads what measures sound

    return mix_plan(project, shelf).starts if made is None else made.mix.starts


def changed_since(shelf: Shelf, wish: MixWish) -> list[str]:
    """Return the albums of a mix that are not there any more in the version that it is made of."""
    return [
        source.album for source in wish.sources if not shelf.album(source.album).has_hash(MANIFEST, source.manifest)
    ]


def changed_in_words(changed: Sequence[str], *, finished: bool) -> Iterator[str]:
    """Say what it means for a mix that albums of it are others by now."""
    if changed:
        what = "it stays as it is" if finished else "it cannot be gone on with: move its folder away"
        yield f"Made anew or gone since: {', '.join(changed)}. So {what}; `lofi mix` of these albums is another mix."


def decisions_in_words(decided: Iterable[Decided], version: str | None) -> Iterator[str]:
    """Say what people decided, the newest last, and on which version where it is another than there is now."""
    for made in decided:
        when = made.time.astimezone().strftime("%Y-%m-%d %H:%M")
        of = "" if made.version == version else f" an earlier version, {made.version[:12]},"
        note = f": {made.note}" if made.note else ""
        yield f"{made.decision.capitalize()}{of} by {made.author}, {when}{note}"


def mix_command(wish: MixWish, settings: Settings) -> str:
    """Return the command that makes this very mix in this library, or goes on with it."""
    usual = Settings.model_fields
    options = "" if wish.hours is None else f" --hours {repr(float(wish.hours)).removesuffix('.0')}"
    options += f" --title {shlex.quote(wish.title)}" if wish.title is not None else ""
    options += f" --arc {wish.arc}"
    options += " --repeats" if wish.repeats else ""
    options += f" --crossfade {repr(float(wish.crossfade)).removesuffix('.0')}"
    options += " --match" if wish.match else ""
    # FLAC is always made: naming it alone leaves out the M4A that is made where none is named.
    options += "".join(f" --format {form}" for form in wish.formats if form != "flac" or len(wish.formats) == 1)
    if settings.library != usual["library"].default:
        options += f" --library {shlex.quote(str(settings.library))}"
    # What only the environment can say; an empty variable counts as unset.
    artist = "" if wish.artist == settings.artist else f"LOFI_ARTIST={shlex.quote(wish.artist or '')} "
    return f"{artist}lofi mix{options} -- {' '.join(source.album for source in wish.sources)}"
