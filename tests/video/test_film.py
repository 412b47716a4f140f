"""A film shows the mix as it was made: a still picture, the track that plays, the music's breath, and its own sound."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sounds import RATE, clip, drums, note, place

from pipeline.audio.chapters import Chapter, chapters
from pipeline.audio.clip import Clip
from pipeline.audio.encode import encode, pieces
from pipeline.audio.ffmpeg import drain, find_ffmpeg
from pipeline.audio.tags import Tags
from pipeline.errors import BackendFailed, BackendUnavailable, Damaged
from pipeline.video.film import FPS, Film, write_film
from pipeline.video.strip import NAME, PILLS, STRIP

HOSTILE = ("one=;#\n[CHAPTER]\nSTART=0", "\"two\" 'ü' \\ 🌙🐈", "שלום עולם #3")
SILENT, SOFT, LOUD = slice(0, 4), slice(4, 8), slice(8, 12)
"""What there is to hear, in seconds."""


def band(seconds: float) -> Clip:
    """Play drums and held notes."""
    out = drums(90, seconds) * 0.3
    for second in range(int(seconds)):
        for pitch in (45, 57, 64, 72):
            place(out, note(pitch + second % 3, 1.5), second, 0.08)
    return clip(out)


def music() -> Clip:
    """Four seconds of silence, four of soft music, then loud music with a tail that fills no frame."""
    playing = band(8.437)
    silence = np.zeros((4 * RATE, 2), np.float32)
    half = 4 * RATE
    return Clip(np.concatenate((silence, playing.samples[:half] * np.float32(0.15), playing.samples[half:])), RATE)


def film(folder: Path, sound: Clip, titles: tuple[str, ...] = HOSTILE) -> Film:
    """Write what a film is made of."""
    tags = Tags(title="t", artist="a", album="b")
    encode(pieces(sound)(), RATE, {"flac": folder / "mix.flac", "m4a": folder / "mix.m4a"}, tags)
    ramp = np.linspace(40, 230, 600).astype(np.uint8)
    art = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :] // 2, np.uint8(60)), axis=-1)
    Image.fromarray(art).save(folder / "cover.png")
    starts = [round(n * sound.frames / len(titles)) for n in range(len(titles))]
    return Film(
        sound=folder / "mix.flac",
        aac=folder / "mix.m4a",
        cover=folder / "cover.png",
        title="A Very Long Night; of = #Rain 🌧 on the Tin Roof of the Library",
        artist="משה & the 夜の図書館 Band",
        chapters=chapters(starts, titles, sound.frames),
        rate=RATE,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Film, Path]:
    """A film of the music, and what it was made of."""
    folder = tmp_path_factory.mktemp("film")
    whole = film(folder, music())
    write_film(whole, folder / "film.part")
    return whole, folder / "film.part"


@pytest.fixture(scope="module")
def shown(made: tuple[Film, Path]) -> NDArray[np.uint8]:
    """The luma of every frame as a player shows it, [frames, 1080, 1920]."""
    arguments = ["-i", f"file:{made[1]}", "-map", "0:v", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"]
    every = b"".join(drain(["-color_range", "tv", *arguments], made[1], 1 << 22))
    return np.frombuffer(every, np.uint8).reshape(-1, 1080, 1920)


def said(path: Path) -> str:
    """Return what ffmpeg says of a file: there is no ffprobe."""
    command = [find_ffmpeg(), "-hide_banner", "-i", f"file:{path}"]
    return subprocess.run(command, capture_output=True, check=False).stderr.decode()


def packets(path: Path) -> bytes:
    """Return the hash of every packet of sound, and when it is heard."""
    return b"".join(
        drain(["-i", f"file:{path}", "-map", "0:a:0", "-c", "copy", "-f", "framemd5", "pipe:1"], path, 4096)
    )


def tall(frames: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return how many light pixels the pills have in each frame."""
    x0, y0, x1, _ = STRIP
    return (frames[:, y0 + PILLS[0] : y0 + PILLS[1], x0:x1] > 110).sum(axis=(1, 2)).astype(float)


