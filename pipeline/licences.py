"""Licences of trained models: how they are written, what a model card says, whether what a model makes may be sold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.domain import Backend

UNKNOWN = "unknown"

_SPELLED = {
    name.lower(): name
    for name in (
        "Apache-2.0", "MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Unlicense",
        "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0",
        "CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0",
    )
} | {"openrail++": "CreativeML OpenRAIL++-M", "creativeml-openrail-m": "CreativeML OpenRAIL-M"}  # fmt: skip
"""How the hub's identifiers are written elsewhere."""

_FREE = {
    "apache-2.0", "mit", "isc", "bsd-2-clause", "bsd-3-clause", "unlicense",
    "cc0-1.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0",
    "openrail", "openrail++", "creativeml-openrail-m", "creativeml-openrail++-m", "bigscience-openrail-m",
}  # fmt: skip
"""Licences that let whoever has the model sell what it makes. Some have rules of use all the same."""

_CARD = "README.md"
_CARD_LIMIT = 256 * 1024
"""Bytes read of a model card: its licence stands at the top."""


def may_be_sold(licence: str) -> bool:
    """Whether what a model or part under a licence makes may be sold without asking anybody.

    Only licences that are known to allow it do: "unknown" and whatever nobody has heard of do not. What follows in
    brackets, as in "Apache-2.0 (synthesised by this software)", is a remark.
    """
    return re.sub(r"\s+", "-", licence.partition(" (")[0].strip().lower()) in _FREE


def in_words(licence: str) -> str:
    """Return a licence as it is said to a person."""
    usual = licence.removeprefix(f"{UNKNOWN}: ")
    return licence if usual == licence else f"{UNKNOWN} licence, while {usual}"


def not_for_sale(makers: Iterable[Backend]) -> str:
    """Return under which licences, of what, music by these makers may not be sold; "" where it may be."""
    bound: dict[str, list[str]] = {}
    for by in makers:
        models = [(model.licence, model.name) for model in by.weights]
        alone = [(by.licence, by.name)] if by.licence not in {licence for licence, _ in models} else []
        for licence, name in (*models, *alone):
            if not may_be_sold(licence) and name not in bound.setdefault(licence, []):
                bound[licence].append(name)
    said = [f"{in_words(licence)} ({', '.join(names)})" for licence, names in bound.items() if names]
    return f"{'; '.join(said)}: not for sale" if said else ""


def licence_on_card(folder: Path) -> str | None:
    """Return the licence that the model card in a folder names, or None without one.

    The hub's cards are README.md files that open with a few lines of YAML, of which `license: apache-2.0` is one.
    A card is written by whoever made the model: nothing but a plain identifier is taken from it.
    """
    try:
        with (folder / _CARD).open(encoding="utf-8") as file:
            text = file.read(_CARD_LIMIT)
    except (OSError, UnicodeDecodeError):
        return None
    front = re.match(r"\ufeff?---\s*\n(.*?)\n---", text, re.DOTALL)
    said = _value(front[1], "license") if front else None
    if front is None or said is None:
        return None
    if said.lower() == "other":
        return f"other: {_value(front[1], 'license_name') or 'see its model card'}"
    return _SPELLED.get(said.lower(), said)


def _value(front: str, key: str) -> str | None:
    """Return a plain value of the top level of some YAML."""
    found = re.search(rf"^{key}:[ \t]*([\"']?)([\w.+-]{{1,60}})\1[ \t]*(?:#.*)?$", front, re.MULTILINE | re.ASCII)
    return found[2] if found else None
