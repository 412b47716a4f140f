"""Type on pictures: what a viewer can read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.painters.legibility import LEAST_CONTRAST, contrast, luminance
from pipeline.painters.lettering import Setting, Spot, calmest, fit, imprint
from pipeline.painters.typefaces import FAMILIES, chain, characters, runs, settable
from pipeline.painters.wrapping import shortened

SIDE = 400
SPOT = Spot((28, 28, SIDE - 28, 150))
TITLES = (
    "Q",
    "Rain",
    "Margins and Rain",
    "The Long Way Home Through Streets That Have Forgotten Our Names and Kept a Light On for Us All Night Long",
    "x" * 120,
    "雨の図書館",
    "深夜咖啡店的爵士乐" * 13,
    "밤의 도서관",
    "ليلة ممطرة في المكتبة",
    "לילה גשום בספרייה",
    "Ночной поезд",
    "☔ rainy 🎧 night 🌙",
    "कॉफ़ी और बारिश",
    "🎧🌙",
    "Café № 9 — “déjà vu”…",
    "e\u0301te\u0301 a\u200db",
)


def mottled(low: int, high: int) -> np.ndarray:
    noise = np.random.default_rng(1).integers(low, high, (SIDE, SIDE, 3), dtype=np.uint8)
    small = Image.fromarray(noise).resize((40, 40)).resize((SIDE, SIDE))
    return np.array(small)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize("title", TITLES)
def test_any_title_stays_inside_its_place(title: str, family: object) -> None:
    """From one letter to 120, in any script: nothing leaves the frame, nothing is too small to read."""
    setting = Setting(title, "LO-FI · CHILLHOP", family)  # type: ignore[arg-type]
    block = fit(setting, SPOT, (SIDE, SIDE))
    x0, y0, x1, y1 = block.box
    assert x0 >= SPOT.box[0] - 4 and x1 <= SPOT.box[2] + 4
    assert y0 >= SPOT.box[1] - 4 and y1 <= SPOT.box[3] + 6
    assert block.size >= setting.smallest * SIDE * 0.95


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize("title", TITLES)
def test_no_empty_box_is_ever_drawn(title: str, family: object) -> None:
    """Every character that is drawn has a glyph in the face it is drawn with."""
    faces = chain(family.title, "en")  # type: ignore[attr-defined]
    for run, face in runs(settable(title, faces), faces):
        assert all(ord(char) in characters(face) for char in run)


def test_what_no_face_has_is_romanised_or_left_out() -> None:
    """Arabic and Devanagari come out in Latin letters, pictographs not at all, and words stay apart."""
    faces = chain(FAMILIES[0].title, "en")
    assert settable("☔ rainy 🎧 night 🌙", faces) == "rainy night"
    assert settable("🎧🌙", faces) == ""
    assert not {":", "_"} & set(settable("🌧️📚 ليلة ممطرة noche", faces))
    for title in ("ليلة ممطرة", "कॉफ़ी और बारिश"):
        line = settable(title, faces)
        assert line.isascii() and len(line) > 3 and " " in line


def test_scripts_a_face_has_are_kept() -> None:
    """Accents, Cyrillic, Chinese, Japanese, Korean and Hebrew are set as they are."""
    faces = chain(FAMILIES[1].title, "ja")
    for title in ("déjà vu", "Ночной поезд", "雨の図書館", "밤의 도서관", "深夜咖啡"):
        assert settable(title, faces) == title


@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1, max_size=120))
def test_no_text_at_all_breaks_the_setting(title: str) -> None:
    """Whatever a writer comes up with, setting it neither fails nor leaves the frame."""
    block = fit(Setting(title, title, FAMILIES[0]), SPOT, (SIDE, SIDE))
    assert block.box[0] >= 0 and block.box[2] <= SIDE and block.box[3] <= SIDE


@pytest.mark.parametrize("ground", [(0, 60), (60, 200), (120, 136), (200, 255), (0, 255)])
def test_type_stands_out_from_any_ground(ground: tuple[int, int]) -> None:
    """On dark, middling, light or wild ground the contrast on the actual pixels is at least 4.5 to 1."""
    picture = mottled(*ground)
    block = fit(Setting("Margins and Rain", "LO-FI", FAMILIES[1]), SPOT, (SIDE, SIDE))
    set_ = imprint(picture, block, (251, 241, 220), (9, 14, 28))
    inside = block.mask > 250
    x0, y0, x1, y1 = set_.box
    beside = np.zeros_like(inside)
    beside[y0:y1, x0:x1] = True
    reach = np.asarray(Image.fromarray(block.mask).filter(_wider())) > 127
    beside &= (block.mask == 0) & reach
    letter = float(np.median(luminance(picture[inside])))
    behind = luminance(picture[beside])
    assert set_.contrast >= LEAST_CONTRAST
    assert contrast(letter, float(np.percentile(behind, 95))) >= LEAST_CONTRAST * 0.98
    assert contrast(letter, float(np.percentile(behind, 5))) >= LEAST_CONTRAST * 0.98


def _wider() -> object:
    from PIL import ImageFilter

    return ImageFilter.MaxFilter(5)


def test_lines_are_even() -> None:
    """A title on several lines has no lonely last word."""
    spot = Spot((28, 28, 200, 300))
    block = fit(
        Setting("The Slow Train to Somewhere Quiet", "", FAMILIES[1], smallest=0.07, biggest=0.07), spot, (SIDE, SIDE)
    )
    lengths = [len(line) for line in block.lines]
    assert len(lengths) > 1
    assert min(lengths) > max(lengths) / 3


def test_a_thumbnail_has_at_most_four_words() -> None:
    """A long title is cut to its first clause, without a dangling small word."""
    assert shortened("Margins and Rain") == "Margins and Rain"
    assert shortened("Blue Hour: Songs for the Last Train") == "Blue Hour"
    assert shortened("Walking Home with the Rain") == "Walking Home"
    assert all(len(shortened(title).split()) <= 4 and shortened(title) for title in TITLES)


def test_type_keeps_off_the_moon() -> None:
    """Where the calmest ground has the moon in it, the title stands elsewhere."""
    picture = mottled(60, 64)
    spots = (SPOT, Spot((28, 250, SIDE - 28, SIDE - 28), "left", "bottom"))
    blocks = [fit(Setting("Harbour", "", FAMILIES[0]), spot, (SIDE, SIDE)) for spot in spots]
    first, calm = calmest(picture, blocks)
    other, still = calmest(picture, blocks, [blocks[first].box])
    assert other != first
    assert still < 1
    assert calmest(picture, blocks[first : first + 1], [blocks[first].box])[1] > calm + 0.9