def test_it_is_what_video_sites_and_players_take(made: tuple[Film, Path]) -> None:
    """1080p H.264 High in yuv420p of BT.709, and the index stands before the pictures."""
    stream = next(line for line in said(made[1]).splitlines() if "Video:" in line)
    for fact in ("h264 (High)", "yuv420p(tv, bt709", "1920x1080", f"{FPS} fps"):
        assert fact in stream
    head = made[1].read_bytes()[:200_000]
    assert 0 < head.find(b"moov") < head.find(b"mdat")


def test_the_sound_is_the_m4as_own(made: tuple[Film, Path]) -> None:
    """Every packet of sound is the one in the M4A, at its time: nothing was encoded again."""
    assert packets(made[1]) == packets(made[0].aac)


def test_the_picture_ends_with_the_sound(made: tuple[Film, Path], shown: NDArray[np.uint8]) -> None:
    """There is a picture to the end of the sound, and less than a frame more."""
    seconds = music().frames / RATE
    assert 0 <= len(shown) / FPS - seconds < 1 / FPS


def test_titles_of_any_kind_arrive_and_do_nothing(made: tuple[Film, Path]) -> None:
    """Every chapter has its title in one line and its place; title and artist are the mix's own."""
    arguments = ["-i", f"file:{made[1]}", "-f", "ffmetadata", "pipe:1"]
    text = b"".join(drain(arguments, made[1], 1 << 20)).decode()
    plain = re.sub(r"\\(.)", r"\1", text)
    assert text.count("[CHAPTER]\nTIMEBASE") == len(HOSTILE)
    for chapter in made[0].chapters:
        assert f"title={chapter.title}\n" in plain
    assert f"title={made[0].title}\n" in plain
    assert f"artist={made[0].artist}\n" in plain
    begins = [float(second) for second in re.findall(r"Chapter #0:\d+: start ([\d.]+)", said(made[1]))]
    assert begins == pytest.approx([chapter.start / RATE for chapter in made[0].chapters], abs=0.002)


def test_the_music_breathes_and_silence_is_still(shown: NDArray[np.uint8]) -> None:
    """Louder music makes taller pills, which move; in silence there are small ones that do not."""
    height = tall(shown)
    dots = height[FPS]
    height -= dots

    def during(part: slice) -> NDArray[np.float64]:
        return height[part.start * FPS + FPS : part.stop * FPS]

    assert dots > 500
    assert np.abs(during(SILENT)).max() <= 2
    assert 100 < during(SOFT).mean() < 0.7 * during(LOUD).mean()
    assert np.ptp(during(LOUD)) > 200
    # Like breath: from one frame to the next it never rises by a third of all it has.
    assert np.diff(height).max() < 0.33 * height.max()


def test_all_but_the_strip_stands_still(shown: NDArray[np.uint8]) -> None:
    """Outside the strip no pixel changes, also across a keyframe, and the cover is seen as it is."""
    x0, y0, x1, y1 = STRIP
    rest = np.ones(shown.shape[1:], bool)
    rest[y0:y1, x0:x1] = False
    for number in (1, 7 * FPS, 10 * FPS - 1, 10 * FPS, len(shown) - 1):
        apart = np.abs(shown[number][rest].astype(int) - shown[0][rest])
        assert apart.max() <= 6
        assert apart.mean() < 0.1
    column = shown[0, 150:930, 500].astype(float)
    assert np.all(np.diff(column[::60]) > 0)  # the cover grows lighter from top to bottom


def test_the_name_changes_with_the_track(made: tuple[Film, Path], shown: NDArray[np.uint8]) -> None:
    """The name is the same as long as a track plays, and another within a second of the next one's beginning."""
    x0, y0, x1, _ = STRIP
    names = shown[:, y0 + NAME[0] : y0 + NAME[1], x0:x1].astype(int)
    for before, after in zip(made[0].chapters, made[0].chapters[1:], strict=False):
        change = after.start * FPS // RATE
        first, last = names[before.start * FPS // RATE + FPS + 1], names[change]
        assert np.abs(first - last).mean() < 0.5
        assert (np.abs(names[change + FPS + 1] - last) > 60).sum() > 500


def test_the_same_mix_gives_the_same_bytes(made: tuple[Film, Path], tmp_path: Path) -> None:
    """No date, version or chance is in it; progress is told up to the end."""
    told: list[float] = []
    write_film(made[0], tmp_path / "again", told.append)
    assert (tmp_path / "again").read_bytes() == made[1].read_bytes()
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) == 13


