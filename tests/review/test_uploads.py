"""What is handed in costs a fixed amount of memory, whatever is in it."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.audio.ffmpeg import find_ffmpeg
from pipeline.errors import BadBrief
from pipeline.review.uploads import LARGEST, LONGEST, MOST, Uploads
from pipeline.web.studio_api import SOUND_LIMIT


def sent(samples: np.ndarray, rate: int, form: str = "FLAC") -> io.BytesIO:
    memory = io.BytesIO()
    soundfile.write(memory, samples, rate, format=form, subtype="PCM_16")
    memory.seek(0)
    return memory


def tone(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    wave = 0.3 * np.sin(np.arange(round(seconds * rate)) / 20, dtype=np.float32)
    return np.repeat(wave[:, None], channels, axis=1)


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads")


@pytest.mark.parametrize(("rate", "channels"), [(655_350, 8), (655_350, 1), (48_000, 6)])
def test_what_no_recorder_writes_is_refused(uploads: Uploads, tmp_path: Path, rate: int, channels: int) -> None:
    """By its header, in words that say what it is; nothing of it is left."""
    samples = np.zeros((20 * rate if rate > 192_000 else rate, channels), np.float32)
    with pytest.raises(BadBrief) as caught:
        uploads.keep(sent(samples, rate))
    assert f"{rate:,} Hz" in caught.value.message and str(channels) in caught.value.message
    assert list((tmp_path / "uploads").iterdir()) == []


def test_channels_are_counted_where_no_header_tells_them(uploads: Uploads, tmp_path: Path) -> None:
    """An M4A of six channels is refused as a FLAC is; one of two is kept."""
    for channels in (6, 2):
        file = tmp_path / f"{channels}.m4a"
        noise = ["-f", "lavfi", "-i", "anoisesrc=d=2:r=48000"]
        command = [find_ffmpeg(), "-v", "error", *noise, "-ac", str(channels), "-c:a", "aac", str(file)]
        subprocess.run(command, check=True)
        with file.open("rb") as sound:
            if channels == 6:
                with pytest.raises(BadBrief, match="6 channels"):
                    uploads.keep(sound)
            else:
                assert uploads.keep(sound).seconds == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (96_000, 2)])
def test_the_beginning_of_a_long_sound_is_kept(uploads: Uploads, rate: int, channels: int) -> None:
    """Five minutes at most, and less where they would be too many samples."""
    kept = uploads.keep(sent(tone(310.0, rate, channels), rate))
    assert kept.seconds == min(LONGEST, MOST / rate / channels)


def test_a_silent_sound_is_refused_in_a_sentence(uploads: Uploads) -> None:
    with pytest.raises(BadBrief, match=r"^The sound is silent\."):
        uploads.keep(sent(np.zeros((16_000, 1), np.float32), 16_000))
    with pytest.raises(BadBrief, match=r"^The sound lasts"):
        uploads.keep(sent(tone(0.05, 16_000), 16_000))


def test_one_limit_holds_at_the_door_and_behind_it(uploads: Uploads) -> None:
    assert LARGEST == SOUND_LIMIT == 25 * 2**20
    with pytest.raises(BadBrief, match="25 MB"):
        uploads.keep(io.BytesIO(bytes(LARGEST + 1)))


HUNGRY = """
import resource, sys
from pathlib import Path
from pipeline.errors import BadBrief
from pipeline.review.uploads import Uploads
resource.setrlimit(resource.RLIMIT_AS, (2**30 + 2**29, 2**30 + 2**29))
with open(sys.argv[1], "rb") as sound:
    try:
        Uploads(Path(sys.argv[2])).keep(sound)
    except BadBrief as refused:
        print(refused.message)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS") or sys.platform != "linux", reason="Linux limits memory")
def test_a_small_file_that_decodes_to_gigabytes_takes_none(tmp_path: Path) -> None:
    """Five minutes of silence in eight channels, in ninety kilobytes."""
    file = tmp_path / "bomb.flac"
    with soundfile.SoundFile(file, "w", 655_350, 8, "PCM_16", format="FLAC") as sound:
        for _ in range(60):
            sound.write(np.zeros((655_350, 8), np.int16))
    assert file.stat().st_size < 2**20
    run = subprocess.run(
        [sys.executable, "-c", HUNGRY, file, tmp_path / "uploads"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "8 channels at 655,350 Hz" in run.stdout
