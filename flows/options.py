"""Options that several verbs of `lofi` have, and the settings they come to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.values import option

if TYPE_CHECKING:
    from pipeline.settings import Settings

FX = ("tape", "vinyl", "night", "worn", "none")


def with_library(verb: Callable[..., None]) -> Callable[..., None]:
    """Add where the albums are."""
    return option(
        "--library",
        type=click.Path(path_type=Path),
        help="Folder that holds the albums and the catalogue.  [default: output, or LOFI_LIBRARY]",
    )(verb)


PARTS = ("writer", "musician", "judge", "painter", "ambience")


_PART_HELP = {"ambience": "Who lays rain, a cafe or the sea under the tracks, such as audiogen"}


def with_part(role: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what adds the choice of one part of the studio."""
    what = _PART_HELP.get(role, f"Another {role} than the studio's")
    said = f"{what}: a name, auto, or module:Class.  [LOFI_{role.upper()}]"
    return option(f"--{role}", metavar="NAME", help=said)


def with_parts(verb: Callable[..., None]) -> Callable[..., None]:
    """Add the choice of every part of the studio."""
    for role in reversed(PARTS):
        verb = with_part(role)(verb)
    return verb


def with_author(verb: Callable[..., None]) -> Callable[..., None]:
    """Add who decides."""
    return option("--by", help="Who decides.  [default: your user name]")(verb)


def with_address(usual: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what adds where a page is served, at port `usual` where nobody says another, and to whom."""
    options = (
        option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            help="Address to serve at; beyond this machine it needs LOFI_TOKEN.",
        ),
        option(
            "--port",
            type=click.IntRange(0, 65535),
            help=f"Port; 0 for any that is free.  [default: {usual}, or the next free one]",
        ),
        option(
            "--allow-host",
            "names",
            multiple=True,
            metavar="NAME",
            help="Another name of this machine that browsers may use.",
        ),
        option("--no-open", is_flag=True, help="Do not open a browser."),
    )

    def add(verb: Callable[..., None]) -> Callable[..., None]:
        for add_one in reversed(options):
            verb = add_one(verb)
        return verb

    return add


def settings_of(**given: object) -> Settings:
    """Return the settings: what was `given` on the command line, else LOFI_ variables. Raises BadSettings."""
    from pipeline.settings import read_settings

    return read_settings(os.environ, **given)
