"""What goes and what stays, as it is told to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["take", "codes", "temporary file", "log", "catalogue backup", "upload"]


@dataclass(frozen=True)
class Gone:
    """A file that goes, or went. `path` is relative to the library."""

    kind: Kind
    path: str
    bytes: int


@dataclass(frozen=True)
class Stays:
    """Takes that stay, how many, and why."""

    takes: int
    why: str
