"""What a kit is made from: one work in one version, and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.audio.decode import blocks
from pipeline.audio.encode import encode_checked
from pipeline.audio.tags import Tags
from pipeline.domain import Album, LongMix, Sha256
from pipeline.domain.brief import Format
from pipeline.domain.kit import Platform
from pipeline.kit.disclosure import disclosure
from pipeline.kit.work import Work
from pipeline.shelf import AlbumFolder, MixFolder
from pipeline.shelf.album_folder import COVER, COVER_FOR_TAGS
from pipeline.shelf.album_folder import MANIFEST as ALBUM
from pipeline.shelf.folder import Folder
from pipeline.shelf.work_folder import mix_path
from pipeline.steps.resume import digest


@dataclass(frozen=True)
class Job:
    """A release under way: the `work` as texts know it, its `made` manifest with the hash `version`, in `folder`."""

    work: Work
    made: Album | LongMix
    version: Sha256
    folder: AlbumFolder | MixFolder
    platform: Platform
    commercial: bool

    @property
    def home(self) -> str:
        """Where the work lies, relative to the library."""
        return f"{'albums' if self.work.kind == 'album' else 'mixes'}/{self.work.name}"

    def source(self, path: str) -> str:
        """Return the path of one of its files relative to the library."""
        return f"{self.home}/{path}"

    @property
    def manifests(self) -> tuple[str, ...]:
        """Where the words of its texts are from: its manifest, and of a mix those of its albums."""
        albums = self.made.project.wish.sources if isinstance(self.made, LongMix) else ()
        return (self.source(self.folder.manifest), *(f"albums/{source.album}/{ALBUM}" for source in albums))

    @property
    def sound(self) -> Path:
        """The whole work as one FLAC."""
        return self.folder.path(mix_path("flac"))

    @property
    def cover(self) -> Path:
        """Its cover, 3000 x 3000, as PNG."""
        return self.folder.path(COVER)

    def has(self, format: Format) -> bool:
        """Whether the whole work is there in a format."""
        return any(file.path == mix_path(format) for file in self.made.mix.files)

    def whole(self, format: Format, kit: Folder) -> Path:
        """Return the whole work in a format, encoding it into the kit's own folder where there is none."""
        if self.has(format):
            return self.folder.path(mix_path(format))
        # Under the name of what it was made from: an interrupted release may have been of another version.
        kept = f".whole.{digest(self.work, self.version)[:16]}.{format}"
        if not kit.path(kept).exists():
            with kit.writing(kept) as temp:
                encode_whole(self, format, temp)
        return kit.path(kept)


def encode_whole(job: Job, format: Format, out: Path) -> None:
    """Encode the whole work from its FLAC, with tags, cover and chapters."""
    work = job.work
    tags = Tags(
        title=work.called,
        artist=work.credited,
        album=work.called,
        date=str(work.year),
        comment=disclosure(work) if work.disclosed else None,
    )
    picture = job.folder.path(COVER_FOR_TAGS).read_bytes()
    encode_checked(lambda: blocks(job.sound), work.rate, {format: out}, tags, cover=picture, chapters=work.chapters)
