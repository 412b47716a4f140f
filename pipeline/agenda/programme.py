"""The programme: which themes, how often and when, and within which budgets. A frozen form of programme.toml."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from pipeline.agenda.languages import LANGUAGES
from pipeline.agenda.times import Hemisphere, Hours, Months, Seasons, Weekdays, names, season_of, texts
from pipeline.domain.brief import LIMITS, THEME_LIMIT
from pipeline.domain.line import one_line
from pipeline.domain.noun import Noun

GIGABYTE = 10**9
_FIELDS_OF_CRON = 5
_HOURS, _MINUTES = 24 * 28, 24 * 60 * 28
_LONGEST = timedelta(days=28)
_ANY = datetime(2000, 1, 1, tzinfo=UTC)


def whole(low: int, high: int) -> object:
    """Return what a whole number between two others must be."""
    return Field(strict=True, ge=low, le=high)


class AtKey(ValueError):
    """What is wrong with a table as a whole, said of the `key` in it that a person should look at."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


def _interval(most: int) -> object:
    """Return what an interval must be: a whole number from 1 to `most`, or None where there is none."""

    def check(count: int | None) -> int | None:
        if count is not None and not 1 <= count <= most:
            raise ValueError(f"{count} is no interval: write a whole number from 1 to {most}, or take the line out")
        return count

    return AfterValidator(check)


def _cron(text: str) -> str:
    """Let a cron line through that fires one day. ValueError says what is wrong with any other."""
    fields = text.split()
    if len(fields) != _FIELDS_OF_CRON:
        raise ValueError(f"{text!r} has not five fields: minute, hour, day, month, weekday")
    if (unread := _unread(text)) and _unread(" ".join([*fields[:3], "*", fields[4]])):
        raise ValueError(f"{text!r} cannot be read: look at its {unread}")
    if unread:
        raise ValueError(f"{text!r} never fires: there is no such day in its months")
    try:
        next(CronSim(text, _ANY))
    except StopIteration:
        raise ValueError(f"{text!r} never fires") from None
    return text


def _unread(text: str) -> str:
    """Return which field of a cron line cannot be read or met; "" where all can."""
    try:
        CronSim(text, _ANY)
    except CronSimError as error:
        return str(error).removeprefix("Bad ")
    return ""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"there is no timezone {name!r}; they are written like Europe/Berlin") from None
    return name


def _theme(words: str) -> str:
    line = one_line(words)
    if not 0 < len(line) <= THEME_LIMIT:
        raise ValueError(f"a theme has from 1 to {THEME_LIMIT} characters")
    return line


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"there is no language {code!r}; it is written as two letters of ISO 639-1, such as ja")
    return code


class Theme(Noun):
    """What the label makes albums of. () stands for any: style as the writer likes, every month, weekday and hour."""

    name: str
    words: Annotated[tuple[Annotated[str, AfterValidator(_theme)], ...], BeforeValidator(texts), Field(min_length=1)]
    """Each wording is a theme as `lofi make` takes it; they take turns."""
    weight: Annotated[float, Field(strict=True, ge=0, le=1000)] = 1.0
    """How often it comes, beside the others; one of weight 0 rests."""
    styles: Annotated[tuple[str, ...], BeforeValidator(names)] = ()
    seasons: Seasons = ()
    months: Months = ()
    weekdays: Weekdays = ()
    hours: Hours = ()
    languages: Annotated[tuple[Annotated[str, AfterValidator(_language)], ...], BeforeValidator(names)] = ()
    """Of the titles; () is the label's own setting."""

    @model_validator(mode="after")
    def _one_way_to_say_when(self) -> Theme:
        if self.seasons and self.months:
            raise ValueError("give seasons or months, not both")
        return self

    def fits(self, local: datetime, hemisphere: Hemisphere) -> bool:
        """Whether it may come at this time of the year, week and day."""
        return (
            (not self.seasons or season_of(local.month, hemisphere) in self.seasons)
            and (not self.months or local.month in self.months)
            and (not self.weekdays or local.weekday() in self.weekdays)
            and (not self.hours or local.hour in self.hours)
        )

    def says(self, words: str) -> bool:
        """Whether an album's theme is this one."""
        return words.casefold() in (each.casefold() for each in self.words)


