"""Units and small values with rules of their own."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import core_schema

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""A duration in seconds."""

Lufs = Annotated[float, Field(allow_inf_nan=False)]
"""Integrated loudness after ITU-R BS.1770-4, in LUFS."""

Bpm = Annotated[float, Field(gt=0, le=400, allow_inf_nan=False)]
"""Tempo in quarter notes a minute."""

Seed = Annotated[int, Field(ge=0, lt=2**63)]
"""Where all chance in a render comes from."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in lower-case hex."""

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
"""A folder name that is safe on every file system."""


def derive_seed(seed: int, *path: str | int) -> int:
    """Return a seed for one part of the work, independent of every other path below the same seed.

    Hashing keeps a take's seed the same however many takes or tracks were asked for beside it.
    """
    text = "/".join(str(part) for part in (seed, *path))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


_NAMES = {
    "major": ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"),
    "minor": ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}
"""The spelling with the fewest accidentals, as musicians write it."""
_PITCH_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True, order=True)
class Key:
    """A musical key: `tonic` as a pitch class (C = 0 .. B = 11) and a mode. Written "A minor"."""

    tonic: int
    mode: Literal["major", "minor"]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "A minor", "Bb major" or "F# minor"; ValueError on anything else."""
        match = re.fullmatch(r"([A-G])([#b]?) (major|minor)", text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a key such as 'A minor' or 'Bb major'")
        letter, accidental, mode = match.groups()
        shift = {"": 0, "#": 1, "b": -1}[accidental]
        return cls((_PITCH_CLASSES[letter] + shift) % 12, "major" if mode == "major" else "minor")

    def __str__(self) -> str:
        return f"{_NAMES[self.mode][self.tonic]} {self.mode}"

    @property
    def relative(self) -> Key:
        """The key with the same seven notes and the other mode."""
        if self.mode == "major":
            return Key((self.tonic + 9) % 12, "minor")
        return Key((self.tonic + 3) % 12, "major")

    @property
    def camelot(self) -> tuple[int, Literal["A", "B"]]:
        """The place on the Camelot wheel: 1 to 12, A for minor and B for major (A minor is 8A)."""
        major = self if self.mode == "major" else self.relative
        number = (major.tonic * 7 + 7) % 12 + 1
        return number, "B" if self.mode == "major" else "A"

    def fifths_to(self, other: Key) -> int:
        """Return how far around the wheel another key lies, whatever its mode: 0 to 6."""
        around = abs(self.camelot[0] - other.camelot[0])
        return min(around, 12 - around)

    def steps_to(self, other: Key) -> int:
        """Return how many steps on the wheel lead to another key: 1 to a fifth or to the relative, 7 at most."""
        return self.fifths_to(other) + (self.mode != other.mode)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def read(value: object) -> Key:
            return value if isinstance(value, Key) else cls.parse(str(value))

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )
