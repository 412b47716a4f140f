"""What to make next: what was begun is finished first, budgets are kept, and then a theme is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from pipeline.agenda.choosing import chance_of, choose_style, choose_theme, choose_turn, fresh_seed
from pipeline.agenda.entries import Entry, Rest
from pipeline.agenda.programme import GIGABYTE, Programme, Theme
from pipeline.agenda.times import MONTHS, WEEKDAYS
from pipeline.domain.past import Past, Unfinished

_LOOKS_AHEAD = 366 * 24
"""Hours that are searched for one in which a theme fits: what fits on no day of a year is refused when it is read."""


def next_album(programme: Programme, past: Past, now: datetime) -> Entry | Rest:
    """Return the album to make now, or why there is none. The same arguments give the same answer."""
    if rest := _no_room(programme, past) or _gpu_is_spent(programme, past, now):
        return rest
    if begun := next((each for each in past.unfinished if each.tries < programme.rules.tries), None):
        return _going_on(begun, _given_up(programme, past))
    if rest := _too_many(programme, past, now) or _gpu_would_be_spent(programme, past, now):
        return rest
    if not (themes := programme.fitting(now)):
        return _no_theme(programme, now)
    return _new(programme, past, now, themes)


def next_midnight(programme: Programme, now: datetime) -> datetime:
    """Return when the next day begins in the programme's timezone, in UTC."""
    tomorrow = programme.local(now).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), programme.schedule.zone).astimezone(UTC)


def _no_room(programme: Programme, past: Past) -> Rest | None:
    kept = programme.budgets.free_gb
    if past.free_bytes >= kept * GIGABYTE:
        return None
    free = past.free_bytes / GIGABYTE
    return Rest(
        why=f"The disk has {free:.1f} GB left, and {kept:g} GB are to stay free: make room (`lofi prune` helps).",
        until=None,
    )


def _gpu_is_spent(programme: Programme, past: Past, now: datetime) -> Rest | None:
    """Rest where today's GPU minutes are used up, also from what was begun: it goes on tomorrow."""
    budget, spent = programme.budgets.gpu_minutes, past.spent_on(programme.local(now).date())
    if budget is None or spent < budget:
        return None
    return Rest(
        why=f"Today's {budget:g} GPU minutes are used up ({spent:.0f} were rendered).",
        until=next_midnight(programme, now),
    )


def _gpu_would_be_spent(programme: Programme, past: Past, now: datetime) -> Rest | None:
    """Rest where another album would most likely not fit into today; the first of a day is always begun."""
    budget, spent = programme.budgets.gpu_minutes, past.spent_on(programme.local(now).date())
    usual = past.gpu_minutes_an_album
    if budget is None or usual is None or not spent or spent + usual <= budget:
        return None
    left = budget - spent
    return Rest(
        why=f"{left:.0f} of today's {budget:g} GPU minutes are left, and an album usually takes {usual:.0f}.",
        until=next_midnight(programme, now),
    )


def _too_many(programme: Programme, past: Past, now: datetime) -> Rest | None:
    most, waiting = programme.budgets.unreviewed, past.unreviewed
    if most is not None and waiting >= most:
        return Rest(
            why=f"{waiting} albums wait for you, and {most} may: listen to them first (`lofi review`).", until=None
        )
    a_day, begun = programme.budgets.albums, past.begun_on(programme.local(now).date(), programme.schedule.zone)
    if a_day is not None and begun >= a_day:
        return Rest(
            why=f"{begun} of at most {a_day} albums a day were begun today.", until=next_midnight(programme, now)
        )
    return None


def _no_theme(programme: Programme, now: datetime) -> Rest:
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for quarter in range(1, 4 * _LOOKS_AHEAD):  # there are timezones of whole quarters of an hour
        moment = hour + timedelta(minutes=15 * quarter)
        if moment > now and programme.fitting(moment):
            return Rest(why="No theme fits this time of the year, week and day.", until=moment)
    return Rest(why="No theme ever fits: look at the seasons, weekdays and hours of programme.toml.", until=None)


def _going_on(begun: Unfinished, notes: Sequence[str]) -> Entry:
    brief = begun.brief
    before = f" (its making failed {begun.tries} {'time' if begun.tries == 1 else 'times'})" if begun.tries else ""
    return Entry(
        theme=brief.theme,
        style=brief.style,
        language=brief.language,
        tracks=brief.tracks,
        seconds=brief.seconds,
        takes=brief.takes,
        seed=brief.seed,
        why=(f"“{begun.title}” was begun and not finished{before}: it is gone on with first", *notes),
        brief=brief,
    )


def _new(programme: Programme, past: Past, now: datetime, themes: Sequence[Theme]) -> Entry:
    local = programme.local(now)
    day, zone = local.date(), programme.schedule.zone
    chance = chance_of(programme, day, past.begun_on(day, zone) + past.failed_on(day))
    ago = {
        theme.name: min(
            ((day - album.created.astimezone(zone).date()).days for album in past.albums if theme.says(album.theme)),
            default=None,
        )
        for theme in themes
    }
    wait = programme.rules.theme_days
    rested = [theme for theme in themes if (last := ago[theme.name]) is None or last >= wait]
    if rested:
        theme, why = choose_theme(rested, past, chance)
    else:  # an endless label goes on: the one that came longest ago has to do
        theme = max(themes, key=lambda theme: ago[theme.name] or 0)
        lately = f"every theme that fits was made within {wait} days, and this one longest ago"
        why = (lately if len(themes) > 1 else "it is the only theme that may come now",)
    style, of_style = choose_style(theme, past, chance)
    same = past.of(lambda album: theme.says(album.theme))
    last = ago[theme.name]
    ever = "" if last is None else f"last made {_days(last)}"
    return Entry(
        theme=choose_turn(theme.words, [album.theme for album in same], chance) or theme.words[0],
        style=style,
        language=choose_turn(theme.languages, [album.language for album in same], chance),
        **programme.album.model_dump(),
        seed=fresh_seed(chance, past),
        why=tuple(filter(None, (*why, ever, of_style, _in_time(theme, local), *_given_up(programme, past)))),
    )


def _given_up(programme: Programme, past: Past) -> list[str]:
    return [
        f"“{each.title}” failed {each.tries} times and is left to you (`lofi show {each.slug}`)"
        for each in past.unfinished
        if each.tries >= programme.rules.tries
    ]


def _in_time(theme: Theme, local: datetime) -> str:
    """Say how the time suits a theme that may not always come."""
    suits = [f"{WEEKDAYS[local.weekday()]}"] if theme.weekdays else []
    suits += [MONTHS[local.month - 1]] if theme.months else []
    suits += [", ".join(theme.seasons)] if theme.seasons else []
    suits += [f"{local.hour}:00"] if theme.hours else []
    return f"it is for {' and '.join(suits)}" if suits else ""


def _days(number: int) -> str:
    return {0: "today", 1: "yesterday"}.get(number, f"{number} days ago")