@pytest.mark.parametrize("broken", ["sound", "aac", "cover"])
def test_what_is_damaged_makes_no_film(tmp_path: Path, broken: str) -> None:
    """A torn, garbled or missing file is named, and nothing of a film is left."""
    whole = film(tmp_path, band(3))
    path: Path = getattr(whole, broken)
    data = path.read_bytes()
    torn = data[: len(data) * 6 // 10]
    middle = len(data) // 2
    garbled = data[:middle] + bytes(byte ^ 0x5A for byte in data[middle : middle + 400]) + data[middle + 400 :]
    for wrong in (b"", torn, garbled):
        path.write_bytes(wrong)
        with pytest.raises(Damaged, match=re.escape(path.name)):
            write_film(whole, tmp_path / "film.part")
        assert not (tmp_path / "film.part").exists()
    path.unlink()
    with pytest.raises(Damaged, match=re.escape(path.name)):
        write_film(whole, tmp_path / "film.part")


def test_sound_and_m4a_must_be_one_music(tmp_path: Path) -> None:
    """An M4A of another length would run away from what is seen."""
    whole = film(tmp_path, band(3))
    encode(pieces(band(2))(), RATE, {"m4a": whole.aac}, Tags(title="t", artist="a", album="b"))
    with pytest.raises(Damaged, match="not one music"):
        write_film(whole, tmp_path / "film.part")


def pretender(folder: Path, last: str) -> str:
    """Write an ffmpeg that has every encoder in its list and then does something else."""
    path = folder / "ffmpeg"
    path.write_text(f'#!/bin/sh\ncase "$*" in *-encoders*) echo " V....D libx264";; *) {last};; esac\n')
    path.chmod(0o755)
    return str(path)


def test_an_ffmpeg_that_dies_leaves_nothing(tmp_path: Path) -> None:
    """When it ends in the middle, that is said with its own word, and what it had written is removed."""
    whole, out = film(tmp_path, band(3)), tmp_path / "film.part"
    dying = pretender(
        tmp_path, f"head -c 100000 >/dev/null; echo half > '{out}'; echo 'x264 is unwell' >&2; kill -9 $$"
    )
    with pytest.raises(BackendFailed, match="unwell"):
        write_film(whole, out, ffmpeg=dying)
    assert not out.exists()


def test_an_ffmpeg_without_h264_is_said_at_once(tmp_path: Path) -> None:
    """One line names the encoder that is missing and what to do."""
    whole = film(tmp_path, band(1))
    poor = tmp_path / "ffmpeg"
    poor.write_text("#!/bin/sh\necho ' A....D aac'\n")
    poor.chmod(0o755)
    with pytest.raises(BackendUnavailable, match="no libx264") as caught:
        write_film(whole, tmp_path / "film.part", ffmpeg=str(poor))
    assert "\n" not in str(caught.value)


FILL = """
import json, resource, sys
from pathlib import Path
from pipeline.errors import DiskFull
from pipeline.video.film import Film, write_film
folder = Path(sys.argv[1])
film = Film.model_validate_json(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
try:
    write_film(film, folder / "film.part")
except DiskFull as error:
    print(json.dumps([error.message, (folder / "film.part").exists()]))
"""


def test_a_full_disk_leaves_no_half_of_a_film(tmp_path: Path) -> None:
    """When the film cannot grow, the error names it, and nothing of it remains."""
    whole = film(tmp_path, band(30), ("one",))
    restless = np.random.default_rng(0).integers(0, 255, (800, 800, 3), dtype=np.uint8)
    Image.fromarray(restless).save(whole.cover)  # keyframes of it are large
    command = [sys.executable, "-c", FILL, str(tmp_path), whole.model_dump_json()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    message, left = json.loads(done.stdout)
    assert "no room to write film.part" in message
    assert not left


def test_a_film_needs_no_chapters(tmp_path: Path) -> None:
    """Music that begins before its first chapter, or has none, has no name under it and plays all the same."""
    whole = film(tmp_path, band(2))
    write_film(whole.but(chapters=()), tmp_path / "none")
    assert "Chapter #" not in said(tmp_path / "none")
    late = Chapter(start=RATE, end=2 * RATE, title="late")
    write_film(whole.but(chapters=(late,)), tmp_path / "late")
    assert "late" in said(tmp_path / "late")
