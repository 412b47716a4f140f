"""list, show and verify know long mixes beside the albums, finished or under way."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from small_label import SLUGS, SmallLabel, copied, files_below, lofi_here, small_label

from flows.cli import lofi
from flows.showing import mix_command
from pipeline.domain import LongMix
from pipeline.longmix.make import make_mix
from pipeline.release.make import Desk, decide
from pipeline.settings import Settings
from pipeline.shelf.mix_folder import MIX_MANIFEST
from pipeline.workers import Workers


@dataclass(frozen=True)
class Mixed:
    """A library with a finished mix and one that was begun."""

    library: Path
    cache: Path
    made: LongMix

    def lofi(self, *words: str, **more: str) -> Any:
        """Run a verb that looks at it."""
        return lofi_here(self.library, self.cache, *words, **more)

    def mix(self, slug: str) -> Path:
        """Return a mix's folder."""
        return self.library / "mixes" / slug


def mixed(label: SmallLabel, cache: Path) -> Mixed:
    """Make the mixes."""
    made = make_mix(label.press, label.wish("returned-books", "rain-on-tin", hours=0.005, title="It's [bold] Late"))
    wish = made.project.wish.but(title="Begun")
    label.shelf.begin_mix("Begun", lambda slug: made.project.but(slug=slug, title="Begun", wish=wish))
    return Mixed(label.shelf.root, cache, made)


@pytest.fixture(scope="module")
def there(
    tmp_path_factory: pytest.TempPathFactory, small_library: Path, cache: Path, worker: Workers
) -> Iterator[Mixed]:
    """Only to be read."""
    library = copied(small_library, tmp_path_factory.mktemp("mixed") / "library")
    with small_label(library, cache, worker) as label:
        found = mixed(label, cache)
    yield found


@pytest.fixture
def changing(there: Mixed, tmp_path: Path) -> Mixed:
    """A copy, to be changed."""
    return Mixed(copied(there.library, tmp_path / "library"), there.cache, there.made)


def test_list_has_mixes_under_the_albums(there: Mixed) -> None:
    """In a table of their own, and at the end of the one list that programs read."""
    shown = there.lofi("list").stdout
    albums, _, mixes = shown.partition("\n\n")
    assert all(slug in albums for slug in SLUGS) and there.made.slug not in albums
    assert there.made.slug in mixes and "It's [bold] Late" in mixes and "draft" in mixes
    assert "begun" in mixes and "in progress" in mixes
    rows = json.loads(there.lofi("list", "--json").stdout)
    assert [row["kind"] for row in rows] == ["album"] * 3 + ["mix"] * 2
    assert {row["slug"] for row in rows[:3]} == set(SLUGS) and all(row["brief"] for row in rows[:3])
    assert all({"slug", "title", "status", "finished", "manifest", "on_shelf"} <= set(row) for row in rows)
    finished, begun = rows[3:]
    assert (finished["tracks"], finished["seconds"]) == (len(there.made.mix.starts), round(there.made.mix.seconds, 3))
    assert (begun["status"], begun["finished"], begun["seconds"]) == ("in_progress", None, None)


def test_a_mix_whose_folder_is_gone_is_missed(changing: Mixed) -> None:
    """list no longer shows it as something to hear, and verify names it."""
    shutil.rmtree(changing.library / "mixes")
    assert "not on the shelf" in changing.lofi("list").stdout.partition("Mix ")[2]
    shutil.rmtree(changing.library / "albums")
    (changing.library / "albums").mkdir()
    checked = changing.lofi("verify")
    assert f"{changing.made.slug}: its folder is gone" in checked.stdout and "4 problems" in checked.stdout


