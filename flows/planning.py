"""The verb `agenda`: what the schedule brings in the next days, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from rich.text import Text

from flows.printing import console, counted, print_json
from flows.tables import rows_table
from pipeline.agenda import Entry, Past, Planned, Programme, Rest, coming, next_album, read_programme
from pipeline.library import library_past, open_to_look
from pipeline.settings import Settings
from pipeline.shelf.atomic import free_bytes


def agenda(settings: Settings, *, days: float, as_json: bool) -> None:
    """Print the plan of the next days: when, what, and why; and what would be made now."""
    programme, now = read_programme(settings.prompts), datetime.now(UTC)
    past = past_of(settings, programme, now)
    first, planned = next_album(programme, past, now), coming(programme, past, now, days)
    if as_json:
        print_json({"now": _record(first), "days": days, "planned": [_of_planned(each) for each in planned]})
        return
    out = console(wide=160)
    _print_now(first, programme)
    if not planned:
        out.print(Text(f"The schedule brings nothing in the next {counted_days(days)}."), soft_wrap=True)
        return
    out.print(Text(f"The next {counted_days(days)}, in {programme.schedule.timezone}, if nothing is decided:\n"))
    out.print(rows_table(("When", "Theme", "Style", "Why"), _rows(planned, programme)))


def past_of(settings: Settings, programme: Programme, now: datetime) -> Past:
    """Return the past of the library that the settings name; an empty one where there is no library yet."""
    if not (settings.library / "catalogue.db").exists() and not (settings.library / "albums").is_dir():
        return Past(free_bytes=free_bytes(settings.library.absolute()), day=programme.local(now).date())
    with open_to_look(settings) as (shelf, catalogue):
        return library_past(shelf, catalogue, programme.schedule.zone, now)


def counted_days(days: float) -> str:
    """Return "1 day" or "7 days"."""
    return counted(int(days), "day") if days == int(days) else f"{days:g} days"


def _print_now(first: Entry | Rest, programme: Programme) -> None:
    out = console(wide=160)
    if isinstance(first, Rest):
        until = f" Until {_clock(first.until, programme)}." if first.until else ""
        out.print(Text(f"Now: nothing. {first.why}{until}\n"), soft_wrap=True)
        return
    shape = f"{counted(first.tracks, 'track')} of {first.seconds:g} s, {counted(first.takes, 'take')} of each"
    out.print(Text(f"Now: “{first.theme}”, {first.style or 'style as the theme suggests'}; {shape}."), soft_wrap=True)
    for why in first.why:
        out.print(Text(f"  {why}"), soft_wrap=True)
    out.print()


def _rows(planned: Sequence[Planned], programme: Programme) -> list[tuple[str, str, str, str]]:
    """Return a row an album, and one for each row of rests that have one reason."""
    rows = []
    for resting, group in groupby(planned, key=lambda each: each.what if isinstance(each.what, Rest) else None):
        several = list(group)
        for each in several[:1] if resting else several:
            when, what = _clock(each.when, programme), each.what
            if isinstance(what, Entry):
                rows.append((when, what.theme, what.style or "–", "; ".join(what.why)))
            else:
                more = f" The same at {counted(len(several) - 1, 'more time')}." if len(several) > 1 else ""
                rows.append((when, "–", "–", f"{what.why}{more}"))
    return rows


def _clock(moment: datetime, programme: Programme) -> str:
    return programme.local(moment).strftime("%a %d %b %H:%M")


def _of_planned(each: Planned) -> dict[str, Any]:
    return {"when": each.when.isoformat(), **_record(each.what)}


def _record(what: Entry | Rest) -> dict[str, Any]:
    return {"kind": "album" if isinstance(what, Entry) else "rest", **what.model_dump(mode="json")}
