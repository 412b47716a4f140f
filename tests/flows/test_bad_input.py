"""Whatever is typed, a person gets one clear line, the right exit code, and loses nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from door import ROOT, SMALL, THEME, Door

from pipeline.domain import Album

Made = Any

REFUSED = {
    "empty theme": (("",), "theme is empty"),
    "blank theme": ((" \n\t ",), "theme is empty"),
    "endless theme": (("rain " * 2000,), "characters"),
    "no tracks": ((THEME, "--tracks", "0"), "--tracks"),
    "minus one track": ((THEME, "--tracks", "-1"), "--tracks"),
    "a million tracks": ((THEME, "--tracks", "1000000"), "--tracks"),
    "no seconds": ((THEME, "--seconds", "0"), "--seconds"),
    "seconds are not a number": ((THEME, "--seconds", "nan"), "--seconds"),
    "a billion seconds": ((THEME, "--seconds", "1e9"), "--seconds"),
    "no takes": ((THEME, "--takes", "0"), "--takes"),
    "unknown style": ((THEME, "--style", "polka-metal"), "polka-metal"),
    "unknown studio": ((THEME, "--studio", "abbey-road"), "abbey-road"),
    "unknown format": ((THEME, "--format", "wma"), "wma"),
    "a dash first": (("-rain",), "--"),
    "an unknown option": ((THEME, "--trakcs", "3"), "--trakcs"),
    "forgotten quotes": (("rainy", "library"), "in quotes"),
    "words as a number": ((THEME, "--tracks", "many"), "many"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_a_mistake_gets_one_line(door: Door, words: tuple[str, ...], said: str) -> None:
    """Exit 2, one line that names the mistake, no traceback, and no album begun."""
    refused = door.run("make", *words, "--plain")
    assert refused.returncode == 2, refused.stderr
    lines = refused.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("lofi: ")
    assert said in lines[0]
    assert not list(door.library.glob("albums/*/plan.json"))


STRANGE = {
    "path separators": "rain/at\\night",
    "parent folders": "../../../etc/passwd",
    "newlines": "rain\nat\r\nnight",
    "control characters": "rain\x00\x07\x1b[31m at night".replace("\x00", ""),
    "emoji": "🌧️ ☕ 🎧",
    "right to left": "مكتبة ليلية ممطرة",
    "direction tricks": "rain \u202egnp.exe",
    "format codes": "%d %s {0} {{x}} $HOME `id`",
    "markup": "<script>alert(1)</script> [bold]rain[/bold]",
}


@pytest.mark.parametrize("theme", STRANGE.values(), ids=STRANGE.keys())
def test_a_strange_theme_is_just_a_theme(door: Door, theme: str) -> None:
    """It plans an album whose folder and files stay inside the library."""
    shown = door.run("make", theme, "--tracks", "1", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "\x1b" not in shown.stdout and "\u202e" not in shown.stdout
    assert not (door.home / "etc").exists()


def test_a_theme_of_dots_and_slashes_makes_an_album_inside_the_library(door: Door) -> None:
    """The whole way, with the theme that tries hardest to get out."""
    made = door.make("--tracks", "1", "--seconds", "10", "--takes", "1", "--plain", theme="../../../x; rm -rf 'y' %d")
    folder = Path(made["folder"]).resolve()
    assert folder.parent == (door.library / "albums").resolve()
    assert {path.name for path in door.library.parent.iterdir()} == {"library"}


def test_a_library_that_is_a_file(door: Door) -> None:
    """It says so, and leaves the file alone."""
    door.library.write_text("my diary")
    refused = door.run("make", THEME, *SMALL, "--plain")
    assert refused.returncode == 2
    assert "is a file" in refused.stderr and "Traceback" not in refused.stderr
    assert door.library.read_text() == "my diary"


def test_a_second_run_of_one_album_is_told_who_holds_it(door: Door) -> None:
    """Exit 3 at once, naming the process; the first run is not disturbed, however long it is at work."""
    words = ("make", THEME, *SMALL, "--seed", "5", "--plain", "--musician", "patient_band:PatientBand")
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    first = door.start(*words, PYTHONPATH=paths)
    try:
        assert first.stdout is not None
        assert any(line.startswith("asked for 1-1") for line in first.stdout)
        second = door.run(*words, PYTHONPATH=paths)
        assert second.returncode == 3, second.stderr
        assert str(first.pid) in second.stderr and len(second.stderr.strip().splitlines()) == 1
        assert first.poll() is None
        first.send_signal(signal.SIGINT)
        _, errors = first.communicate(timeout=120)
    finally:
        first.kill()
        first.wait()
    assert first.returncode == 130 and "Everything finished is kept" in errors, errors
    assert sorted(path.name for path in door.library.glob("albums/*/takes/*.flac")) == ["01-2.flac", "02-2.flac"]


def test_a_library_that_cannot_be_written(disk: Path, home: Path) -> None:
    """A read-only place ends with exit 2 before anything is rendered, whoever asks."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    refused = Door(disk / "library", home).run("make", THEME, *SMALL, "--plain")
    assert refused.returncode == 2
    assert len(refused.stderr.strip().splitlines()) == 1 and str(disk / "library") in refused.stderr


