"""Files: what goes in comes out, with its tags, or nothing is left behind."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import soundfile
from material import RATE, beat, noise, scaled
from PIL import Image

from pipeline.audio.chapters import chapters
from pipeline.audio.clip import Clip
from pipeline.audio.decode import blocks, decode, duration
from pipeline.audio.encode import encode, encode_checked, measured_peak, pieces, write_take
from pipeline.audio.ffmpeg import drain, feed, find_ffmpeg
from pipeline.audio.tags import Tags
from pipeline.domain.brief import Format
from pipeline.errors import BackendFailed, Damaged, DiskFull

FORMATS: tuple[Format, ...] = ("flac", "mp3", "m4a", "opus")
TAGS = Tags(title="Rain: on; the #1 \\ tin = roof 🌙", artist="-i שלום", album="100%d", track=2, total=9, date="2026")
CLIP = Clip(scaled(beat(4.0), 0.9).samples[:-1237], RATE)


def cover() -> bytes:
    """Make a JPEG larger than any argument list."""
    memory = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (500, 500, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(memory, "JPEG", quality=90)
    return memory.getvalue()


def write_all(folder: Path) -> dict[Format, Path]:
    """Encode the clip in every format, with everything there is."""
    outputs: dict[Format, Path] = {form: folder / f"{form}.part" for form in FORMATS}
    marks = chapters([0, 2 * RATE], ["one", "two=;#\n[CHAPTER]\nSTART=0"], CLIP.frames)
    encode(pieces(CLIP)(), RATE, outputs, TAGS, cover=cover(), chapters=marks)
    return outputs


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[Format, Path]:
    """The clip in every format."""
    return write_all(tmp_path_factory.mktemp("files"))


def described(path: Path) -> str:
    """Return the metadata as ffmpeg reads it back; Opus keeps its tags in the stream."""
    where = ["-map_metadata", "0:s:a:0"] if path.name.startswith("opus") else []
    arguments = ["-i", f"file:{path}", *where, "-map_chapters", "0", "-f", "ffmetadata", "pipe:1"]
    return b"".join(drain(arguments, path, 1 << 20)).decode()


def test_every_format_comes_back_whole(files: dict[Format, Path]) -> None:
    """FLAC returns each 24-bit sample; the lossy ones the same length to the frame, in time and close in sound."""
    exact = np.rint(CLIP.samples * np.float32(1 << 23)) / np.float32(1 << 23)
    assert np.array_equal(decode(files["flac"]).samples, exact)
    for form in ("mp3", "m4a"):
        back = decode(files[form])
        assert np.correlate(back.samples[20_000:24_000, 0], CLIP.samples[20_500:23_500, 0]).argmax() == 500
        assert (back.rate, back.samples.shape) == (RATE, CLIP.samples.shape)
        error = np.sqrt(np.mean((back.samples - CLIP.samples) ** 2) / np.mean(CLIP.samples**2))
        assert error < 0.2  # above 16 kHz there is nothing left
    opus = decode(files["opus"])
    assert abs(opus.seconds - CLIP.seconds) < 0.0001
    assert all(abs(duration(path) - CLIP.seconds) < 0.003 for path in files.values())


def test_tags_and_chapters_survive_hostile_titles(files: dict[Format, Path]) -> None:
    """Titles full of ffmpeg's own special characters come back verbatim, and add no chapter."""
    for form, path in files.items():
        text = described(path)
        plain = text.replace("\\", "")
        assert f"title={TAGS.title}".replace("\\", "") in plain
        assert "artist=-i שלום" in plain
        assert "album=100%d" in plain
        assert text.count("[CHAPTER]\nTIMEBASE") == 2, form
        assert "two=;# [CHAPTER] START=0" in plain


def test_the_cover_is_in_every_file(files: dict[Format, Path]) -> None:
    """The very JPEG can be taken out again."""
    jpeg = cover()
    for path in files.values():
        arguments = ["-i", f"file:{path}", "-map", "0:v", "-c", "copy", "-f", "mjpeg", "pipe:1"]
        assert b"".join(drain(arguments, path, 1 << 20)) == jpeg


