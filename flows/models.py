"""The verb `models`: which trained models there are, which are here, and how to fetch the others."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table
from rich.text import Text

from flows.printing import console, print_json
from flows.tables import rows_table
from pipeline.inventory import Stock, take_stock
from pipeline.licences import UNKNOWN
from pipeline.settings import Settings
from pipeline.weights.hub import Published

DAMAGED = 1
_SAID = {
    "absent": "no",
    "incomplete": "INCOMPLETE",
    "damaged": "DAMAGED",
    "whole": "yes",
    "verified": "yes, hash right",
}


def list_models(settings: Settings, *, check: bool, as_json: bool) -> None:
    """Print every known model and how it stands here. Exits 1 when one is damaged or incomplete."""
    stock = list(take_stock(settings, check=check))
    if as_json:
        print_json([_record(held) for held in stock])
    else:
        _print(stock, settings, check=check)
    if any(held.state in ("damaged", "incomplete") for held in stock):
        raise click.exceptions.Exit(DAMAGED)


def _print(stock: list[Stock], settings: Settings, *, check: bool) -> None:
    out = console(wide=160)
    own = [held for held in stock if held.own]
    if own:
        out.print("Your own:")
        out.print(_table(own))
        out.print("\nPublished:")
    out.print(_table([held for held in stock if not held.own]))
    out.print(Text("* named by the settings. Disk and memory are approximate; memory is the weights alone, in float32"))
    out.print(Text(f"and in half precision. The hub's cache is {settings.hub.expanduser()}."), soft_wrap=True)
    for held in stock:
        if held.why:
            out.print(Text(f"{held.model.name}, {held.model.layout}: {held.why}"), soft_wrap=True)
    # What nobody has chosen is nothing that is missing.
    lacking = [held for held in stock if held.remedy and (held.chosen or held.state != "absent")]
    if lacking:
        out.print(Text("\nTo fetch what the settings name, or to mend what is here:"))
    for held in lacking:
        out.print(Text(f"  {held.remedy}"), soft_wrap=True)
    out.print(Text("\nWhat fetches the others: lofi models --json, under fetch."))
    if not check and any(held.state == "whole" for held in stock):
        out.print(Text("lofi models --check compares what is here with the hashes it was published with."))


def _table(stock: list[Stock]) -> Table:
    return rows_table(
        ("Model", "For", "Licence", "Layout", "Disk", "Memory", "Here"),
        [
            (
                ("* " if held.chosen else "  ") + str(Published(held.model.name, held.revision)),
                held.model.part,
                UNKNOWN if held.model.licence.startswith(UNKNOWN) else held.model.licence,
                held.model.layout,
                _size(held.model.bytes),
                "/".join(_size(held.model.memory(width)) for width in (4, 2)),
                _SAID[held.state],
            )
            for held in stock
        ],
    )


def _size(count: int | None) -> str:
    if count is None:
        return "?"
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{count / 1e6:.0f} MB"


def _record(held: Stock) -> dict[str, Any]:
    model = held.model
    return {
        "name": model.name,
        "part": model.part,
        "licence": model.licence,
        "commercial": model.commercial,
        "layout": model.layout,
        "bytes": model.bytes,
        "memory": {"float32": model.memory(4), "bfloat16": model.memory(2)},
        "state": held.state,
        "place": None if held.place is None else str(held.place),
        "why": held.why,
        "hash": {"verified": True, "damaged": False}.get(held.state),
        "setting": held.chosen,
        "revision": held.revision,
        "fetch": held.fetch,
        "remedy": held.remedy,
    }
