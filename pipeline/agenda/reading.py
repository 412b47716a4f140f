"""Reads prompts/programme.toml. A mistake is one line with the file, the line and the reason."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from pipeline.agenda.programme import AtKey, Budgets, Programme, Rules, Schedule, Shape, Theme
from pipeline.agenda.ticks import hours_met
from pipeline.domain.noun import Noun
from pipeline.errors import BadBrief, PromptError
from pipeline.prompts import Bank, find_style, load_bank, styles

FILE = "programme.toml"
_THEMES = "themes"
_TABLES: Mapping[str, type[Noun]] = {"album": Shape, "rules": Rules, "budgets": Budgets, "schedule": Schedule}
_ANY_YEAR = 2024
"""A leap year: every month, weekday and day is in it."""
_PLAINLY = {"a valid tuple": "a list", "a valid string": "text", "a valid integer": "a whole number", "input ": "it "}
_Shape = TypeVar("_Shape", bound=Noun)


def read_programme(folder: Path | None = None) -> Programme:
    """Read the programme of a prompts folder (the shipped one when None). Raises PromptError."""
    return programme_of(load_bank(FILE, folder), styles(folder))


def programme_of(bank: Bank, known_styles: Collection[str]) -> Programme:
    """Return what a file says. Raises PromptError for the first mistake in it."""
    for name in bank.data:
        if name not in (_THEMES, *_TABLES):
            raise bank.at(_unknown(name, (_THEMES, *_TABLES), "table"), name)
    tables = {name: _read(bank, shape, (name,), bank.data.get(name, {})) for name, shape in _TABLES.items()}
    themes = [_theme(bank, name, given, known_styles) for name, given in _themes(bank).items()]
    _require_different(bank, themes)
    try:
        made = Programme(themes=tuple(themes), **tables)
    except ValidationError as error:
        raise bank.at(_reason(error), _THEMES) from None
    _require_they_come(bank, made)
    return made


def _themes(bank: Bank) -> dict[str, object]:
    found = bank.data.get(_THEMES)
    if not isinstance(found, dict) or not found:
        raise bank.at("there is no theme: write at least one table such as [themes.rain]", _THEMES)
    return found


def _theme(bank: Bank, name: str, given: object, known_styles: Collection[str]) -> Theme:
    path = (_THEMES, name)
    if isinstance(given, dict) and "name" in given:
        raise bank.at(f"[themes.{name}] has its name in the brackets; take the line `name` out", *path, "name")
    theme = _read(bank, Theme, path, {"name": name, **given} if isinstance(given, dict) else given)
    meant = []
    for style in theme.styles:
        try:
            meant.append(find_style(style, known_styles))
        except BadBrief as unknown:
            reason = f"[themes.{name}] styles: {unknown.message.removesuffix('.')}. {unknown.remedy.removesuffix('.')}"
            raise bank.at(reason, *path, "styles", holding=style) from None
    return theme.but(styles=tuple(dict.fromkeys(meant)))


def _read(bank: Bank, shape: type[_Shape], path: tuple[str, ...], given: object) -> _Shape:
    """Read a table as a record. Raises PromptError with the line of what is wrong."""
    heading = f"[{'.'.join(path)}]"
    if not isinstance(given, dict):
        raise bank.at(f"{heading} must be a table of lines such as weight = 2", *path)
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        whole = first.get("ctx", {}).get("error")
        field = whole.key if isinstance(whole, AtKey) else str(first["loc"][0]) if first["loc"] else ""
        holding = first["input"] if isinstance(first["input"], str) else ""
        if first["type"] == "extra_forbidden":
            keys = [key for key in shape.model_fields if key != "name"]
            reason = f"{heading} {_unknown(field, keys, 'key')}"
        elif first["type"] == "missing":
            reason, field = f"{heading} has no {field}", ""
        else:
            reason = f"{heading} {field}: {_reason(error)}".replace(" :", ":")
        raise bank.at(reason, *path, *filter(None, (field,)), holding=holding) from None


def _reason(error: ValidationError) -> str:
    """Return in plain words what the first mistake is."""
    first = error.errors()[0]
    if first["type"] in ("value_error", "assertion_error"):
        return str(first["ctx"]["error"])
    given = repr(first["input"]) if isinstance(first["input"], str | int | float) else type(first["input"]).__name__
    wanted = f"{first['msg'][0].lower()}{first['msg'][1:]}"
    for told, plain in _PLAINLY.items():
        wanted = wanted.replace(told, plain)
    return f"{given} is not right: {wanted}"


def _unknown(name: str, known: Collection[str], what: str) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"perhaps '{near[0]}' is meant" if near else f"known: {', '.join(known)}"
    return f"there is no {what} {name!r}; {hint}"


def _require_different(bank: Bank, themes: list[Theme]) -> None:
    """Raise PromptError where two themes have a wording in common: their albums could not be told apart."""
    owners: dict[str, str] = {}
    for theme in themes:
        for words in theme.words:
            first = owners.setdefault(words.casefold(), theme.name)
            if first != theme.name:
                reason = f"[themes.{theme.name}] words: {words!r} is in [themes.{first}] already"
                raise bank.at(reason, _THEMES, theme.name, "words", holding=words)


def _require_they_come(bank: Bank, programme: Programme) -> None:
    """Raise PromptError for a theme whose time is never when the schedule fires."""
    narrow = [theme for theme in programme.themes if theme.weight and (theme.hours or theme.weekdays or theme.months)]
    narrow += [theme for theme in programme.themes if theme.weight and theme.seasons and theme not in narrow]
    met = hours_met(programme, _ANY_YEAR) if narrow else frozenset()
    for theme in narrow if met else ():
        if not any(theme.fits(local, programme.rules.hemisphere) for local in met):
            keys = ("hours", "weekdays", "months", "seasons")
            key = next(key for key in keys if getattr(theme, key))
            reason = f"[themes.{theme.name}] never comes: the schedule never fires at such a time"
            raise bank.at(reason, _THEMES, theme.name, key)


__all__ = ["FILE", "PromptError", "programme_of", "read_programme"]
