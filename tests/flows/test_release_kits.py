"""What leaves the house was approved in this very version, and its kit is whole, whatever happens while it is made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from door import Door
from small_label import SmallLabel, copied, files_below, lofi_here, music, put_album, small_label

from pipeline.audio.decode import decode
from pipeline.domain import Album, Backend, Weights
from pipeline.domain.kit import Kit, Platform
from pipeline.errors import BadSettings, Damaged, DiskFull, Held, LofiError, NotApproved, NotForSale, Stale
from pipeline.longmix.make import make_mix
from pipeline.release.make import Desk, decide, release
from pipeline.release.podcast import Podcast
from pipeline.shelf.album_folder import MANIFEST, THUMBNAIL
from pipeline.shelf.folder import Folder
from pipeline.workers import Workers

NOW = datetime.now(UTC)
SITE = "https://example.org/lofi/"
PODCAST = Podcast(base=SITE, title="Night Desk", author="Night Desk")
ALBUM = "returned-books"
NC = Weights(name="facebook/musicgen-small", revision="4c8334b0", sha256="a" * 64, licence="CC-BY-NC-4.0")
MUSICGEN = Backend(name="musicgen", version="1", licence="CC-BY-NC-4.0", weights=(NC,))


def desk(label: SmallLabel, **changes: Any) -> Desk:
    """Return where releases are made now, by Ada."""
    plain = Desk(label.shelf, label.catalogue, "Ada", NOW, True, None, lambda *_: None)
    return replace(plain, **changes)


def approved(label: SmallLabel, *names: str) -> None:
    """Approve albums, or mixes, as they are."""
    for name in names:
        folder = label.shelf.mix(name) if name not in known_albums(label) else label.shelf.album(name)
        decide(desk(label), folder, approved=True)


def known_albums(label: SmallLabel) -> set[str]:
    return {folder.slug for folder in label.shelf.albums()}


def released(label: SmallLabel, name: str, platform: Platform, **changes: Any) -> tuple[Kit, Folder]:
    """Release an album."""
    commercial = changes.pop("commercial", False)
    at = desk(label, **{"podcast": PODCAST if platform == "podcast" else None, **changes})
    return release(at, label.shelf.album(name), platform, commercial=commercial)


def anew(label: SmallLabel, name: str, **changes: Any) -> Album:
    """Put another version of an album on the shelf."""
    folder = label.shelf.album(name)
    made = folder.read_manifest().but(**{"notes": ("made anew",), **changes})
    folder.write_manifest(made)
    label.catalogue.enter(made)
    return made


def status(label: SmallLabel, name: str) -> str:
    return next(row.status for row in (*label.catalogue.albums(), *label.catalogue.mixes()) if row.slug == name)


def test_only_what_was_approved_is_released(label: SmallLabel, cache: Path) -> None:
    """A draft is refused with the line that approves it; approved, it leaves, and `lofi list` says so."""
    library = label.shelf.root

    def lofi(*words: str) -> Any:
        return lofi_here(library, cache, *words)

    refused = lofi("release", ALBUM, "--for", "files").exception
    assert isinstance(refused, NotApproved) and refused.exit_code == 1
    assert "returned-books (draft)" in str(refused) and f"lofi approve {ALBUM}" in str(refused)
    said = lofi("approve", "Returned Books", "--by", "Ada\x1b[2J", "--note", "warm\nand slow")
    assert said.exception is None and "approved by Ada[2J" in said.stdout
    assert lofi("release", ALBUM, "--for", "files").exception is None
    assert "released" in lofi("list").stdout
    shown = lofi("show", ALBUM).stdout
    assert "Status: released" in shown and ": warm and slow\n" in shown and "Approved by Ada[2J" in shown
    lofi("approve", ALBUM)
    assert status(label, ALBUM) == "released"


def test_an_approval_is_of_one_version(label: SmallLabel) -> None:
    """Made anew, the album is refused with both versions named, until the new one is approved."""
    approved(label, ALBUM)
    before = label.shelf.album(ALBUM).record(MANIFEST).sha256
    after = anew(label, ALBUM).digest()
    with pytest.raises(NotApproved) as refused:
        released(label, ALBUM, "files")
    assert before[:12] in str(refused.value) and after[:12] in str(refused.value)
    approved(label, ALBUM)
    assert released(label, ALBUM, "files")[0].manifest == after


def test_a_version_that_the_catalogue_does_not_know_is_neither_approved_nor_released(label: SmallLabel) -> None:
    """A manifest edited by hand is told apart, both versions are named, and `lofi reindex` is the way on."""
    approved(label, ALBUM)
    folder = label.shelf.album(ALBUM)
    folder.write_manifest(folder.read_manifest().but(notes=("edited",)))
    for refusing, kind in (
        (lambda: released(label, ALBUM, "files"), NotApproved),
        (lambda: approved(label, ALBUM), Stale),
    ):
        with pytest.raises(kind) as refused:
            refusing()
        assert folder.record(MANIFEST).sha256[:12] in str(refused.value) and "lofi reindex" in str(refused.value)


def test_a_rejection_says_why_wherever_one_looks(label: SmallLabel, cache: Path) -> None:
    """The reason is in the refusal, in `lofi show` and in its JSON; approved later, it may leave after all."""
    library = label.shelf.root
    rejected = lofi_here(library, cache, "reject", ALBUM, "--note", "track 2 breaks off", "--by", "Ada")
    assert rejected.exception is None
    with pytest.raises(NotApproved, match="rejected by Ada: track 2 breaks off"):
        released(label, ALBUM, "files")
    assert "Rejected by Ada" in lofi_here(library, cache, "show", ALBUM).stdout
    (decision,) = json.loads(lofi_here(library, cache, "show", ALBUM, "--json").stdout)["decisions"]
    assert (decision["decision"], decision["note"]) == ("rejected", "track 2 breaks off")
    empty = lofi_here(library, cache, "reject", ALBUM, "--note", " ").exception
    assert isinstance(empty, LofiError) and "--note" in str(empty)
    approved(label, ALBUM)
    released(label, ALBUM, "files")
    decide(desk(label), label.shelf.album(ALBUM), approved=False, note="no")
    approved(label, ALBUM)
    released(label, ALBUM, "files")
    assert status(label, ALBUM) == "released"


def test_damaged_sound_is_not_approved(label: SmallLabel) -> None:
    """Whoever approves hears what is there: a file that is not as recorded is named first."""
    folder = label.shelf.album(ALBUM)
    folder.path("mix.flac").write_bytes(b"noise")
    with pytest.raises(Damaged, match=r"mix\.flac"):
        approved(label, ALBUM)
    assert status(label, ALBUM) == "draft"


def test_a_mix_leaves_with_all_albums_that_are_heard_in_it(label: SmallLabel) -> None:
    """Each that nobody approved is named; one that was made anew since stops it, whatever was approved."""
    mix = make_mix(label.press, label.wish("returned-books", "the-late-bus", formats=("flac", "m4a")))
    approved(label, mix.slug, "the-late-bus")
    folder = label.shelf.mix(mix.slug)
    with pytest.raises(NotApproved, match=r"returned-books \(draft\)") as refused:
        release(desk(label), folder, "files", commercial=False)
    assert "the-late-bus" not in str(refused.value)
    approved(label, "returned-books")
    kit, place = release(desk(label), folder, "spotify", commercial=True)
    assert kit.kind == "mix" and status(label, mix.slug) == "released"
    assert place.path("A Long Night.flac").read_bytes() == folder.path("mix.flac").read_bytes()
    page = next(part for part in kit.files if part.file.path == "LICENCES.md")
    assert set(page.sources) == {
        "mixes/a-long-night/mix.json",
        "albums/returned-books/album.json",
        "albums/the-late-bus/album.json",
    }
    anew(label, "the-late-bus")
    approved(label, "the-late-bus")
    with pytest.raises(Stale, match="the-late-bus changed since a-long-night"):
        release(desk(label), folder, "files", commercial=False)


def test_what_may_not_be_sold_is_named_by_track_and_model(label: SmallLabel) -> None:
    """--commercial stops at a take under CC-BY-NC; without it the kit is made, and the offline band may be sold."""
    put_album(label.shelf, label.catalogue, "Not For Sale", ("Borrowed Tune",), [music(0)], by=MUSICGEN)
    approved(label, "not-for-sale", ALBUM)
    with pytest.raises(NotForSale) as refused:
        released(label, "not-for-sale", "files", commercial=True)
    said = str(refused.value)
    assert "track 1, “Borrowed Tune”" in said and "facebook/musicgen-small" in said and "CC-BY-NC" in said
    assert not (label.shelf.root / "releases").exists()
    assert not released(label, "not-for-sale", "files")[0].commercial
    assert released(label, ALBUM, "files", commercial=True)[0].commercial


@dataclass(frozen=True)
class Kits:
    """One album in all four kits. Only to be read."""

    library: Path
    kits: dict[str, tuple[Kit, Folder]]


@pytest.fixture(scope="module")
def all_kits(tmp_path_factory: pytest.TempPathFactory, small_library: Path, cache: Path, worker: Workers) -> Kits:
    """Release an album everywhere."""
    library = copied(small_library, tmp_path_factory.mktemp("kits") / "library")
    with small_label(library, cache, worker) as label:
        approved(label, ALBUM)
        before = files_below(library)
        platforms: tuple[Platform, ...] = ("youtube", "spotify", "podcast", "files")
        made: dict[str, tuple[Kit, Folder]] = {name: released(label, ALBUM, name) for name in platforms}
        assert {path: mark for path, mark in files_below(library).items() if path in before} == before
    return Kits(library, made)


@pytest.mark.parametrize("platform", ["youtube", "spotify", "podcast", "files"])
def test_a_kit_is_what_its_manifest_says(all_kits: Kits, platform: str) -> None:
    """Every file is listed with its hash and what it was made of; sha256sum finds all whole; nothing else is there."""
    kit, place = all_kits.kits[platform]
    listed = {part.file.path: part for part in kit.files}
    there = {path.relative_to(place.folder).as_posix() for path in place.folder.rglob("*") if path.is_file()}
    assert there == {*listed, "release.json"}
    assert all(place.matches(part.file) for part in kit.files)
    for part in kit.files:
        assert part.sources or part.file.path == "SHA256SUMS"
        assert all((all_kits.library / source).is_file() for source in part.sources), part.sources
    sums = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=place.folder, capture_output=True, text=True, check=True
    )
    assert len(sums.stdout.splitlines()) == len(listed) - 1
    shared = sorted(path.name for path in place.folder.parent.iterdir())
    assert shared == sorted([ALBUM, *(["feed.xml"] if platform == "podcast" else [])])


def test_the_texts_of_a_real_album_keep_to_the_limits(all_kits: Kits) -> None:
    """YouTube takes the title, the description and the tags; every track is named, and its licence."""
    _, youtube = all_kits.kits["youtube"]
    title = youtube.path("title.txt").read_text().strip()
    description = youtube.path("description.txt").read_text()
    assert 0 < len(title) <= 100 and len(description.encode()) <= 5000
    assert len(youtube.path("tags.txt").read_text()) <= 500
    assert "Reading Lamp" in youtube.path("tracklist.txt").read_text()
    assert "CC0-1.0" in youtube.path("LICENCES.md").read_text()
    _, spotify = all_kits.kits["spotify"]
    assert len(spotify.path("metadata.csv").read_text().splitlines()) == 3
    _, podcast = all_kits.kits["podcast"]
    assert "Quiet Shelves" in podcast.path("chapters.json").read_text()


def test_the_feed_is_written_whole_with_the_newest_first(all_kits: Kits, tmp_path: Path, worker: Workers) -> None:
    """Two episodes, no complaint of a reader; a copy of a kit is no third; a kit that lost its notes is named."""
    library = copied(all_kits.library, tmp_path / "library")
    feed = library / "releases" / "podcast" / "feed.xml"
    with small_label(library, tmp_path / "cache", worker) as label:
        approved(label, "the-late-bus")
        shutil.copytree(feed.parent / ALBUM, feed.parent / f"{ALBUM}-copy")
        released(label, "the-late-bus", "podcast", now=NOW + timedelta(days=1))
        said = feedparser.parse(feed.read_bytes())
        assert said.bozo == 0 and "made by software" in said.feed.description
        assert [entry.enclosures[0].href for entry in said.entries] == [
            f"{SITE}the-late-bus/episode.mp3",
            f"{SITE}{ALBUM}/episode.mp3",
        ]
        quiet = desk(label, podcast=PODCAST.but(disclosed=False))
        release(quiet, label.shelf.album("the-late-bus"), "podcast", commercial=False)
        assert "software" not in feedparser.parse(feed.read_bytes()).feed.description
        # Built again, an episode is no newer than it was.
        (feed.parent / ALBUM / "notes.txt").write_text("edited")
        released(label, ALBUM, "podcast", now=NOW + timedelta(days=9))
        assert "the-late-bus" in feedparser.parse(feed.read_bytes()).entries[0].enclosures[0].href
        (feed.parent / ALBUM / "notes.txt").unlink()
        with pytest.raises(Damaged, match=r"notes\.txt.*lofi release returned-books --for podcast"):
            released(label, "the-late-bus", "podcast")
        # What is rejected later leaves the feed, with whatever its kit has lost.
        decide(desk(label), label.shelf.album(ALBUM), approved=False, note="no")
        released(label, "the-late-bus", "podcast")
        assert [entry.enclosures[0].href for entry in feedparser.parse(feed.read_bytes()).entries] == [
            f"{SITE}the-late-bus/episode.mp3"
        ]
        # Made anew it is a draft; what was rejected is no better for it.
        folder = label.shelf.album(ALBUM)
        album = folder.read_manifest()
        again = album.but(run=album.run.but(finished=NOW + timedelta(days=20)))
        folder.put(again, "album.json")
        label.catalogue.enter(again)
        released(label, "the-late-bus", "podcast")
        assert len(feedparser.parse(feed.read_bytes()).entries) == 1


@pytest.mark.parametrize("mail", ["not a mail", "a@b", "<a@b.c>"])
def test_a_mail_that_is_none_is_refused_before_anything_is_built(small_library: Path, cache: Path, mail: str) -> None:
    """One line names the setting and what it looks like."""
    words = ("release", ALBUM, "--for", "podcast")
    refused = lofi_here(small_library, cache, *words, LOFI_SITE=SITE, LOFI_MAIL=mail).exception
    assert isinstance(refused, BadSettings) and "LOFI_MAIL" in str(refused) and "name@example.org" in str(refused)
    assert not (small_library / "releases").exists()


@pytest.mark.parametrize("site", ["", "example.org", "ftp://example.org/", "https://a b/", "https://x.org/?q=1"])
def test_a_podcast_needs_an_address(small_library: Path, cache: Path, site: str) -> None:
    """Without one, or with one that is none, one line says what it looks like; nothing is built."""
    words = ("release", ALBUM, "--for", "podcast")
    refused = lofi_here(small_library, cache, *words, LOFI_SITE=site).exception
    assert isinstance(refused, BadSettings) and "https://example.org/lofi/" in str(refused)
    assert "\n" not in str(refused) and not (small_library / "releases").exists()


def test_a_release_again_says_where_it_is_and_builds_nothing(all_kits: Kits, tmp_path: Path, cache: Path) -> None:
    """Not a file is touched; one that somebody edited, or a manifest that is garbled, is built again."""
    library = copied(all_kits.library, tmp_path / "library")
    kit = library / "releases" / "spotify" / ALBUM
    before = files_below(library)
    words = ("release", ALBUM, "--for", "spotify")
    again = lofi_here(library, cache, *words)
    assert again.exception is None and f"It is all in {kit}" in again.stdout
    assert files_below(library) == before
    said = json.loads(lofi_here(library, cache, *words, "--json").stdout)
    assert said["folder"] == str(kit) and len(said["files"]) == len(all_kits.kits["spotify"][0].files)
    for name in ("metadata.csv", "release.json"):
        whole = (kit / name).read_bytes()
        (kit / name).write_text("edited")
        assert lofi_here(library, cache, *words).exception is None
        assert (kit / name).read_bytes() == whole, name


def test_the_disclosure_can_be_left_out(label: SmallLabel, cache: Path) -> None:
    """A kit with it is not taken for one without; what a platform must be told is still there to read."""
    approved(label, ALBUM)
    words = ("release", ALBUM, "--for", "podcast")
    settings = {"LOFI_SITE": SITE, "LOFI_ARTIST": "Night Desk"}
    assert lofi_here(label.shelf.root, cache, *words, **settings).exception is None
    place = label.shelf.kits("podcast").kit(ALBUM)
    assert "No trained model was used." in place.path("notes.txt").read_text()
    assert lofi_here(label.shelf.root, cache, *words, LOFI_DISCLOSURE="false", **settings).exception is None
    assert "No trained model was used." not in place.path("notes.txt").read_text()
    assert "switched off" in place.path("DISCLOSURE.md").read_text()


def stopping_at(path: str) -> Any:
    """Return who hears of a release, and interrupts it when a file is begun."""

    def report(what: str, share: float) -> None:
        if what == path:
            raise KeyboardInterrupt

    return report


def test_an_interrupted_release_of_an_older_version_leaves_nothing_in_the_next(label: SmallLabel) -> None:
    """Neither a file of another name nor sound that was encoded for it gets into a kit of the new version."""
    approved(label, ALBUM)
    with pytest.raises(KeyboardInterrupt):
        released(label, ALBUM, "podcast", report=stopping_at("title.txt"))
    with pytest.raises(KeyboardInterrupt):
        released(label, ALBUM, "files", report=stopping_at("LICENCES.md"))
    workshop = label.shelf.root / "releases" / ".workshop" / "podcast" / ALBUM
    assert list(workshop.glob(".whole.*"))
    folder = label.shelf.album(ALBUM)
    renamed = folder.read_manifest()
    (first, *rest) = renamed.tracks
    folder.path(first.files[0].path).rename(folder.folder / "tracks" / "01 - Other.flac")
    sound = renamed.mix
    shutil.copyfile(label.shelf.album("the-late-bus").path("mix.flac"), folder.path("mix.flac"))
    other = label.shelf.album("the-late-bus").read_manifest().mix
    files = (folder.record("mix.flac"), *sound.files[1:])
    other_mix = other.but(files=files)
    track = first.but(title="Other", files=(folder.record("tracks/01 - Other.flac"),))
    anew(label, ALBUM, tracks=(track, *rest), mix=other_mix)
    approved(label, ALBUM)
    kit, place = released(label, ALBUM, "files")
    listed = {part.file.path for part in kit.files} | {"release.json"}
    assert {p.relative_to(place.folder).as_posix() for p in place.folder.rglob("*") if p.is_file()} == listed
    assert not any("Reading Lamp" in path for path in listed)
    _, podcast = released(label, ALBUM, "podcast")
    assert decode(podcast.path("episode.mp3")).frames == other.frames
    assert not list(podcast.folder.glob(".*"))


def test_two_releases_at_once(label: SmallLabel) -> None:
    """The second is told who holds it, and the first is not disturbed."""
    approved(label, ALBUM)
    seen = []

    def another(what: str, share: float) -> None:
        if what == "metadata.csv" and not seen:
            seen.append(what)
            with pytest.raises(Held, match=f"release of {ALBUM} for spotify.*{os.getpid()}"):
                released(label, ALBUM, "spotify")

    kit, place = released(label, ALBUM, "spotify", report=another)
    assert seen and all(place.matches(part.file) for part in kit.files)


def test_after_ctrl_c_a_release_goes_on(label: SmallLabel) -> None:
    """What was made of the kit is not made again, and until it is whole there is none."""
    approved(label, ALBUM)
    with pytest.raises(KeyboardInterrupt):
        released(label, ALBUM, "spotify", report=stopping_at("metadata.csv"))
    assert not label.shelf.kits("spotify").kit(ALBUM).folder.exists() and status(label, ALBUM) == "approved"
    made = []
    _, place = released(label, ALBUM, "spotify", report=lambda what, share: made.append(what))
    assert set(made) == {"metadata.csv", "CHECKLIST.md", "LICENCES.md", "DISCLOSURE.md"}
    assert not list(place.folder.glob(".*"))


def test_after_a_kill_a_release_goes_on(small_library: Path, tmp_path: Path, cache: Path, worker: Workers) -> None:
    """Killed while it makes the film: the library is as it was, and the next run makes a whole kit."""
    door = Door(copied(small_library, tmp_path / "library"), tmp_path)
    with small_label(door.library, cache, worker) as label:
        approved(label, ALBUM)
    before = files_below(door.library)
    run = door.start("release", ALBUM, "--for", "youtube")
    assert run.stdout is not None
    for line in run.stdout:
        if line.startswith("video.mp4"):
            break
    run.kill()
    run.communicate()
    assert not (door.library / "releases" / "youtube" / ALBUM).exists()
    with small_label(door.library, cache, worker) as label:
        kit, place = released(label, ALBUM, "youtube")
    assert all(place.matches(part.file) for part in kit.files) and not list(place.folder.glob(".*"))
    assert {path: mark for path, mark in files_below(door.library).items() if path in before} == before
    assert sorted(path.name for path in place.folder.parent.iterdir()) == [ALBUM]


def test_what_a_kill_left_of_a_kit_that_was_replaced_is_cleared_up(label: SmallLabel) -> None:
    """The earlier kit, moved aside when the power went, does not stay for ever."""
    approved(label, ALBUM)
    _, place = released(label, ALBUM, "files")
    aside = label.shelf.root / "releases" / ".workshop" / "files" / f"{ALBUM}.old"
    place.folder.rename(aside)
    _, place = released(label, ALBUM, "files")
    assert sorted(path.name for path in place.folder.parent.iterdir()) == [ALBUM]
    assert not aside.exists()


def test_a_full_disk_leaves_no_half_kit(disk: Path, small_library: Path, cache: Path, worker: Workers) -> None:
    """Too little room is said before anything is built; filled half-way, no kit is there, and room lets it go on."""
    library = copied(small_library, disk / "library")
    hog = disk / "hog"
    with small_label(library, cache, worker) as label:
        approved(label, ALBUM)

        def fill(left: int) -> None:
            with hog.open("wb", buffering=0) as file:
                file.write(b"\1" * max(0, shutil.disk_usage(disk).free - left))

        fill(1_000_000)
        with pytest.raises(DiskFull):
            released(label, ALBUM, "files")
        assert not (library / "releases").exists()
        hog.unlink()
        with pytest.raises(DiskFull, match=THUMBNAIL):
            released(label, ALBUM, "files", report=lambda what, _: fill(0) if what == THUMBNAIL else None)
        kit = library / "releases" / "files" / ALBUM
        assert not kit.exists() and status(label, ALBUM) == "approved"
        hog.unlink()
        kit_made, place = released(label, ALBUM, "files")
        assert all(place.matches(part.file) for part in kit_made.files)
