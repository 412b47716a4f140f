"""Which of several comes next: the one the catalogue has least of beside its weight; equal ones by the day's chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from pipeline.agenda.programme import Programme, Theme
from pipeline.agenda.taste import Taste
from pipeline.domain.past import Made, Past
from pipeline.domain.units import Seed, derive_seed

_UNIT = 2.0**63


class Candidate(NamedTuple):
    """One that may come: its name, what it weighs after what people said of it, and how many there are of it."""

    name: str
    weight: float
    made: int


def least(candidates: Sequence[Candidate], chance: Seed) -> Candidate:
    """Return the one the catalogue has least of, by weight.

    Counts over weights are compared, as where shares are handed out in turn, with less than one album of chance added
    to each: so the shares are kept to within an album, and the order is not the same round again and again.
    """

    def waited(each: Candidate) -> float:
        return (each.made + derive_seed(chance, each.name) / _UNIT) / each.weight

    return min(candidates, key=waited)


def choose_theme(themes: Sequence[Theme], past: Past, chance: Seed) -> tuple[Theme, tuple[str, ...]]:
    """Return one of the themes, and why this one."""
    found = {theme.name: past.of(_of_theme(theme)) for theme in themes}
    tastes = {name: Taste.of(albums) for name, albums in found.items()}
    candidates = [
        Candidate(theme.name, theme.weight * tastes[theme.name].factor, len(found[theme.name])) for theme in themes
    ]
    best = least(candidates, chance)
    theme = next(theme for theme in themes if theme.name == best.name)
    said = tastes[theme.name].why
    if not best.made:
        return theme, ("there was no album of it before", *filter(None, (said,)))
    if len(themes) == 1:
        return theme, ("it is the only theme that may come now", *filter(None, (said,)))
    fewest = f"{_albums(best.made)} of it, the fewest beside its weight of the {len(themes)} themes that may come now"
    return theme, (fewest, *filter(None, (said,)))


def choose_style(theme: Theme, past: Past, chance: Seed) -> tuple[str | None, str]:
    """Return one of the theme's styles, and why; None where the theme leaves it to the writer."""
    if not theme.styles:
        return None, ""
    of_theme = past.of(_of_theme(theme))
    candidates, tastes = [], {}
    for style in theme.styles:
        tastes[style] = Taste.of(past.of(_of_style(style)))
        count = sum(album.style == style for album in of_theme)
        candidates.append(Candidate(style, tastes[style].factor, count))
    best = least(candidates, chance)
    said = [tastes[best.name].why] if tastes[best.name].why else []
    if len(candidates) > 1 and of_theme:
        said.insert(0, f"{best.made} of its {_albums(len(of_theme))} in this style")
    return best.name, f"{best.name}: {'; '.join(said)}" if said else ""


def choose_turn(of_each: Sequence[str], taken: Sequence[str | None], chance: Seed) -> str | None:
    """Return the one that was taken least often; None of none."""
    if not of_each:
        return None
    folded = [each.casefold() for each in taken if each is not None]
    return least([Candidate(each, 1.0, folded.count(each.casefold())) for each in of_each], chance).name


def chance_of(programme: Programme, day: date, count: int) -> Seed:
    """Return where the chance of a day's `count`th album comes from."""
    return derive_seed(programme.rules.seed, day.isoformat(), count)


def fresh_seed(chance: Seed, past: Past) -> Seed:
    """Return a seed that no album has, short enough to be typed."""
    taken = {album.seed for album in past.albums}
    tries = (derive_seed(chance, "seed", number) % 2**31 for number in range(len(taken) + 1000))
    return next(seed for seed in tries if seed not in taken)


def _albums(number: int) -> str:
    return f"{number} album{'' if number == 1 else 's'}"


def _of_theme(theme: Theme) -> Callable[[Made], bool]:
    return lambda album: theme.says(album.theme)


def _of_style(style: str) -> Callable[[Made], bool]:
    return lambda album: album.style == style
