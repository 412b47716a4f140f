"""An album or a long mix as the texts of a kit know it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.audio.chapters import chapters
from pipeline.domain import Album, LongMix, Sha256, Slug, Track
from pipeline.kit.work import Asset, Piece, Work
from pipeline.shelf import Shelf
from pipeline.shelf.album_folder import COVER, MANIFEST
from pipeline.steps.credits import LABEL


def album_work(album: Album, manifest: Sha256, *, disclosed: bool) -> Work:
    """Describe an album whose manifest has that hash."""
    return Work(
        kind="album",
        name=album.slug,
        title=album.plan.title,
        artist=album.by or LABEL,
        year=album.production.year,
        themes=(album.brief.theme,),
        moods=_unique([album.plan.mood, *(track.mood for track in album.plan.tracks)]),
        styles=_unique([album.plan.style, *(track.style for track in album.plan.tracks)]),
        pieces=tuple(_piece(album, track, flac_of(track)) for track in album.tracks),
        chapters=chapters(album.mix.starts, [track.title for track in album.tracks], album.mix.frames),
        rate=album.mix.rate,
        seconds=album.mix.seconds,
        assets=(*_heard(album, album.tracks), *_seen(album), *_made_with(album, manifest)),
        disclosed=disclosed,
    )


def mix_work(mix: LongMix, shelf: Shelf, *, disclosed: bool) -> Work:
    """Describe a long mix; the albums it is made of are on the shelf, in the version that it was made from."""
    project = mix.project
    manifests = {source.album: source.manifest for source in project.wish.sources}
    used = list(dict.fromkeys(track.album for track in project.tracks))
    albums = {slug: shelf.album(slug).read_manifest() for slug in used}
    plans = [albums[slug].plan for slug in used]
    return Work(
        kind="mix",
        name=mix.slug,
        title=project.title,
        artist=project.artist,
        year=project.year,
        themes=_unique(albums[slug].brief.theme for slug in used),
        moods=_unique(plan.mood for plan in plans),
        styles=_unique(plan.style for plan in plans),
        albums=tuple(plan.title for plan in plans),
        pieces=tuple(
            Piece(
                title=track.title,
                artist=track.artist,
                seconds=track.frames / project.rate,
                tempo=track.tempo,
                key=track.key,
                album=albums[track.album].plan.title,
            )
            for track in project.tracks
        ),
        chapters=chapters(mix.mix.starts, [track.title for track in project.tracks], mix.mix.frames),
        rate=mix.mix.rate,
        seconds=mix.mix.seconds,
        assets=tuple(
            dict.fromkeys(
                [
                    *_cover(mix),
                    *(asset for slug in used for asset in _used(albums[slug], _numbers(mix, slug))),
                    *(asset for slug in used for asset in _made_with(albums[slug], manifests[slug])),
                ]
            )
        ),
        disclosed=disclosed,
    )


def flac_of(track: Track) -> str:
    """Return the path of a track's FLAC."""
    return next(file.path for file in track.files if file.path.endswith(".flac"))


def _numbers(mix: LongMix, slug: Slug) -> set[int]:
    return {track.number for track in mix.project.tracks if track.album == slug}


def _used(album: Album, numbers: set[int]) -> list[Asset]:
    return _heard(album, [track for track in album.tracks if track.number in numbers], f" of “{album.plan.title}”")


def _piece(album: Album, track: Track, file: str) -> Piece:
    return Piece(
        title=track.title,
        artist=album.by or LABEL,
        seconds=track.seconds,
        tempo=track.tempo,
        key=track.key,
        album=album.plan.title,
        file=file,
    )


def _heard(album: Album, tracks: Sequence[Track], of: str = "") -> list[Asset]:
    """Return what is heard in some tracks: their takes, and the loops under them."""
    takes = {(take.order.track.number, take.order.index): take for take in album.takes}
    found = []
    for track in tracks:
        take = takes[track.number, track.take]
        found.append(
            Asset(
                what=f"track {track.position}, “{track.title}”{of}, take {track.take}",
                role="music",
                by=take.backend,
                source=take.path,
                sha256=take.sha256,
            )
        )
    laid = {track.ambience for track in tracks}
    for loop in album.loops:
        if loop.file is not None and loop.order.ambience in laid:
            what = f"“{loop.order.ambience}” under tracks{of}"
            file = loop.file
            found.append(Asset(what=what, role="ambience", by=loop.backend, source=file.path, sha256=file.sha256))
    return found


def _seen(album: Album) -> list[Asset]:
    pictures = [] if album.pictures is None else [(p, album.pictures.painter) for p in album.pictures.pictures]
    return [
        *_cover(album),
        *(
            Asset(
                what=f"picture of track {picture.track}",
                role="picture",
                by=painter,
                source=picture.file.path,
                sha256=picture.file.sha256,
            )
            for picture, painter in pictures
        ),
    ]


def _cover(work: Album | LongMix) -> list[Asset]:
    file = next(file for file in work.cover.files if file.path == COVER)
    return [Asset(what="the cover", role="picture", by=work.cover.painter, source=file.path, sha256=file.sha256)]


def _made_with(album: Album, manifest: Sha256) -> list[Asset]:
    """Return who wrote its words and who chose its takes."""
    of = f"of “{album.plan.title}”"
    words = Asset(what=f"the words {of}", role="words", by=album.writer, source=MANIFEST, sha256=manifest)
    judges = dict.fromkeys(verdict.judge for verdict in album.verdicts)
    return [
        words,
        *(
            Asset(what=f"the choice of takes {of}", role="judgement", by=by, source=MANIFEST, sha256=manifest)
            for by in judges
        ),
    ]


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