def test_show_draws_a_mix_and_says_how_to_make_it(there: Mixed) -> None:
    """Its order, joints, status and files; the command, typed again, is for this very mix."""
    shown = there.lofi("show", there.made.slug).stdout
    for track in there.made.project.tracks:
        assert track.title in shown and f"{track.album}/{track.number:02d}" in shown
    assert "It's [bold] Late" in shown and "Status: draft" in shown and "Into" in shown
    assert all(str(there.mix(there.made.slug) / file.path) in shown for file in there.made.files())
    said = json.loads(there.lofi("show", there.made.slug, "--json").stdout)
    assert (said["kind"], said["slug"], said["title"]) == ("mix", there.made.slug, "It's [bold] Late")
    assert [round(track["at"] * there.made.mix.rate) for track in said["tracks"]] == pytest.approx(
        list(there.made.mix.starts), abs=32
    )
    assert said["command"] in shown
    before = files_below(there.library)
    _, *words = shlex.split(said["command"])
    again = there.lofi(*words)
    assert again.exception is None and "made already" in again.stdout, again.exception
    assert files_below(there.library) == before


def test_the_command_says_all_that_makes_another_mix(label: SmallLabel) -> None:
    """Hours to the last digit, the arc, the artist, and FLAC alone where nothing else was asked for."""
    wish = label.wish("rain-on-tin", hours=1 / 3, arc="lift", repeats=True, match=True, artist="Ada's Band")
    words = shlex.split(mix_command(wish, Settings(library=label.shelf.root)))
    assert words[:3] == ["LOFI_ARTIST=Ada's Band", "lofi", "mix"]
    context = lofi.commands["mix"].make_context("mix", words[3:])
    asked = context.params
    assert (asked["hours"], asked["arc"], asked["repeats"], asked["match"]) == (1 / 3, "lift", True, True)
    assert (asked["formats"], asked["albums"], asked["crossfade"]) == (("flac",), ("rain-on-tin",), 3.0)
    usual = mix_command(wish.but(formats=("flac", "m4a"), artist=None), Settings(artist="Somebody"))
    assert usual.startswith("LOFI_ARTIST='' lofi mix") and "--format m4a" in usual


def test_a_mix_under_way_shows_the_command_that_goes_on(there: Mixed) -> None:
    """Its order is fixed, and there is nothing to hear yet."""
    shown = there.lofi("show", "begun").stdout
    assert "Begun" in shown and "Status: in progress" in shown and "Go on with: lofi mix" in shown
    said = json.loads(there.lofi("show", "begun", "--json").stdout)
    assert (said["status"], said["seconds"], said["files"]) == ("in_progress", None, [])
    assert "lofi mix" in said["command"]


def test_what_was_decided_about_a_mix_is_shown(changing: Mixed, worker: Workers) -> None:
    """Who approved it; and list has its status."""
    with small_label(changing.library, changing.cache, worker) as label:
        desk = Desk(label.shelf, label.catalogue, "Ada", datetime.now(UTC), True, None, lambda *_: None)
        decide(desk, label.shelf.mix(changing.made.slug), approved=True)
    assert "Approved by Ada" in changing.lofi("show", changing.made.slug).stdout
    assert "approved" in changing.lofi("list").stdout


def test_verify_checks_mixes_as_well(changing: Mixed) -> None:
    """Every file, the manifest and the plan; of one under way the plan; a flipped byte is found."""
    slug = changing.made.slug
    whole = changing.lofi("verify", slug, "begun").stdout
    assert f"{len(changing.made.files()) + 3} files checked, all whole." in whole
    assert "begun: in progress, so only its plan is checked" in whole
    sound = changing.mix(slug) / "mix.flac"
    content = sound.read_bytes()
    sound.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    (changing.mix("begun") / "plan.json").write_text("{")
    manifest = changing.mix(slug) / MIX_MANIFEST
    manifest.write_text(manifest.read_text() + "\n")
    found = changing.lofi("verify", slug, "begun")
    assert found.return_value == 1
    assert f"{slug}: mix.flac does not match its recorded hash" in found.stdout
    assert f"{slug}: mix.json does not match the hash in the catalogue" in found.stdout
    assert "begun: plan.json cannot be read" in found.stdout and "3 problems" in found.stdout
    manifest.write_text("{")
    assert "is damaged" in changing.lofi("verify", slug).stdout
    assert slug in changing.lofi("list").stdout


def test_a_mix_is_not_looked_for_among_albums(there: Mixed) -> None:
    """A name near a mix's is offered where a mix can be shown."""
    refused = there.lofi("show", "begum").exception
    assert "no album or mix 'begum'" in str(refused) and "Did you mean begun?" in str(refused)
