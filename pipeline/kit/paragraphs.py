"""Text of several lines, made safe line by line, and cut to a number of bytes where nothing else helps."""

from __future__ import annotations

from pipeline.domain.line import one_line
from pipeline.kit.fit import octets


def paragraphs(text: str) -> str:
    """Return text whose lines are clean and whose paragraphs are one empty line apart.

    What is left is allowed in XML 1.0: line ends and letters, no control or direction characters, no halves of signs.
    """
    lines: list[str] = []
    for line in map(one_line, text.split("\n")):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip("\n")


def clipped(text: str, limit: int) -> str:
    """Return the whole lines of `text` that fit into `limit` bytes of UTF-8, "…" in place of the rest."""
    if octets(text) <= limit:
        return text
    lines = text.split("\n")
    while lines and octets("\n".join([*lines, "…"])) > limit:
        lines.pop()
    if lines:
        return "\n".join([*lines, "…"])
    return text.encode()[: limit - 3].decode(errors="ignore") + "…"
