"""Other people's words inside Markdown: shown as they are, whatever signs are in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pipeline.domain.line import one_line

_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~&!$^])")
"""Signs that mean something inside a line or a cell of a table."""
_OPENERS = re.compile(r"^([#+=:-])|^(\d{1,9})([.)])")
"""What begins a block at the start of a line: a heading, a list, a rule."""
_ADDRESS = re.compile(r"(?i)(https?|ftp|mailto|xmpp):|\b(www)\.")
"""What readers of GitHub's dialect turn into links by themselves."""


def escaped(text: str) -> str:
    r"""Return `text` as one line of Markdown that shows just these characters.

    Addresses get a backslash too (https\://), so that no title becomes a link.
    """
    line = _SIGNS.sub(r"\\\1", one_line(text))
    line = _ADDRESS.sub(lambda match: f"{match[1]}\\:" if match[1] else f"{match[2]}\\.", line)
    return _OPENERS.sub(lambda match: f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}", line)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. Every cell is escaped; ValueError for a row of another length."""
    lines = [_row(heads), _row(["---"] * len(heads), raw=True)]
    for row in rows:
        if len(row) != len(heads):
            raise ValueError(f"a row of {len(row)} cells in a table of {len(heads)}")
        lines.append(_row(row))
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str], *, raw: bool = False) -> str:
    return "| " + " | ".join(cell if raw else escaped(cell) or " " for cell in cells) + " |"
