"""The still picture reads well whatever the cover and the words are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.audio.chapters import chapters
from pipeline.errors import Damaged
from pipeline.painters.legibility import contrast, luminance
from pipeline.video.levels import BANDS
from pipeline.video.planes import Rgb, to_planes, to_values
from pipeline.video.sheet import COLUMN, COVER, HEIGHT, WIDTH, sheet
from pipeline.video.strip import NAME, Strip

TITLES = (
    "Rain",
    "🌙🐈🌧",
    "",
    "שלום עולם",
    "雨の図書館で夜更かしをする",
    "supercalifragilistic" * 20,
    "a\x00b\nc \u202e d" * 9,
)
COLOURS: tuple[Rgb, ...] = ((255, 255, 255), (0, 0, 0), (128, 128, 128), (255, 40, 30), (20, 60, 255), (250, 240, 60))


def cover(folder: Path, colour: Rgb, size: tuple[int, int] = (400, 400)) -> Path:
    """Make a cover of one colour with a darker half."""
    art = np.full((size[1], size[0], 3), colour, np.uint8)
    art[size[1] // 2 :] //= 2
    Image.fromarray(art).save(folder / "cover.png")
    return folder / "cover.png"


def bright(colour: Rgb) -> float:
    return float(luminance(np.array(colour, np.uint8)))


@pytest.mark.parametrize("colour", COLOURS)
def test_type_and_pills_read_on_every_cover(tmp_path: Path, colour: Rgb) -> None:
    """White, black, grey or loud: type has a contrast of 7 at least, and what moves of 4.5."""
    still = sheet(cover(tmp_path, colour), "", "", "en")
    luma = still.planes.luma[:, COLUMN[0] : COLUMN[1]]
    ground = int(np.percentile(np.rint((luma.astype(float) - 16) / 219 * 255), 99))
    behind = bright((ground, ground, ground))
    assert contrast(bright(still.hues.ink), behind) > 7
    assert contrast(bright(still.hues.accent), behind) > 4.5


@pytest.mark.parametrize("title", TITLES)
def test_words_of_any_kind_stay_in_their_place(tmp_path: Path, title: str) -> None:
    """Pictographs, Hebrew, Japanese, control characters, a word without end: type keeps to its column."""
    blank = sheet(cover(tmp_path, (60, 90, 120)), "", "", "en")
    still = sheet(tmp_path / "cover.png", title, title, "en")
    written = np.abs(still.planes.luma.astype(int) - blank.planes.luma) > 60
    assert not written[:, : COLUMN[0] - 8].any()
    assert not written[:, COLUMN[1] + 8 :].any()
    assert not written[640:].any()
    strip = Strip(still, chapters([0, 500], [title, "next"], 1000), 100, 10.0, "en")
    drawn = strip.drawn(np.zeros(BANDS, np.float32), 0.0).copied()
    assert (drawn.rows(NAME).luma > 150).any()  # its number at least


def test_the_cover_is_whole_and_sharp(tmp_path: Path) -> None:
    """Fine lines of the cover are still lines; one that is not square shows its middle undistorted."""
    art = np.zeros((1600, 2000, 3), np.uint8)
    art[:, 0:2000:8] = art[:, 1:2000:8] = art[:, 2:2000:8] = art[:, 3:2000:8] = 255
    Image.fromarray(art).save(tmp_path / "cover.png")
    still = sheet(tmp_path / "cover.png", "t", "a", "en")
    assert (WIDTH, HEIGHT) == (1920, 1080)
    line = still.planes.luma[500, COVER[0] + 10 : COVER[2] - 10]
    assert np.ptp(line) > 200
    assert np.abs(np.diff((line > 126).astype(int))).sum() == pytest.approx(2 * 780 / 4, abs=3)


def test_a_file_that_is_no_picture_is_damaged(tmp_path: Path) -> None:
    """It is named, whether it is missing, empty or something else."""
    for data in (None, b"", b"not a picture at all", b"\x89PNG\r\n\x1a\n"):
        if data is not None:
            (tmp_path / "cover.png").write_bytes(data)
        with pytest.raises(Damaged, match=r"cover\.png"):
            sheet(tmp_path / "cover.png", "t", "a", "en")


def test_colours_are_those_of_the_standard() -> None:
    """White is 235, black is 16, and pure red, green and blue lie where BT.709 has them."""
    assert to_values((255, 255, 255)) == pytest.approx((235, 128, 128), abs=0.01)
    assert to_values((0, 0, 0)) == pytest.approx((16, 128, 128), abs=0.01)
    assert to_values((255, 0, 0)) == pytest.approx((62.6, 102.3, 240), abs=0.1)
    assert to_values((0, 0, 255)) == pytest.approx((31.8, 240, 117.7), abs=0.1)
    flat = to_planes(np.full((70, 64, 3), (0, 255, 0), np.uint8))
    assert (flat.luma == 173).all()
    assert flat.blue.shape == flat.red.shape == (35, 32)
    assert np.ptp(flat.blue) == np.ptp(flat.red) == 0