def test_a_full_disk_is_found_before_anything_is_spent(disk: Path, home: Path) -> None:
    """It names the path and the bytes, exits 2, and leaves no partial file under a final name."""
    full = Door(disk / "library", home)
    refused = full.run("make", THEME, "--plain")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr and str(disk) in refused.stderr
    assert not list(disk.rglob("*.flac"))


def test_a_disk_that_fills_half_way_loses_nothing(disk: Path, home: Path) -> None:
    """What fills it later is said in one line; what was finished stays whole, and room again lets it go on."""
    full = Door(disk / "library", home)
    words = ("make", THEME, "--tracks", "1", "--seconds", "15", "--takes", "2", "--seed", "4", "--plain")
    run = full.start(*words)
    assert run.stdout is not None
    for line in run.stdout:
        if line.startswith("render"):
            break
    free = shutil.disk_usage(disk).free
    (disk / "hog").write_bytes(b"\1" * max(0, free - 200_000))
    _, errors = run.communicate(timeout=120)
    assert run.returncode == 2, errors
    assert "Traceback" not in errors and str(disk) in errors
    kept = {path: path.read_bytes() for path in disk.rglob("takes/*.flac")}
    assert kept
    (disk / "hog").unlink()
    again = full.run(*words)
    assert again.returncode == 0, again.stderr
    for path, content in kept.items():
        assert path.read_bytes() == content


def copied(made: Made, to: Door) -> Path:
    shutil.copytree(made.door.library, to.library)
    return to.album(made.said["slug"])


def test_a_damaged_manifest_is_named_and_mended(by_plain: Made, door: Door) -> None:
    """show says which file is damaged and what to do; doing it brings the very same album back."""
    whole = by_plain.album.model_dump(exclude={"run"})
    folder = copied(by_plain, door)
    (folder / "album.json").write_text('{"version": 1, "slug":')
    refused = door.run("show", folder.name)
    assert refused.returncode == 1
    assert "album.json" in refused.stderr and "Traceback" not in refused.stderr
    door.make(*SMALL, "--seed", "7", "--format", "mp3", "--format", "opus", "--format", "m4a", "--plain")
    again = Album.model_validate_json((folder / "album.json").read_bytes())
    assert again.model_dump(exclude={"run"}) == whole


def test_a_damaged_take_is_rendered_again_and_nothing_else(by_plain: Made, door: Door) -> None:
    """verify finds the flipped byte; make renders that one take again, to the same bytes."""
    folder = copied(by_plain, door)
    victim = folder / by_plain.album.takes[0].path
    whole = victim.read_bytes()
    victim.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    found = door.run("verify")
    assert found.returncode == 1
    assert f"{by_plain.album.takes[0].path} does not match" in found.stdout
    others = {path: path.stat().st_mtime_ns for path in folder.glob("takes/*.flac") if path != victim}
    door.make(*SMALL, "--seed", "7", "--format", "mp3", "--format", "opus", "--format", "m4a", "--plain")
    assert victim.read_bytes() == whole
    assert {path: path.stat().st_mtime_ns for path in others} == others


def test_a_damaged_catalogue_is_named_and_rebuilt(by_plain: Made, door: Door) -> None:
    """list says what to run; reindex brings the album back; the shelf is not touched."""
    folder = copied(by_plain, door)
    for name in ("catalogue.db-wal", "catalogue.db-shm"):
        (door.library / name).unlink(missing_ok=True)
    (door.library / "catalogue.db").write_bytes(b"not a database" * 1000)
    refused = door.run("list")
    assert refused.returncode == 1
    assert "lofi reindex" in refused.stderr and "Traceback" not in refused.stderr
    assert door.run("reindex").returncode == 0
    assert folder.name in door.run("list").stdout
    assert door.run("verify").returncode == 0


def test_a_catalogue_that_is_gone_costs_nothing(by_plain: Made, door: Door) -> None:
    """With the database deleted the album is still there, and no take is paid for again."""
    folder = copied(by_plain, door)
    for path in door.library.glob("catalogue.db*"):
        path.unlink()
    assert folder.name in door.run("list").stdout


def test_an_album_that_does_not_exist(by_plain: Made) -> None:
    """One line, and the verb that shows what is there."""
    refused = by_plain.door.run("show", "no-such-album")
    assert refused.returncode == 2
    assert "no-such-album" in refused.stderr and "lofi list" in refused.stderr


def test_a_mistyped_setting_does_not_silently_do_nothing(door: Door) -> None:
    """LOFI_ variables that no setting has are refused with the nearest one that exists."""
    refused = door.run("list", LOFI_REROLL="9")
    assert refused.returncode == 2
    assert "LOFI_REROLLS" in refused.stderr


def test_choices_that_were_not_made_are_named_in_one_line(door: Door) -> None:
    """What can stand there follows on the same line."""
    refused = door.run("release", "anything")
    assert refused.returncode == 2
    assert len(refused.stderr.strip().splitlines()) == 1 and "youtube, spotify, podcast, files" in refused.stderr
