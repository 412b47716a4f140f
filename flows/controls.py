"""The controls of the studio page: the options of `lofi make` and `lofi render`, and the command lines made of them.

Nothing is listed twice: what the command line can do, the page can, with the same words and limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from pipeline.catalogue.jobs import Option
from pipeline.domain import brief
from pipeline.errors import BadBrief
from pipeline.review.orders import Control
from pipeline.studio import AUTO, PARTS, STUDIOS, is_part
from pipeline.wishes import LIMITS

_NOT_ON_A_PAGE = {"theme", "prompt", "library", "as_json", "plain", "trace", "dry_run", "out"}
"""Of a terminal alone, or asked for elsewhere on the page."""
_SOUNDS = {"opening", "melody"}
_STEPS = {"seconds": 5.0, "tempo": 1.0, "top_p": 0.05, "temperature": 0.1, "cfg_coef": 0.5, "stride": 1.0}
_RANGES = {"top_k": (0.0, 2048.0), "top_p": (0.0, 1.0), "temperature": (0.1, 4.0), "cfg_coef": (0.0, 20.0)}
_RANGES |= {"stride": (1.0, 29.0)}
_LIMITS: dict[str, Mapping[str, tuple[int, int]]] = {"make": brief.LIMITS, "render": LIMITS}


@dataclass(frozen=True)
class Menu:
    """What can be ordered: the verbs of the command line, by name."""

    commands: Mapping[str, click.Command]

    def controls(self, verb: str) -> tuple[Control, ...]:
        """Return what a verb can be asked for."""
        return tuple(_control(verb, option) for option in _options(self.commands[verb]))

    def line(
        self, verb: str, words: str, wanted: Mapping[str, Option], library: Path, uploaded: Callable[[str], Path]
    ) -> list[str]:
        """Return the command line that makes what was ordered. Raises BadBrief, in the command line's own words.

        `uploaded` gives the file of a sound that was handed in.
        """
        command = self.commands[verb]
        line = [verb, "--json", "--library", str(library)]
        line += _given({str(option.name): option for option in _options(command)}, verb, wanted, uploaded)
        line += ["--", words]
        try:
            command.make_context(verb, line[1:])
        except click.ClickException as error:
            raise BadBrief(" ".join(error.format_message().split())) from None
        return line


def _given(
    options: Mapping[str, click.Option], verb: str, wanted: Mapping[str, Option], uploaded: Callable[[str], Path]
) -> list[str]:
    """Return the options of a command line."""
    line: list[str] = []
    for name, value in wanted.items():
        if name not in options:
            raise BadBrief(f"There is no control {name!r}.", f"There are: {', '.join(options)}.")
        option = options[name]
        if value is None or value == "" or value is False:  # 0 is a number like any other
            continue
        known = _parts(verb, name)
        foreign = (name, verb) == ("ambience", "render") and is_part(name, str(value)) and value not in PARTS[name]
        if foreign or (known and value not in known):
            raise BadBrief(f"There is no {name} {str(value)!r} to choose here.", f"There are: {', '.join(known)}.")
        if option.is_flag:
            line.append(option.opts[0])
        elif option.multiple:
            line += [part for each in str(value).split(",") for part in (option.opts[0], each.strip())]
        else:
            line += [option.opts[0], str(uploaded(str(value)) if name in _SOUNDS else _plain(value))]
    return line


def _help(verb: str, name: str, option: click.Option) -> str:
    """Return what an option does, without what is for a terminal alone: its default, and modules of one's own."""
    said = (option.help or "").split("  [")[0]
    return f"{said.split(':')[0]}." if _parts(verb, name) and name != "studio" else said


def _parts(verb: str, name: str) -> tuple[str, ...]:
    """Return the parts of a role by name: a page offers what is known, never a module of anybody's choosing."""
    if name == "studio":
        return tuple(STUDIOS)
    if name in PARTS and (name, verb) != ("ambience", "render"):
        return (AUTO, *PARTS[name])
    return ()


def _plain(value: Option) -> Option:
    """Return 3 for 3.0: a page knows no whole numbers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _options(command: click.Command) -> list[click.Option]:
    params = command.params
    return [param for param in params if isinstance(param, click.Option) and param.name not in _NOT_ON_A_PAGE]


def _control(verb: str, option: click.Option) -> Control:
    name = str(option.name)
    low, high = _LIMITS[verb].get(name) or _RANGES.get(name) or (None, None)
    kind = option.type
    whole = isinstance(kind, type(click.INT))
    number = whole or isinstance(kind, type(click.FLOAT))
    default = option.default if isinstance(option.default, str | int | float | bool) else None
    choices = tuple(map(str, kind.choices)) if isinstance(kind, click.Choice) else _parts(verb, name)
    return Control(
        name=name,
        label=option.opts[0].removeprefix("--").replace("-", " ").capitalize(),
        kind="sound"
        if name in _SOUNDS
        else "switch"
        if option.is_flag
        else "choice"
        if choices
        else "number"
        if number
        else "text",
        default=default,
        low=low,
        high=None if name == "seed" else high,
        step=None if not number else 1.0 if whole else _STEPS.get(name, 1.0),
        choices=choices,
        help=_help(verb, name, option),
    )
