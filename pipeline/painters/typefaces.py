"""Typefaces from packages, and which of them can set a text.

Nothing is ever drawn with a glyph the font lacks: a run goes to the first face in the chain that has it, scripts no
face has are romanised, pictographs are left out. Right-to-left lines are set only when one face has the whole line
and Pillow can shape it (raqm); otherwise they are romanised too.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from anyascii import anyascii
from fontTools.ttLib import TTCollection, TTFont
from PIL import ImageFont, features

from pipeline.errors import BackendUnavailable


@dataclass(frozen=True)
class Face:
    """One font file of a package; `index` counts within a collection; `embolden` thickens by a share of the size."""

    package: str
    file: str
    index: int = 0
    embolden: float = 0.0

    @property
    def path(self) -> Path:
        """Where the file is. Raises BackendUnavailable when its package is not installed."""
        return _folder(self.package) / self.file

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The font at a size in pixels."""
        return ImageFont.truetype(str(self.path), size, index=self.index)


@lru_cache(maxsize=16)
def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise BackendUnavailable(
            f"The typeface package {package} is not installed.",
            f"Install it with: pip install {package.replace('_', '-')}",
        )
    return Path(spec.submodule_search_locations[0])


_SERIF = Face("font_source_serif_pro", "files/SourceSerifPro-Semibold.ttf")
_SANS = Face("font_manrope", "files/Manrope-ExtraBold.ttf")
_SANS_SMALL = Face("font_manrope", "files/Manrope-SemiBold.ttf")
_HAND = Face("font_amatic_sc", "files/AmaticSC-Bold.ttf")
# The collection's order of regional forms: Japanese, Korean, simplified and traditional Chinese.
_REGIONS = {"ja": 0, "ko": 1, "zh": 2}


@dataclass(frozen=True)
class Family:
    """A voice for an album: the chain for titles, the chain for small lines, and how it likes to be set."""

    name: str
    title: tuple[Face, ...]
    small: tuple[Face, ...]
    leading: float
    """Line height in sizes."""
    scale: float
    """How much larger than a plain face it must be to look as large."""
    capitals: bool


FAMILIES = (
    Family("serif", (_SERIF, _SANS), (_SANS_SMALL, _SERIF), 1.08, 1.0, False),
    Family("grotesk", (_SANS, _SERIF), (_SANS_SMALL, _SERIF), 1.1, 0.92, False),
    Family("hand", (_HAND, _SANS), (_SANS_SMALL, _SERIF), 0.98, 1.4, True),
)


def chain(faces: tuple[Face, ...], language: str) -> tuple[Face, ...]:
    """The faces to try in order, with East Asian and Hebrew ones behind them."""
    asian = Face("noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc", _REGIONS.get(language, 0), 0.016)
    return (*faces, asian, *(face for face in (_HAND,) if face not in faces))


@lru_cache(maxsize=16)
def characters(face: Face) -> frozenset[int]:
    """The code points a face has a glyph for."""
    if face.path.suffix == ".ttc":
        with TTCollection(face.path, lazy=True) as collection:
            return frozenset(collection.fonts[face.index].getBestCmap())
    with TTFont(face.path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _joins(char: str) -> bool:
    """Whether a character only changes the one before it."""
    return unicodedata.category(char) in ("Mn", "Me", "Cf")


def _right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text)


def face_for(char: str, faces: tuple[Face, ...]) -> Face | None:
    """The first face that has the character, or None."""
    return next((face for face in faces if ord(char) in characters(face)), None)


def runs(text: str, faces: tuple[Face, ...]) -> list[tuple[str, Face]]:
    """Cut a settable line into runs of one face each. Every character must have a face: see `settable`."""
    if _right_to_left(text):
        whole = _one_face(text, faces)
        if whole is not None:
            return [(text, whole)]
    pieces: list[tuple[str, Face]] = []
    for char in text:
        face = face_for(char, faces)
        if face is None:
            continue
        last = pieces[-1] if pieces else None
        # A space stays with the run before it, so that a face change does not move the gap.
        if last is not None and (last[1] == face or (char == " " and ord(" ") in characters(last[1]))):
            pieces[-1] = (last[0] + char, last[1])
        else:
            pieces.append((char, face))
    return pieces


def _one_face(text: str, faces: tuple[Face, ...]) -> Face | None:
    return next((face for face in faces if all(ord(char) in characters(face) for char in text)), None)


def settable(text: str, faces: tuple[Face, ...]) -> str:
    """The nearest text these faces can set in full; "" when nothing is left of it."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if _right_to_left(line):
        kept = "".join(
            c for c in line if face_for(c, faces) is not None or unicodedata.bidirectional(c) in ("R", "AL", "AN")
        )
        kept = " ".join(kept.split())
        shaped = features.check("raqm") and _one_face(kept, faces) is not None
        # Without its pictographs: they would be spelt out (":cloud_rain:").
        spoken = "".join(c for c in line if unicodedata.category(c) not in ("So", "Sk", "Cf", "Mn"))
        line = kept if shaped else " ".join(anyascii(spoken).split())
    out: list[str] = []
    for char in line:
        if face_for(char, faces) is not None:
            out.append(char)
        elif unicodedata.category(char)[0] in "LN":
            # anyascii names pictographs (":cat:"); only letters and digits are worth romanising.
            out.append(anyascii(char))
        elif _joins(char) or unicodedata.category(char)[0] in "CSM":
            continue
        else:
            plain = anyascii(char)
            out.append(plain if plain.isascii() and len(plain) == 1 else " ")
    done = "".join(c for c in "".join(out) if face_for(c, faces) is not None)
    return " ".join(done.split()).strip()