def test_the_same_input_gives_the_same_bytes(files: dict[Format, Path], tmp_path: Path) -> None:
    """No date, version or random serial creeps in."""

    again = write_all(tmp_path)
    for form, path in files.items():
        assert sha256(path.read_bytes()).digest() == sha256(again[form].read_bytes()).digest(), form


def test_a_lossy_file_that_overshoots_is_made_again_quieter(tmp_path: Path) -> None:
    """Sound at the very ceiling overshoots when decoded: the lossy files end under it, FLAC is left alone."""
    hot = scaled(noise(3, 0.2), 1.0)
    hot = scaled(hot, 0.891 / float(np.abs(hot.samples).max()))
    outputs = {form: tmp_path / form for form in FORMATS}
    encode(pieces(hot)(), RATE, outputs, TAGS)
    assert max(measured_peak(outputs[form]) for form in ("mp3", "m4a", "opus")) > -1.0
    peaks = encode_checked(pieces(hot), RATE, outputs, TAGS)
    for form in ("mp3", "m4a", "opus"):
        assert peaks[form] == pytest.approx(measured_peak(outputs[form]), abs=0.001)
        assert peaks[form] <= -1.0
    assert np.abs(decode(outputs["flac"]).samples - hot.samples).max() < 1e-6


def test_a_take_is_lossless_and_repeatable(tmp_path: Path) -> None:
    """24-bit FLAC, the same bytes for the same clip, mono and any rate included."""
    for channels, rate in ((1, 32_000), (2, RATE)):
        clip = noise(1, channels=channels, rate=rate)
        write_take(tmp_path / "a", clip)
        write_take(tmp_path / "b", clip)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
        back = decode(tmp_path / "a")
        assert (back.rate, back.channels) == (rate, channels)
        assert np.abs(back.samples - clip.samples).max() <= 2**-23


