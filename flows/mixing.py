"""The verb `mix`: one long mix out of several albums."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from flows.finding import find_album
from flows.printing import KEPT, console, print_json
from flows.progress import Going
from flows.tables import joints_table, mix_table
from pipeline.audio.chapters import clock
from pipeline.audio.mixplan import LONGEST, SHORTEST
from pipeline.domain import LongMix, MixProject, MixWish
from pipeline.domain.line import one_line
from pipeline.domain.longmix import LONGEST_MIX
from pipeline.errors import BadBrief
from pipeline.library import open_library
from pipeline.longmix.gather import sources_of
from pipeline.longmix.make import Press, finished_mix, make_mix, plan
from pipeline.longmix.portraits import Portraits
from pipeline.longmix.programme import mix_plan
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.studio import open_part
from pipeline.workers import Workers

USUAL_FORMATS = ("flac", "m4a")


def mix_albums(
    names: tuple[str, ...], wanted: dict[str, Any], settings: Settings, *, dry_run: bool, as_json: bool
) -> None:
    """Make a long mix of albums, named by folder or title, or finish one that was begun. Raises LofiError."""
    out = console(to_stderr=as_json)
    _check_hours(wanted["hours"])
    with open_library(settings) as (shelf, catalogue):
        slugs = [find_album(shelf, name).slug for name in names]
        wish = _wish(shelf, slugs, wanted, settings)
        made = None if dry_run else finished_mix(shelf, wish)
        if made is not None:
            catalogue.enter_mix(made, datetime.now(UTC))  # a run may have been killed before the catalogue heard of it
            out.print("This mix is made already.")
            _show(made, shelf, out, as_json=as_json)
            return
        painter = open_part("painter", settings)
        with Workers(settings.workers) as workers, Going(out) as going:
            portraits = Portraits(settings.cache, workers)
            press = Press(shelf, catalogue, workers, portraits, painter.made, going.report, going.note)
            if painter.note:
                going.note(painter.note)
            if dry_run:
                _show_plan(plan(press, wish), shelf, out, as_json=as_json)
                return
            try:
                made = make_mix(press, wish)
            except KeyboardInterrupt as stopped:
                stopped.add_note(KEPT)
                raise
        _show(made, shelf, out, as_json=as_json)


def check_crossfade(seconds: float | None) -> None:
    """Raise BadBrief for a crossfade that nobody would want to hear."""
    if seconds is not None and not SHORTEST <= seconds <= LONGEST:
        raise BadBrief(
            f"--crossfade cannot be {seconds:g}: a crossfade lasts {SHORTEST:g} to {LONGEST:g} seconds.",
            "Leave it out for 6.",
        )


def _check_hours(hours: float | None) -> None:
    if hours is not None and not 0 < hours <= LONGEST_MIX:
        raise BadBrief(
            f"--hours cannot be {hours:g}: a mix lasts more than nothing and at most {LONGEST_MIX:g} hours.",
            "Make several mixes for more.",
        )


def _wish(shelf: Shelf, slugs: list[str], wanted: dict[str, Any], settings: Settings) -> MixWish:
    formats = tuple(dict.fromkeys(("flac", *wanted["formats"]))) if wanted["formats"] else USUAL_FORMATS
    values = {**wanted, "formats": formats, "crossfade": settings.crossfade, "artist": settings.artist}
    if values["title"] is not None:
        values["title"] = one_line(values["title"])
    try:
        return MixWish(sources=sources_of(shelf, slugs), **values)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadBrief(f"--{first['loc'][0]} cannot be {first['input']!r}: {first['msg'].lower()}.") from None


def _show_plan(project: MixProject, shelf: Shelf, out: Console, *, as_json: bool) -> None:
    planned = mix_plan(project, shelf)
    if as_json:
        print_json({**project.model_dump(mode="json", exclude={"slug"}), "starts": planned.starts})
        return
    out.print(Text(project.title, style="bold"))
    out.print(mix_table(project, planned.starts))
    out.print(Text(f"{len(project.tracks)} tracks, {clock(planned.frames / planned.rate)}"))


def _show(made: LongMix, shelf: Shelf, out: Console, *, as_json: bool) -> None:
    folder = shelf.mix(made.slug).folder
    if as_json:
        print_json({"folder": str(folder), **made.model_dump(mode="json")})
        return
    project, mix = made.project, made.mix
    out.print()
    out.print(Text(project.title, style="bold"))
    out.print(mix_table(project, mix.starts))
    out.print(joints_table(made))
    out.print(Text(f"Mix {clock(mix.seconds)}, {mix.loudness:.1f} LUFS, {mix.true_peak:.1f} dBTP"))
    out.print(Text(f"It is all in {folder}"), soft_wrap=True)
