"""The verbs `approve`, `reject` and `release`: what a person allows to leave the house, and the folder it leaves in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

from rich.text import Text

from flows.finding import decider, find_work
from flows.printing import KEPT, console, print_json
from flows.progress import Going
from pipeline.catalogue import Catalogue
from pipeline.domain.kit import Platform
from pipeline.domain.line import one_line
from pipeline.errors import BadBrief, BadSettings
from pipeline.kit.feed import base_address
from pipeline.library import open_library
from pipeline.release.make import Desk, release
from pipeline.release.make import decide as enter
from pipeline.release.podcast import Podcast
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.steps.credits import LABEL

_MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")


def decide(name: str, settings: Settings, *, approved: bool, note: str, author: str | None) -> None:
    """Enter a person's word on the version of an album or mix that is on the shelf. Raises LofiError."""
    if not approved and not note.strip():
        raise BadBrief("--note: a rejection says why.", 'Such as --note "the second track breaks off".')
    out = console()
    with open_library(settings) as (shelf, catalogue):
        folder = find_work(shelf, name)
        desk = _desk(shelf, catalogue, settings, author)
        version = enter(desk, folder, approved=approved, note=one_line(note))
        said = "approved" if approved else "rejected"
        out.print(Text(f"{folder.slug} is {said} by {desk.author}, in version {version[:12]}."), soft_wrap=True)
        before = any(made.decision == "released" for made in catalogue.decisions(folder.slug))
    if before and not approved:
        out.print(
            "It was released before: take down what was uploaded. Its kits stay in releases/ until you remove them; "
            "the podcast's feed leaves it out from the next release on.",
            soft_wrap=True,
        )


def release_work(
    name: str, platform: str, settings: Settings, *, commercial: bool, author: str | None, as_json: bool
) -> None:
    """Make the kit of an approved album or mix, or say where it is. Raises LofiError."""
    out = console(to_stderr=as_json)
    podcast = _podcast(settings) if platform == "podcast" else None
    with open_library(settings) as (shelf, catalogue), Going(out) as going:
        folder = find_work(shelf, name)

        def report(what: str, share: float) -> None:
            going.report(what, round(1000 * share), 1000)

        desk = _desk(shelf, catalogue, settings, author, report, podcast)
        try:
            kit, place = release(desk, folder, cast(Platform, platform), commercial=commercial)
        except KeyboardInterrupt as stopped:
            stopped.add_note(KEPT)
            raise
    if as_json:
        print_json({"folder": str(place.folder), **kit.model_dump(mode="json")})
        return
    for part in kit.files:
        out.print(Text(f"{part.file.bytes:>13,}  {part.file.path}"), soft_wrap=True)
    out.print(Text(f"It is all in {place.folder}"), soft_wrap=True)
    if podcast is not None:
        out.print(Text(f"Upload the folder {place.folder.parent} as {podcast.base}"), soft_wrap=True)


def _desk(
    shelf: Shelf,
    catalogue: Catalogue,
    settings: Settings,
    author: str | None,
    report: Callable[[str, float], None] = lambda _, __: None,
    podcast: Podcast | None = None,
) -> Desk:
    return Desk(shelf, catalogue, decider(author), datetime.now(UTC), settings.disclosure, podcast, report)


def _podcast(settings: Settings) -> Podcast:
    if settings.site is None:
        raise BadSettings(
            "A podcast's feed names the address of every file, and there is no LOFI_SITE.",
            "Set it to where the folder releases/podcast will lie: LOFI_SITE=https://example.org/lofi/",
        )
    if settings.mail is not None and not _MAIL.fullmatch(settings.mail):
        raise BadSettings(
            f"LOFI_MAIL cannot be {settings.mail!r}.", "It looks like name@example.org; without one is fine."
        )
    author = settings.artist or LABEL
    return Podcast(
        base=base_address(settings.site),
        title=settings.podcast or author,
        author=author,
        mail=settings.mail,
        disclosed=settings.disclosure,
    )