@pytest.mark.parametrize("form", FORMATS)
def test_a_cut_file_is_damaged(files: dict[Format, Path], tmp_path: Path, form: Format) -> None:
    """An empty or torn file raises Damaged when it is decoded, wherever it was torn; it never yields a short clip."""
    data = files[form].read_bytes()
    cut = tmp_path / "cut"
    for keep in (0, 5, 900, len(data) * 7 // 10, len(data) - 4000):
        cut.write_bytes(data[:keep])
        with pytest.raises(Damaged, match="cut"):
            decode(cut)


def test_a_missing_or_foreign_file_is_damaged(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "text").write_text("not music " * 100)
    (tmp_path / "box").write_bytes(b"\x00\x00\x00\x18ftypM4A " + b"\x00" * 100)
    for name in ("nowhere.flac", "text", "box"):
        for verb in (decode, duration, measured_peak):
            with pytest.raises(Damaged, match=name):
                verb(tmp_path / name)


def test_blocks_add_up_to_the_whole(tmp_path: Path) -> None:
    """Read in pieces of any size, a file gives the same samples."""
    outputs = {form: tmp_path / form for form in ("flac", "m4a")}
    encode(pieces(CLIP)(), RATE, outputs, TAGS)
    for path in outputs.values():
        parts = list(blocks(path, 10_000))
        assert max(len(part) for part in parts) <= 10_000
        assert np.array_equal(np.concatenate(parts), decode(path).samples)


FILL = """
import json, resource, sys
from pathlib import Path
import numpy as np
from pipeline.audio.clip import Clip
from pipeline.audio.encode import encode, pieces, write_take
from pipeline.audio.tags import Tags
from pipeline.domain.brief import Format
from pipeline.errors import DiskFull
folder = Path(sys.argv[1])
clip = Clip((np.random.default_rng(0).standard_normal((200000, 2)) * 0.1).astype(np.float32), 44100)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
told = {}
for form in ("flac", "m4a", "mp3", "take"):
    try:
        if form == "take":
            write_take(folder / form, clip)
        else:
            encode(pieces(clip)(), 44100, {form: folder / form}, Tags(title="t", artist="a", album="b"))
    except DiskFull as error:
        told[form] = [error.message, error.remedy, sorted(path.name for path in folder.iterdir())]
print(json.dumps(told))
"""


def test_a_full_disk_leaves_no_truncated_file(tmp_path: Path) -> None:
    """When a file cannot grow, the error names it and says what to do, and nothing of it remains."""
    done = subprocess.run([sys.executable, "-c", FILL, tmp_path], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert sorted(told) == ["flac", "m4a", "mp3", "take"]
    for form, (message, remedy, left) in told.items():
        assert form in message
        assert "bytes are free" in message
        assert "same command" in remedy
        assert left == []


def test_a_failure_is_told_in_ffmpegs_own_words(tmp_path: Path) -> None:
    """Bad arguments give BackendFailed with the reason; a broken source passes its own error on; nothing is left."""
    path = tmp_path / "x.flac"
    with pytest.raises(BackendFailed, match="nonsense"):
        feed(["-f", "nonsense", "-i", "pipe:0", f"file:{path}"], [b"0" * 100_000], [path])

    def broken() -> object:
        yield CLIP.samples
        raise Damaged("track 3 is torn")

    with pytest.raises(Damaged, match="torn"):
        encode(broken(), RATE, {"flac": path}, TAGS)
    assert not path.exists()


def test_an_unwritable_folder_is_not_a_full_disk(tmp_path: Path) -> None:
    """A folder that is not there is said to be missing, not full."""
    with pytest.raises(BackendFailed, match="No such file") as caught:
        encode(pieces(CLIP)(), RATE, {"flac": tmp_path / "no" / "x.flac"}, TAGS)
    assert not isinstance(caught.value, DiskFull)


def test_a_dead_ffmpeg_on_the_path_is_passed_over(tmp_path: Path) -> None:
    """An ffmpeg that does not start is not used; a working one on the PATH is preferred."""
    dead = tmp_path / "ffmpeg"
    dead.write_text("#!/bin/sh\nexit 127\n")
    dead.chmod(0o755)
    bundled = find_ffmpeg(str(tmp_path / "nowhere"))
    assert find_ffmpeg(str(tmp_path)) == bundled
    alive = tmp_path / "bin"
    alive.mkdir()
    (alive / "ffmpeg").symlink_to(bundled)
    assert find_ffmpeg(str(alive)) == str(alive / "ffmpeg")


def test_soundfile_reads_what_ffmpeg_wrote(tmp_path: Path) -> None:
    """FLAC files are 24 bits and say their exact length."""
    encode(pieces(CLIP)(), RATE, {"flac": tmp_path / "x"}, TAGS)
    info = soundfile.info(tmp_path / "x")
    assert (info.subtype, info.frames, info.samplerate) == ("PCM_24", CLIP.frames, RATE)


def test_a_wav_is_what_the_flac_is_and_can_grow_beyond_four_gigabytes(tmp_path: Path) -> None:
    """The same samples in 24 bits, with the title, and with the place in its header that makes it an RF64."""
    outputs: dict[Format, Path] = {"flac": tmp_path / "a.flac", "wav": tmp_path / "a.wav"}
    clip = scaled(beat(3), 0.5)
    peaks = encode_checked(pieces(clip), RATE, outputs, Tags(title="Rain", artist="a", album="b"), cover=cover())
    assert np.array_equal(decode(outputs["wav"]).samples, decode(outputs["flac"]).samples)
    assert soundfile.info(outputs["wav"]).subtype == "PCM_24"
    assert peaks["wav"] == peaks["flac"]
    head = outputs["wav"].read_bytes()[:400]
    # EBU Tech 3306, 3.4: a chunk JUNK of 28 bytes or more becomes the ds64 of a longer file.
    spare = head.index(b"JUNK")
    assert head[:4] == b"RIFF" and spare < head.index(b"data")
    assert int.from_bytes(head[spare + 4 : spare + 8], "little") >= 28
    assert b"Rain" in head