class Shape(Noun):
    """What every album has: tracks, seconds of each, takes of each to choose from."""

    tracks: Annotated[int, whole(*LIMITS["tracks"])] = 8
    seconds: Annotated[float, Field(strict=True, ge=LIMITS["seconds"][0], le=LIMITS["seconds"][1])] = 120.0
    takes: Annotated[int, whole(*LIMITS["takes"])] = 2


class Rules(Noun):
    """What keeps the label from repeating itself."""

    theme_days: Annotated[int, whole(0, 365)] = 4
    """Days before a theme comes again."""
    tries: Annotated[int, whole(1, 100)] = 3
    """How often an album that fails is begun or gone on with before it is left to a person."""
    hemisphere: Hemisphere = "north"
    seed: Annotated[int, whole(0, 2**31)] = 0
    """What all chance comes from."""


class Budgets(Noun):
    """What a day may cost and how much may pile up. None is no limit."""

    gpu_minutes: Annotated[float, Field(strict=True, gt=0, le=1440)] | None = None
    """Minutes a day in which parts with a trained model render."""
    albums: Annotated[int, whole(1, 1000)] | None = None
    """Albums begun a day."""
    free_gb: Annotated[float, Field(strict=True, ge=0, le=10**6)] = 5.0
    """Gigabytes (10^9 bytes) of the disk that are left free."""
    unreviewed: Annotated[int, whole(1, 10**6)] | None = None
    """Albums waiting for a person at most."""


class Schedule(Noun):
    """When an album is asked for: by cron lines, or every so many hours and minutes."""

    cron: Annotated[tuple[Annotated[str, AfterValidator(_cron)], ...], BeforeValidator(texts)] = ()
    every_hours: Annotated[int | None, Field(strict=True), _interval(_HOURS)] = None
    every_minutes: Annotated[int | None, Field(strict=True), _interval(_MINUTES)] = None
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"

    @model_validator(mode="after")
    def _one_way(self) -> Schedule:
        given = [key for key in ("every_minutes", "every_hours") if getattr(self, key) is not None]
        if self.cron and given:
            raise AtKey(given[0], "give cron, or every_hours and every_minutes, not both: take one of them out")
        if self.every > _LONGEST:
            raise AtKey(given[0], "every_hours and every_minutes together are at most 28 days")
        return self

    @property
    def every(self) -> timedelta:
        """The interval; nought where there is none."""
        return timedelta(hours=self.every_hours or 0, minutes=self.every_minutes or 0)

    @property
    def zone(self) -> ZoneInfo:
        """The timezone the day, the hours and the cron lines are in."""
        return ZoneInfo(self.timezone)

    @property
    def anchor(self) -> datetime:
        """The moment intervals are counted from: a midnight of the timezone, long ago."""
        return datetime(2000, 1, 1, tzinfo=self.zone).astimezone(UTC)


class Programme(Noun):
    """All that the agenda is told by a person."""

    themes: Annotated[tuple[Theme, ...], Field(min_length=1)]
    album: Shape = Shape()
    rules: Rules = Rules()
    budgets: Budgets = Budgets()
    schedule: Schedule = Schedule()

    @field_validator("themes")
    @classmethod
    def _one_may_come(cls, themes: tuple[Theme, ...]) -> tuple[Theme, ...]:
        if not any(theme.weight for theme in themes):
            raise ValueError("every weight is 0, so that no theme ever comes")
        return themes

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the programme's timezone."""
        return moment.astimezone(self.schedule.zone)

    def fitting(self, moment: datetime) -> tuple[Theme, ...]:
        """Return the themes that may come at a moment."""
        local = self.local(moment)
        return tuple(theme for theme in self.themes if theme.weight and theme.fits(local, self.rules.hemisphere))

    def theme_of(self, words: str) -> Theme | None:
        """Return the theme an album is of; None where it is none of these."""
        return next((theme for theme in self.themes if theme.says(words)), None)


__all__ = ["GIGABYTE", "Budgets", "Programme", "Rules", "Schedule", "Shape", "Theme"]
