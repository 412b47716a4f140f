"""Albums on paper, and small finished ones on a shelf, for the tests of what is kept."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.domain import (
    Album,
    AlbumPlan,
    Backend,
    Brief,
    Cover,
    Gate,
    Key,
    Measured,
    Mix,
    Production,
    Project,
    RenderOrder,
    Run,
    Score,
    Spend,
    Take,
    Track,
    TrackPlan,
    Verdict,
)
from pipeline.shelf import AlbumFolder
from pipeline.shelf.album_folder import COVER, PLAN
from pipeline.shelf.work_folder import mix_path

BAND = Backend(name="offline band", version="1", licence="CC0-1.0")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = Key.parse("A minor")
PRODUCTION = Production(
    artist="Offline Studio Band",
    effects="none",
    chain={"low_pass": None, "high_pass": None, "noise": None}
    | {"head_bump": 0, "saturation": 0, "wobble": 0, "crackle": 0, "width": 1},
    crossfade=6,
    year=2026,
)


def brief(theme: str = "rain on a tin roof", seed: int = 7, tracks: int = 2) -> Brief:
    return Brief(theme=theme, seed=seed, tracks=tracks, seconds=10, takes=2)


def plan(title: str = "Rain On Tin", tracks: tuple[str, ...] = ("Gutter Song", "Slow Drops")) -> AlbumPlan:
    return AlbumPlan(
        title=title,
        theme="rain on a tin roof",
        language="en",
        concept="A wet afternoon.",
        style="jazzhop",
        mood="calm",
        cover_prompt="a roof",
        tracks=tuple(track(number, name) for number, name in enumerate(tracks, 1)),
    )


def track(number: int = 1, title: str = "Gutter Song", **changes: object) -> TrackPlan:
    """A track on paper, but for what is asked otherwise."""
    plain = TrackPlan(
        number=number,
        title=title,
        prompt="mellow lo-fi",
        mood="calm",
        style="jazzhop",
        tempo=78,
        key=KEY,
        swing=0.6,
        groove="boom bap",
        instruments=("rhodes",),
        ambience="rain",
        energy=0.3,
        seconds=10,
    )
    return plain.but(**changes)


def lanterns(**changes: object) -> TrackPlan:
    """A track to play, in words that the band and the signal judge know."""
    ordinary = {
        "title": "Paper Lanterns", "prompt": "a warm lo-fi track", "mood": "warm", "tempo": 80.0, "swing": 0.58,
        "instruments": ("electric piano", "upright bass", "flute"), "energy": 0.5, "seconds": 12.0,
    }  # fmt: skip
    return track().but(**{**ordinary, **changes})


def order(track_plan: TrackPlan | None = None, index: int = 1, seed: int = 11) -> RenderOrder:
    return RenderOrder(track=track_plan or track(), index=index, seed=seed)


def verdict(total: float | None = 0.8) -> Verdict:
    return Verdict(
        judge=BAND,
        gates=(Gate(name="not silent", passed=True, reason="it sounds"),),
        scores=(Score(name="warmth", value=0.8, weight=1, reason="warm"),),
        measured=Measured(seconds=10, loudness=-20, true_peak=-3, tempo=78, key=KEY),
        total=total,
    )


def audio(take_order: RenderOrder, version: int = 1) -> bytes:
    """Bytes that stand for the audio of a take: some blocks long, different for every order."""
    return f"{take_order.digest()} {version}\n".encode() * 150


def put_take(folder: AlbumFolder, take_order: RenderOrder, version: int = 1) -> Take:
    return folder.take_files(take_order).put(
        take_order,
        BAND,
        frames=320_000,
        rate=32_000,
        fingerprint=f"print of {take_order.digest()[:8]}",
        write=lambda temp: temp.write_bytes(audio(take_order, version)) and None,
    )


def project(slug: str = "rain-on-tin", paper: AlbumPlan | None = None, asked: Brief | None = None) -> Project:
    return Project(slug=slug, brief=asked or brief(), writer=BAND, plan=paper or plan(), production=PRODUCTION)


def orders(paper: AlbumPlan) -> tuple[RenderOrder, ...]:
    return tuple(order(planned, index) for planned in paper.tracks for index in (1, 2))


def finished_album(folder: AlbumFolder, paper: AlbumPlan | None = None, asked: Brief | None = None) -> Album:
    """Put an album with every kind of file on the shelf, its manifest last, and return it."""
    paper = paper or plan()
    folder.put(project(folder.slug, paper, asked), PLAN)
    takes = tuple(put_take(folder, take_order) for take_order in orders(paper))
    return released(folder, paper, asked or brief(), takes)


def released(folder: AlbumFolder, paper: AlbumPlan, asked: Brief, takes: tuple[Take, ...]) -> Album:
    """Put everything that follows the takes on the shelf, the manifest last."""
    tracks = []
    for planned in paper.tracks:
        path = folder.track_path(planned.number, planned.title, "flac")
        folder.write_bytes(path, b"mastered " + planned.title.encode())
        tracks.append(
            Track(
                number=planned.number,
                title=planned.title,
                take=1,
                why="the warmer one",
                files=(folder.record(path),),
                frames=320_000,
                rate=32_000,
                loudness=-14,
                true_peak=-1.5,
                tempo=78,
                first_beat=0.5,
                key=KEY,
                score=0.8,
            )
        )
    folder.write_bytes(COVER, b"picture")
    folder.write_bytes(mix_path("flac"), b"mix")
    album = Album(
        slug=folder.slug,
        brief=asked,
        plan=paper,
        writer=BAND,
        production=PRODUCTION,
        takes=takes,
        verdicts=tuple(verdict() for _ in takes),
        tracks=tuple(tracks),
        cover=Cover(painter=BAND, seed=1, scene="roof", palette="grey", why="calm", files=(folder.record(COVER),)),
        mix=Mix(
            files=(folder.record(mix_path("flac")),),
            frames=640_000,
            rate=32_000,
            loudness=-14,
            true_peak=-1.5,
            starts=(0, 320_000),
            joints=(),
        ),
        run=Run(
            id="run-1",
            started=NOON,
            finished=NOON,
            flow="plain",
            spend=Spend(asked=len(takes), rerolls=0, interrupted=0, seconds=10.0 * len(takes)),
        ),
    )
    folder.write_manifest(album)
    return album
