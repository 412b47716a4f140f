"""The verb `prune`: what the library can do without, what stays, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click
from rich.text import Text

from flows.printing import console, counted, print_json
from pipeline.errors import LofiError
from pipeline.library import open_library, open_to_look
from pipeline.pruning import AlbumSorted, Gone, leftovers, prune_takes, remove_leftovers, sort_takes
from pipeline.settings import Settings


def show_what_goes(settings: Settings, *, days: float, as_json: bool) -> None:
    """Print what would go and what stays. Changes nothing."""
    now = datetime.now(UTC)
    before = now - timedelta(days=days)
    with open_to_look(settings) as (shelf, catalogue):
        albums = [sort_takes(folder, catalogue, before) for folder in shelf.albums()]
        left = leftovers(shelf, catalogue, before, now)
    _say(albums, left, dry_run=True, as_json=as_json)


def prune(settings: Settings, *, days: float, as_json: bool) -> None:
    """Let go of what may go, and print what went and what stays."""
    now = datetime.now(UTC)
    before = now - timedelta(days=days)
    albums, failed = list[AlbumSorted](), list[LofiError]()
    with open_library(settings) as (shelf, catalogue):
        # First, for what is noted of the takes needs a little room as well, and the disk may be full.
        left = leftovers(shelf, catalogue, before, now)
        remove_leftovers(shelf, left)
        for folder in shelf.albums():
            try:
                albums.append(prune_takes(folder, catalogue, before, now))
            except LofiError as error:  # one album that cannot be written to does not keep the others
                failed.append(error)
    _say(albums, left, dry_run=False, as_json=as_json)
    for each in failed:
        click.echo(f"lofi: {each}", err=True)
    if failed:
        raise click.exceptions.Exit(failed[0].exit_code)


def _say(albums: Sequence[AlbumSorted], left: Sequence[Gone], *, dry_run: bool, as_json: bool) -> None:
    gone = [*(file for album in albums for file in album.gone), *left]
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "bytes": sum(file.bytes for file in gone),
                "files": [asdict(file) for file in gone],
                "stays": [{"album": album.slug, **asdict(stays)} for album in albums for stays in album.stays],
            }
        )
        return
    out = console()
    if not gone:
        out.print(Text("Nothing to prune."))
    for album in albums:
        if album.gone:
            out.print(Text(f"{album.slug}: {_summed(album.gone)}"), soft_wrap=True)
    for file in left:
        out.print(Text(f"{file.path}: {file.kind}, {size(file.bytes)}"), soft_wrap=True)
    if gone:
        verb = "Would go" if dry_run else "Gone"
        again = " A take is rendered again where it is wanted." if any(file.kind == "take" for file in gone) else ""
        out.print(Text(f"{verb}: {_summed(gone)}.{again}"), soft_wrap=True)
    for line in _staying(albums):
        out.print(Text(line), soft_wrap=True)


def _staying(albums: Iterable[AlbumSorted]) -> list[str]:
    """Return a line for each reason why takes stay: how many, and of how many albums."""
    takes, of = Counter[str](), defaultdict[str, int](int)
    for album in albums:
        for stays in album.stays:
            takes[stays.why] += stays.takes
            of[stays.why] += 1
    lines = sorted(takes, key=lambda why: (-takes[why], why))
    return [f"Stays: {counted(takes[why], 'take')} of {counted(of[why], 'album')}: {why}" for why in lines]


def _summed(files: Sequence[Gone]) -> str:
    """Return "3 takes and 3 codes, 12 MB"."""
    kinds = Counter(file.kind for file in files)
    said = [f"{number} codes" if kind == "codes" else counted(number, kind) for kind, number in kinds.items()]
    return f"{', '.join(said)}; {size(sum(file.bytes for file in files))}"


def size(count: int) -> str:
    """Return bytes as a person reads them."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return counted(count, "byte")
