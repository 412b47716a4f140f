"""What lies in a kit, for each platform: every file, what it is made of, and how."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pipeline.audio.chapters import cue_sheet, m3u8, tracklist
from pipeline.domain import Album
from pipeline.domain.brief import Format
from pipeline.domain.kit import Platform
from pipeline.kit import distributor, podcast, youtube
from pipeline.kit.disclosure import disclosure_page
from pipeline.kit.feed import chapters_json
from pipeline.kit.licences_page import licences_page
from pipeline.kit.vtt import vtt
from pipeline.release.describe import flac_of
from pipeline.release.job import Job
from pipeline.shelf.album_folder import COVER, THUMBNAIL
from pipeline.shelf.folder import Folder
from pipeline.shelf.names import safe_title
from pipeline.shelf.work_folder import mix_path
from pipeline.video.film import Film, write_film

Progress = Callable[[float], None]

EPISODE = "episode.mp3"
EPISODE_COVER = "cover.jpg"
EPISODE_CHAPTERS = "chapters.json"
NOTES = "notes.txt"
NOTES_HTML = "notes.html"

_QUALITY = 92


@dataclass(frozen=True)
class Part:
    """A file of a kit: `make` writes it to a temporary path, given the kit's folder and who is told how far it is."""

    path: str
    sources: tuple[str, ...]
    make: Callable[[Path, Folder, Progress], None]


def contents(job: Job) -> Iterator[Part]:
    """Yield every file of a kit but the manifest and the list of checksums."""
    yield from _FOR[job.platform](job)
    yield _text(job, "LICENCES.md", licences_page(job.work))
    # Also where nothing else says it: what a platform asks has to be answered all the same.
    yield _text(job, "DISCLOSURE.md", disclosure_page(job.work))


def _youtube(job: Job) -> Iterator[Part]:
    work = job.work
    yield Part(
        "video.mp4", (*_sounds(job, "m4a"), job.source(COVER)), lambda temp, kit, told: _film(job, temp, kit, told)
    )
    yield _copy(job, THUMBNAIL)
    yield _text(job, "title.txt", f"{youtube.title(work)}\n")
    yield _text(job, "description.txt", youtube.description(work))
    yield _text(job, "tags.txt", ",".join(youtube.tags(work)) + "\n")
    yield _text(job, "tracks.vtt", vtt(work.chapters, work.rate))
    yield _text(job, "tracklist.txt", tracklist(work.chapters, work.rate))


def _spotify(job: Job) -> Iterator[Part]:
    if isinstance(job.made, Album):
        for track in job.made.tracks:
            yield _copy(job, flac_of(track))
        work = job.work
    else:
        name = f"{safe_title(job.work.called)}.flac"
        yield _copy(job, mix_path("flac"), name)
        whole = job.work.pieces[0].but(title=job.work.called, seconds=job.work.seconds, file=name, tempo=None, key=None)
        work = job.work.but(pieces=(whole,))
    yield _picture(job, "cover.jpg")
    yield _text(job, "metadata.csv", distributor.sheet(work))
    yield _text(job, "CHECKLIST.md", distributor.checklist(work))


def _podcast(job: Job) -> Iterator[Part]:
    work = job.work
    yield Part(EPISODE, _sounds(job, "mp3"), lambda temp, kit, _: _duplicate(job.whole("mp3", kit), temp))
    yield _picture(job, EPISODE_COVER)
    yield _text(job, "title.txt", f"{podcast.episode_title(work)}\n")
    yield _text(job, NOTES, podcast.notes_text(work))
    yield _text(job, NOTES_HTML, podcast.notes_html(work))
    yield _text(job, EPISODE_CHAPTERS, chapters_json(work.chapters, work.rate, work.called))
    yield _text(job, "tracks.vtt", vtt(work.chapters, work.rate))


def _files(job: Job) -> Iterator[Part]:
    work, listed = job.work, []
    if isinstance(job.made, Album):
        for track in job.made.tracks:
            for file in track.files:
                yield _copy(job, file.path)
            listed.append((flac_of(track), track.seconds, f"{work.credited} - {track.title}"))
    for file in job.made.mix.files:
        if file.path.startswith("mix.") and file.path.rpartition(".")[2] in ("flac", "m4a", "mp3", "opus", "wav"):
            yield _copy(job, file.path)
    listed = listed or [(mix_path("flac"), work.seconds, f"{work.credited} - {work.called}")]
    yield _text(job, "playlist.m3u8", m3u8(listed))
    cue = cue_sheet(work.chapters, work.rate, file=mix_path("flac"), title=work.called, performer=work.credited)
    yield _text(job, "mix.cue", cue)
    yield _text(job, "tracks.vtt", vtt(work.chapters, work.rate))
    yield _text(job, "tracklist.txt", tracklist(work.chapters, work.rate))
    yield _copy(job, COVER)
    yield _copy(job, THUMBNAIL)


_FOR: dict[Platform, Callable[[Job], Iterator[Part]]] = {
    "youtube": _youtube,
    "spotify": _spotify,
    "podcast": _podcast,
    "files": _files,
}


def _sounds(job: Job, format: Format) -> tuple[str, ...]:
    both: tuple[Format, ...] = ("flac", format)
    return tuple(job.source(mix_path(form)) for form in both if job.has(form))


def _text(job: Job, path: str, text: str) -> Part:
    """Return a text of the kit; all that it says is from manifests."""
    content = text.encode()
    return Part(path, job.manifests, lambda temp, *_: _write(temp, content))


def _write(temp: Path, content: bytes) -> None:
    temp.write_bytes(content)


def _copy(job: Job, relative: str, path: str | None = None) -> Part:
    """Return a copy of a file of the work: whoever edits the kit must not edit the library."""
    return Part(path or relative, (job.source(relative),), lambda temp, *_: _duplicate(job.folder.path(relative), temp))


def _duplicate(source: Path, temp: Path) -> None:
    shutil.copyfile(source, temp)


def _picture(job: Job, path: str) -> Part:
    def make(temp: Path, _: Folder, __: Progress) -> None:
        with Image.open(job.cover) as cover:
            cover.convert("RGB").save(temp, "JPEG", quality=_QUALITY)

    return Part(path, (job.source(COVER),), make)


def _film(job: Job, temp: Path, kit: Folder, told: Progress) -> None:
    work = job.work
    film = Film(
        sound=job.sound,
        aac=job.whole("m4a", kit),
        cover=job.cover,
        title=work.called,
        artist=work.credited,
        chapters=work.chapters,
        rate=work.rate,
    )
    write_film(film, temp, told)
