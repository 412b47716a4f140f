"""The verbs that go on by themselves: the agenda, the night shift, and the radio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flows.options import FX, settings_of, with_address, with_library, with_part, with_parts
from flows.values import argument, option


@click.command(short_help="Make albums by the programme, day and night.")
@option("--once", is_flag=True, help="Do one shift now, and end.")
@option("--now", is_flag=True, help="Do a shift at once as well, before the first of the schedule.")
@option("--status", is_flag=True, help="Say who is on shift, what is made, what was and what comes; then end.")
@option("--json", "as_json", is_flag=True, help="With --status: print as JSON.")
@option("--plain", is_flag=True, help="Work without Prefect.")
@option("--language", help="Language of titles where a theme names none, such as ja.  [LOFI_LANGUAGE]")
@option("--studio", help="Studio that makes the albums.  [default: offline, or LOFI_STUDIO]")
@with_parts
@option("--fx", "effects", type=click.Choice(FX), help="Lo-fi effects put on after judging.  [LOFI_EFFECTS]")
@with_library
@click.pass_context
def serve(
    context: click.Context,
    /,
    once: bool,
    now: bool,
    status: bool,
    as_json: bool,
    plain: bool,
    library: Path | None,
    **given: str | None,
) -> None:
    """Go on shift: make the albums of the programme when its schedule says so, until Ctrl-C or SIGTERM."""
    if as_json and not status:
        raise click.UsageError("--json goes with --status", context)
    wanted = {name: value for name, value in given.items() if value is not None}
    if not status:
        click.echo("Opening the library …")
    from flows import serve as serving

    settings = settings_of(library=library, **wanted)
    code = (
        serving.status(settings, as_json=as_json)
        if status
        else serving.serve(settings, wanted, once=once, now=now, plain=plain)
    )
    context.exit(code)


@click.command(short_help="Show what the schedule makes next, and why.")
@option(
    "--days", type=click.FloatRange(0, 366, min_open=True), default=7, show_default=True, help="How far to look ahead."
)
@option("--json", "as_json", is_flag=True, help="Print as JSON.")
@with_library
def agenda(days: float, as_json: bool, library: Path | None) -> None:
    """Show what the programme brings in the next days: when, which theme and style, and why; and why nothing."""
    from flows.planning import agenda as show_agenda

    show_agenda(settings_of(library=library), days=days, as_json=as_json)


@click.command(short_help="Be on the air: an endless stream from one sentence.")
@argument("theme")
@with_address(8766)
@option(
    "--listeners", type=click.IntRange(1, 5000), default=600, show_default=True, help="How many may listen at once."
)
@option("--studio", help="Studio that plays.  [default: offline, or LOFI_STUDIO]")
@with_part("musician")
@with_library
def radio(
    theme: str,
    host: str,
    port: int | None,
    names: tuple[str, ...],
    listeners: int,
    no_open: bool,
    **chosen: Any,
) -> None:
    """Play THEME without end: on a page that steers it, and in VLC or on a phone as MP3 and Opus."""
    click.echo("Opening the studio …")
    from flows.radio import Place, broadcast

    broadcast(theme, settings_of(**chosen), Place(host, port, names, listeners), show=not no_open)
