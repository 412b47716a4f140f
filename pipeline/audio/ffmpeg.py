"""Finding and running ffmpeg. Nothing else in the house starts it."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from pipeline.errors import BackendFailed, BackendUnavailable, Damaged, DiskFull

INSTALL = "Install it with `pip install imageio-ffmpeg`, or put an ffmpeg that runs on the PATH."

BUNDLED = "Take it off the PATH: the one of imageio-ffmpeg, which is installed with this software, has it."

REMAKE = "Run the album's own `lofi make` command again, with its seed: the file is made again, the rest is kept."

_NO_ROOM = {256 - errno.ENOSPC, 256 - errno.EFBIG, 256 - errno.EDQUOT, -signal.SIGXFSZ}
_ENCODERS = (b"flac", b"aac", b"libmp3lame", b"libopus")
_QUIETLY = ("-hide_banner", "-v", "error")


@cache
def find_ffmpeg(search: str | None = None) -> str:
    """Return an ffmpeg that runs: the one on the PATH (or on `search`), else imageio-ffmpeg's.

    Raises BackendUnavailable with the line that installs it.
    """
    found = shutil.which("ffmpeg", path=search)
    if found and _runs(found):
        return found
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        bundled = str(get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise BackendUnavailable("There is no ffmpeg here that runs.", INSTALL) from None
    if not _runs(bundled):
        raise BackendUnavailable(f"The ffmpeg at {bundled} does not run.", INSTALL)
    return bundled


def need(encoder: str, ffmpeg: str | None = None) -> None:
    """Raise BackendUnavailable unless this ffmpeg, or the one that is found, has an encoder."""
    executable = ffmpeg or find_ffmpeg()
    if encoder.encode() not in _encoders(executable):
        raise BackendUnavailable(f"The ffmpeg at {executable} has no {encoder}.", BUNDLED)


def feed(arguments: Sequence[str], pcm: Iterable[bytes], written: Sequence[Path], ffmpeg: str | None = None) -> None:
    """Run ffmpeg with `pcm` on its standard input. `written` are the files it makes.

    They are removed again on any failure. Raises DiskFull, BackendFailed (with ffmpeg's last word), or whatever
    `pcm` raises.
    """
    with room_for(written):
        with _started([*_QUIETLY, "-y", *arguments], ffmpeg, stdin=subprocess.PIPE) as (process, complaints):
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # it has stopped early: its exit code says why
                for piece in pcm:
                    process.stdin.write(piece)
                process.stdin.close()
            process.wait()
        _check(process.returncode, complaints, written)


def drain(arguments: Sequence[str], source: Path, size: int) -> Iterator[bytes]:
    """Run ffmpeg and yield what it writes to standard output in pieces of up to `size` bytes.

    Raises Damaged, naming `source`, when it fails or complains: half a file is no file.
    """
    with _started([*_QUIETLY, "-nostdin", *arguments], None, stdout=subprocess.PIPE) as (process, complaints):
        assert process.stdout is not None
        while piece := process.stdout.read(size):
            yield piece
        process.wait()
    if process.returncode or complaints:
        raise Damaged(f"{source} does not decode: {complaints[-1] if complaints else 'no reason given'}.", REMAKE)


@contextmanager
def streaming(arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run ffmpeg around the block with pipes on its standard input and output. Raises BackendUnavailable."""
    with _started([*_QUIETLY, *arguments], None, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as (process, _):
        yield process


@contextmanager
def room_for(written: Sequence[Path]) -> Iterator[None]:
    """Turn the system's "disk full" into DiskFull, and remove what was begun of `written` on any error."""
    try:
        yield
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise _no_room(written) from None
        raise


def _no_room(written: Sequence[Path]) -> DiskFull:
    """Return the error that says which files found no room, and how much is left."""
    folder, names = written[0].parent, ", ".join(path.name for path in written)
    return DiskFull(
        f"There is no room to write {names} in {folder}: {shutil.disk_usage(folder).free:,} bytes are free.",
        "Make room and run the same command again; what was finished is kept.",
    )


@contextmanager
def _started(
    arguments: Sequence[str], ffmpeg: str | None, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
) -> Iterator[tuple[subprocess.Popen[bytes], list[str]]]:
    """Run ffmpeg around the block; it never outlives it. Afterwards the list holds the lines it complained with."""
    complaints: list[str] = []
    executable = ffmpeg or find_ffmpeg()
    # A file and not a pipe: a pipe nobody reads fills up and stops both sides.
    with tempfile.TemporaryFile() as log:
        try:
            # A group of its own: Ctrl-C reaches every process of the terminal's, and this one is to finish its file.
            group = 0 if os.name == "posix" else None
            process = subprocess.Popen(
                [executable, *arguments], stdin=stdin, stdout=stdout, stderr=log, process_group=group
            )
        except OSError as error:
            raise BackendUnavailable(f"{executable} does not run: {error.strerror}.", INSTALL) from None
        try:
            yield process, complaints
        finally:
            if process.poll() is None:
                process.kill()
            _close(process.stdin)
            _close(process.stdout)
            process.wait()
            complaints += _lines(log)


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        with suppress(BrokenPipeError):
            stream.close()


def _lines(log: IO[bytes]) -> list[str]:
    log.seek(0)
    text = log.read(64_000).decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _check(code: int, complaints: list[str], written: Sequence[Path]) -> None:
    # Its first line says what is wrong, its last what it gave up on.
    reason = "; ".join(dict.fromkeys((complaints[0], complaints[-1]))) if complaints else "it gave no reason"
    if code in _NO_ROOM or any("No space left" in line or "File too large" in line for line in complaints):
        raise _no_room(written)
    if code:
        raise BackendFailed(f"ffmpeg stopped with exit code {code}: {reason}.", "Run the same command again.")
    missing = [path.name for path in written if not path.is_file() or path.stat().st_size == 0]
    if missing:
        raise BackendFailed(f"ffmpeg wrote nothing into {', '.join(missing)}: {reason}.", "Run the same command again.")


def _runs(executable: str) -> bool:
    """Tell whether it starts and can write every format: some builds leave the MP3 or Opus encoder out."""
    return set(_ENCODERS) <= _encoders(executable)


def _encoders(executable: str) -> set[bytes]:
    """Return every word it says about its encoders, names among them; none when it does not start."""
    command = [executable, "-hide_banner", "-encoders"]
    try:
        done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return set()
    return set(done.stdout.split()) if done.returncode == 0 else set()
