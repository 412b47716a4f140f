"""Names made from titles."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pipeline.domain import Slug
from pipeline.shelf import AlbumFolder
from pipeline.shelf.names import safe_title, slug_of

FORBIDDEN = set('<>:"/\\|?*')
NASTY = ["", " ", ".", "..", "...", "-rf", "CON", "nul.txt", "com1", "lpt¹", "a/b\\c", "../../etc/passwd", "C:\\x",
         "a\0b", "line\nbreak", "\u202egnp.exe", "🌧️" * 60, "雨" * 90, "é" * 200, "e\u0301", "x" * 119 + "é", "CON " * 9,
         "trailing. . .", "~home", "%s 100%d", "`rm`", "$(x)", "\ud800", "👩‍👩‍👧‍👦" * 9,
         "\u200d", "a" * 116 + " .b"]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Rain On Tin", "rain-on-tin"),
        ("Café à Minuit", "cafe-a-minuit"),
        ("Øresund & Straße", "oresund-and-strasse"),
        ("Łódź — nocą", "lodz-noca"),
        ("Don't Wake Me", "dont-wake-me"),
        ("ＦＵＬＬ width", "full-width"),
        ("CON", "con-album"),
        ("  ..//Side B// ", "side-b"),
    ],
)
def test_a_slug_reads_like_the_title(title: str, slug: str) -> None:
    """Accents become plain letters, everything else becomes a hyphen."""
    assert slug_of(title) == slug


def test_titles_without_a_letter_get_slugs_of_their_own() -> None:
    """Two Chinese titles, or two rows of emoji, do not share a folder."""
    slugs = {slug_of(title) for title in ("雨天咖啡", "雨天书店", "🌧️", "🌙", "1999", "")}
    assert len(slugs) == 6
    assert all(re.fullmatch(r"album-[0-9a-f]{8}", slug) for slug in slugs)


@given(st.text(max_size=300))
def test_every_title_has_a_slug(title: str) -> None:
    """A slug is valid and at most 60 characters, whatever the title, and the same each time."""
    slug = slug_of(title)
    assert TypeAdapter(Slug).validate_python(slug) == slug
    assert len(slug) <= 60 + len("-album")
    assert slug_of(title) == slug


def the_facts_of_a_name(name: str) -> None:
    """What every file system asks of a name, and what a person expects of one."""
    assert 0 < len(name.encode()) <= 120
    assert not FORBIDDEN & set(name)
    assert all(unicodedata.category(char)[0] != "C" or char in "\u200c\u200d" for char in name)
    assert name == unicodedata.normalize("NFC", name) == name.strip()
    assert name[0] not in "-.~ " and name[-1] not in " ."
    assert name.split(".", maxsplit=1)[0].rstrip().lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9", "lpt¹"}


@pytest.mark.parametrize("title", NASTY)
def test_the_worst_titles_make_safe_names(title: str) -> None:
    """Paths, options, device names, direction marks and very long titles become harmless names."""
    the_facts_of_a_name(safe_title(title))


@given(st.text(max_size=300))
@example("CON" + "." * 50 + "x" * 119)
@example("x" * 119 + ". y")
def test_every_title_makes_a_safe_name(title: str) -> None:
    """A title goes into a file name as one component that every file system takes."""
    name = safe_title(title)
    the_facts_of_a_name(name)
    assert safe_title(name) == name


@pytest.mark.parametrize(
    ("title", "name"),
    [("Slow Drops", "Slow Drops"), ("AC/DC: Live?", "AC-DC- Live"), ('"Hush"', "'Hush'"), ("雨天", "雨天"), ("…", "…")],
)
def test_an_ordinary_title_stays_readable(title: str, name: str) -> None:
    """Only what a file system forbids is changed."""
    assert safe_title(title) == name


@pytest.mark.parametrize("title", NASTY)
def test_a_file_named_after_any_title_can_be_written_and_found(tmp_path: Path, title: str) -> None:
    """The track's file lands in tracks/, and is the only thing that was written."""
    folder = AlbumFolder(tmp_path, "rain-on-tin")
    path = folder.track_path(3, title, "flac")
    folder.write_bytes(path, b"sound")
    written = [place for place in tmp_path.rglob("*") if place.is_file()]
    assert [place.parent for place in written] == [tmp_path / "tracks"]
    assert written[0].name.startswith("03 - ") and written[0].suffix == ".flac"
    assert folder.path(path).read_bytes() == b"sound"
