"""A finished album: what album.json holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from pipeline.domain.brief import Brief
from pipeline.domain.edits import Edits
from pipeline.domain.noun import Later, Noun
from pipeline.domain.plan import AlbumPlan
from pipeline.domain.production import Production
from pipeline.domain.project import Project
from pipeline.domain.take import Backend, FileRecord, Loop, Take, Verdict
from pipeline.domain.units import Bpm, Key, Lufs, Seconds, Seed, Slug


class Track(Noun):
    """A chosen take, mastered. `tempo` and `key` are the ones to mix by: measured when sure, else planned.

    `first_beat` is when the first beat falls, in seconds from the start of the file; None without a sure beat.
    """

    number: int
    title: str
    take: int
    """Index of the chosen take."""
    why: str
    """Why this take, in one plain sentence."""
    files: tuple[FileRecord, ...]
    """FLAC first, then the other formats asked for."""
    frames: Annotated[int, Field(ge=1)]
    rate: int
    loudness: Lufs
    true_peak: float
    """dBTP, the highest over all the files after decoding."""
    tempo: Bpm
    first_beat: Seconds | None
    key: Key
    score: float
    first_bar: Later[Seconds | None] = None
    """When the first whole bar begins, in seconds from the start of the file; None where that is not sure."""
    ambience: Later[str | None] = None
    """What was laid under it: the words of one of the album's loops."""
    place: Later[int | None] = None
    """Where it comes on the album, where people moved it away from its number."""

    @property
    def position(self) -> int:
        """Where it comes on the album, from 1; its `number` is the one it was planned and rendered under."""
        return self.number if self.place is None else self.place

    @property
    def seconds(self) -> Seconds:
        """How long it lasts."""
        return self.frames / self.rate


class Cover(Noun):
    """The painted cover: the picture, its small copy for tags, the thumbnail, and how it was chosen."""

    painter: Backend
    seed: Seed
    scene: str
    palette: str
    why: str
    files: tuple[FileRecord, ...]
    """cover.png (3000 x 3000), cover.jpg (for tags), thumbnail.jpg (1280 x 720)."""


class Picture(Noun):
    """A track's own picture: what it shows, and from which track's words it was painted.

    `likeness` is CLIP's cosine of it and every track's title, in their order; () where nobody compared them.
    """

    track: int
    painted_for: int
    scene: str
    palette: str
    likeness: tuple[float, ...]
    file: FileRecord


class Pictures(Noun):
    """The pictures of the tracks, in their order. A track without one bears the cover."""

    painter: Backend
    seed: Seed
    pictures: tuple[Picture, ...]

    def of(self, track: int) -> Picture | None:
        """Return the picture of a track."""
        return next((picture for picture in self.pictures if picture.track == track), None)


class Joint(Noun):
    """A crossfade between two tracks. Levels are RMS in dBFS over the second before, the fade, the second after."""

    start: int
    """First frame of the overlap in the mix."""
    frames: int
    before: float
    during: float
    after: float
    on: Later[str | None] = None
    """What it keeps to: "bar" or "beat" where those of the two tracks fall together, else "length"."""
    matched: Later[float] = 0.0
    """By how much of a percent the coming track is faster, where the tempos were brought together for it."""


class Mix(Noun):
    """The whole album as one piece. `starts` are the frames at which each track begins in the mix."""

    files: tuple[FileRecord, ...]
    frames: Annotated[int, Field(ge=1)]
    rate: int
    loudness: Lufs
    true_peak: float
    starts: tuple[int, ...]
    joints: tuple[Joint, ...]

    @property
    def seconds(self) -> Seconds:
        """How long it lasts."""
        return self.frames / self.rate


class TitleMatch(Noun):
    """Which title each track got, by listening: the titles are given where they fit best in total.

    `matrix` is [tracks, titles], the similarity of every track with every title as planned; track i has the title
    `titles[assignment[i]]`.
    """

    judge: Backend
    titles: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    assignment: tuple[int, ...]


class Spend(Noun):
    """What the album cost to render: `asked` takes, `rerolls` beyond them, `loops`, and `interrupted` starts."""

    asked: int
    rerolls: int
    interrupted: int
    seconds: Seconds
    """Seconds of audio rendered, kept or not."""
    loops: Later[int] = 0
    """Loops of ambience."""


class Run(Noun):
    """The part of a manifest that differs between two runs of one brief: when, where and at what cost."""

    id: str
    started: datetime
    finished: datetime
    flow: Literal["prefect", "plain"]
    spend: Spend


class Album(Noun):
    """The manifest: how every asset was made, and what it must hash to."""

    version: Literal[1] = 1
    slug: Slug
    brief: Brief
    plan: AlbumPlan
    writer: Backend
    production: Production
    notes: tuple[str, ...] = ()
    """What a person should know about how it was made: that a part stood in for another, say."""
    takes: tuple[Take, ...]
    verdicts: tuple[Verdict, ...]
    """One for each take, in the same order."""
    tracks: tuple[Track, ...]
    """In the order of the album."""
    titles: TitleMatch | None = None
    """How the titles went to the tracks; None where the judge cannot match them and each keeps its plan's."""
    cover: Cover
    mix: Mix
    run: Run
    loops: Later[tuple[Loop, ...]] = ()
    """The ambience under its tracks, in the order of the plan."""
    pictures: Later[Pictures | None] = None
    """The tracks' own pictures; None where all bear the cover."""
    artist: Later[str | None] = None
    """Named in the tags of every file, where the production leaves it to who plays."""
    without: Later[tuple[str, ...]] = ()
    """What was asked for and could not be had, and why: the album did without it."""
    edits: Later[Edits | None] = None
    """What people decided at review that it is made with; None where they left everything as it came."""
    own_title: Later[str | None] = None
    """What its writer called it, where people call it otherwise."""

    @property
    def project(self) -> Project:
        """The plan it was made from: what plan.json holds."""
        plan = self.plan if self.own_title is None else self.plan.but(title=self.own_title)
        return Project(**{**{name: getattr(self, name) for name in Project.model_fields}, "plan": plan})

    @property
    def by(self) -> str | None:
        """The artist named in the tags of every file."""
        return self.production.artist or self.artist

    @property
    def remarks(self) -> tuple[str, ...]:
        """All that a person should know about how it was made."""
        return (*self.notes, *self.without)

    def musicians(self) -> tuple[Backend, ...]:
        """Everybody who made what is heard: its takes, and what lies under them."""
        return tuple(dict.fromkeys((*(t.backend for t in self.takes), *(loop.backend for loop in self.loops))))

    def licences(self) -> tuple[str, ...]:
        """Every licence that anything of it stands under: those of the parts that made it, and of their models."""
        played = [take.backend for take in self.takes]
        judged = [verdict.judge for verdict in self.verdicts]
        laid = [loop.backend for loop in self.loops]
        painters = [self.cover.painter, *([self.pictures.painter] if self.pictures else [])]
        parts = (self.writer, *played, *judged, *laid, *painters)
        return tuple(dict.fromkeys(licence for part in parts for licence in part.licences))

    def files(self) -> tuple[FileRecord | Take, ...]:
        """Every file with a recorded hash, takes included."""
        made = [file for track in self.tracks for file in track.files]
        codes = [take.codes for take in self.takes if take.codes is not None]
        loops = [loop.file for loop in self.loops if loop.file is not None]
        pictures = [] if self.pictures is None else [picture.file for picture in self.pictures.pictures]
        return (*self.takes, *codes, *loops, *made, *self.cover.files, *pictures, *self.mix.files)
