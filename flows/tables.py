"""An album as tables: for a terminal, and as Markdown for Prefect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from pipeline.audio.chapters import clock
from pipeline.domain import Album, AlbumPlan, LongMix, MixProject


def _table(*columns: tuple[str, bool]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name, right in columns:
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    return table


def album_table(album: Album) -> Table:
    """Draw the finished album: what each track is and why its take was chosen."""
    table = _table(
        ("#", True), ("Title", False), ("Length", True), ("LUFS", True), ("BPM", True),
        ("Key", False), ("Score", True), ("Why this take", False),
    )  # fmt: skip
    for track in album.tracks:
        table.add_row(
            str(track.position),
            # Text, not markup: a title may contain square brackets.
            Text(track.title),
            clock(track.seconds),
            f"{track.loudness:.1f}",
            f"{track.tempo:.1f}",
            str(track.key),
            f"{track.score:.2f}",
            Text(f"take {track.take}: {track.why}"),
        )
    return table


def plan_table(plan: AlbumPlan) -> Table:
    """Draw an album on paper."""
    table = _table(
        ("#", True), ("Title", False), ("Length", True), ("BPM", True), ("Key", False),
        ("Groove", False), ("Instruments", False), ("Ambience", False),
    )  # fmt: skip
    for track in plan.tracks:
        table.add_row(
            str(track.number),
            Text(track.title),
            clock(track.seconds),
            f"{track.tempo:.0f}",
            str(track.key),
            track.groove,
            ", ".join(track.instruments),
            track.ambience or "",
        )
    return table


def mix_table(project: MixProject, starts: Sequence[int]) -> Table:
    """Draw the order of a long mix: where each track begins, what was measured of it, and why it stands there."""
    table = _table(
        ("#", True), ("At", True), ("Title", False), ("Album", False), ("BPM", True), ("Key", False), ("", False),
        ("LUFS", True), ("Energy", True), ("After the one before", False),
    )  # fmt: skip
    for number, (track, start) in enumerate(zip(project.tracks, starts, strict=True), 1):
        table.add_row(
            str(number),
            clock(start / project.rate),
            Text(track.title),
            f"{track.album}/{track.number:02d}",
            "–" if track.tempo is None else f"{track.tempo:.1f}",
            "–" if track.key is None else str(track.key),
            "" if track.key is None else "".join(map(str, track.key.camelot)),
            f"{track.loudness:.1f}",
            f"{track.energy:.2f}",
            Text(track.why),
        )
    return table


def joints_table(made: LongMix) -> Table:
    """Draw the joints of a long mix: how long, what meets, and the level before, during and after."""
    table = _table(
        ("Into", True), ("At", True), ("Length", True), ("On", False), ("Matched", True),
        ("Before", True), ("During", True), ("After", True),
    )  # fmt: skip
    for number, joint in enumerate(made.mix.joints, 2):
        table.add_row(
            str(number),
            clock(joint.start / made.mix.rate),
            f"{joint.frames / made.mix.rate:.1f} s",
            joint.on or "",
            f"{joint.matched:+.1f} %" if joint.matched else "",
            f"{joint.before:.1f} dB",
            f"{joint.during:.1f} dB",
            f"{joint.after:.1f} dB",
        )
    return table


def mixes_table(mixes: Sequence[Mapping[str, Any]]) -> Table:
    """Draw the long mixes of a library, as `lofi list --json` has them."""
    rows = []
    for mix in mixes:
        status = str(mix["status"]).replace("_", " ") if mix["on_shelf"] else "not on the shelf"
        tracks = "–" if mix["tracks"] is None else str(mix["tracks"])
        length = "–" if mix["seconds"] is None else clock(mix["seconds"])
        made = (
            datetime.fromisoformat(mix["finished"]).astimezone().strftime("%Y-%m-%d %H:%M") if mix["finished"] else "–"
        )
        rows.append((mix["slug"], mix["title"], status, tracks, length, made))
    return rows_table(("Mix", "Title", "Status", "Tracks", "Length", "Made"), rows)


def rows_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Draw plain rows of text."""
    table = _table(*((name, False) for name in columns))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def ranked_markdown(album: Album) -> str:
    """Write every take of every track, ranked, as a Markdown table."""
    lines = [
        f"# {_cell(album.plan.title)}",
        "",
        "| Track | Take | Score | Chosen | What the judge says |",
        "| --- | ---: | ---: | :---: | --- |",
    ]
    chosen = {(track.number, track.take) for track in album.tracks}
    # Not the plan's: they may have changed places.
    titles = {track.number: f"{track.position}. {_cell(track.title)}" for track in album.tracks}
    ranked = sorted(
        zip(album.takes, album.verdicts, strict=True),
        key=lambda pair: (pair[0].order.track.number, not pair[1].passed, -(pair[1].total or 0.0)),
    )
    for take, verdict in ranked:
        order = take.order
        reasons = [gate.reason for gate in verdict.gates if not gate.passed] or [s.reason for s in verdict.scores]
        lines.append(
            f"| {titles[order.track.number]} | {order.index} "
            f"| {'–' if verdict.total is None else f'{verdict.total:.2f}'} "
            f"| {'✓' if (order.track.number, order.index) in chosen else ''} | {_cell('; '.join(reasons))} |"
        )
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Escape text for a Markdown table cell: what a model wrote must not become markup."""
    escaped = "".join(f"\\{char}" if char in r"\`*_{}[]<>()#|!~" else char for char in text)
    return " ".join(escaped.split())
