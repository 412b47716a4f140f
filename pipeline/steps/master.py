"""Master: the chosen take becomes a finished track in every format asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from pipeline.audio.bars import first_bar
from pipeline.audio.clip import Clip
from pipeline.audio.decode import decode
from pipeline.audio.effects.chain import Effects
from pipeline.audio.encode import encode_checked, pieces
from pipeline.audio.hearing import hear
from pipeline.audio.layer import BELOW, lay_under
from pipeline.audio.loudness import amplitude, loudness, true_peak
from pipeline.audio.master import master
from pipeline.audio.tags import Tags
from pipeline.audio.tempo import SURE as SURE_OF_TEMPO
from pipeline.audio.tempo import tempo
from pipeline.domain import Bpm, Cover, Loop, Lufs, Measured, Picture, Seconds, Track, TrackPlan, derive_seed
from pipeline.domain.brief import Format
from pipeline.errors import NeedsAttention
from pipeline.shelf import AlbumFolder
from pipeline.shelf.album_folder import COVER_FOR_TAGS
from pipeline.steps.choose import Choice
from pipeline.steps.credits import artist, disclosure
from pipeline.steps.progress import Progress
from pipeline.steps.resume import digest, resume
from pipeline.steps.session import Session

REPLAYGAIN = -18.0
"""LUFS that ReplayGain 2.0 tags refer to."""

LOUDNESS = -14.0
"""LUFS of every track."""

TOLERANCE = 0.3
"""LU that a track may be off."""

CEILING = -1.0
"""dBTP that no file exceeds, after decoding."""

HAIR = 0.05
"""Decibels between one meter of true peaks and another."""

SURE = 0.04
"""How far the measured tempo may be from the plan, as a share of it, to be believed over the plan."""


def master_track(
    session: Session, choice: Choice, cover: Cover, loop: Loop | None = None, picture: Picture | None = None
) -> Track:
    """Return the finished track, mastering it only if no earlier run finished it.

    The `loop` is laid under it; its files bear the `picture`, or the cover where it has none of its own.
    """
    plan, folder = choice.track, session.folder
    effects = Effects.model_validate(session.project.production.chain)
    tags = track_tags(session, choice, loop)
    paths = {form: folder.track_path(choice.place, plan.title, form) for form in session.brief.formats}
    seed = derive_seed(session.brief.seed, "track", plan.number, "effects")
    # What is not there is left out of the digest, as in records of before it could be.
    extras = (*((loop, BELOW) if loop else ()), *((picture,) if picture else ()))
    made_from = digest(choice.take.sha256, effects, tags, seed, ",".join(paths), choice.why, cover, *extras)
    art = COVER_FOR_TAGS if picture is None else picture.file.path
    try:
        track = resume(
            folder,
            folder.track_record_path(plan.number),
            Track,
            made_from,
            lambda: session.label.crew.run("master", finish, folder, choice, effects, seed, paths, tags, loop, art),
            files=lambda made: made.files,
            others=session.track_names,
        )
    except NeedsAttention as error:
        session.label.catalogue.needs_attention(session.project.slug, error.message)
        raise
    session.report(
        Progress("master", f"“{plan.title}”: {track.loudness:.1f} LUFS, {track.true_peak:.1f} dBTP", plan.number)
    )
    return track


def track_names(session: Session, choices: Sequence[Choice]) -> frozenset[str]:
    """Return the path of every file of every finished track."""
    path = session.folder.track_path
    return frozenset(
        path(choice.place, choice.track.title, form) for choice in choices for form in session.brief.formats
    )


def finish(
    folder: AlbumFolder,
    choice: Choice,
    effects: Effects,
    seed: int,
    paths: Mapping[Format, str],
    tags: Tags,
    loop: Loop | None = None,
    art: str = COVER_FOR_TAGS,
) -> Track:
    """Master and encode in a worker process; `art` is the path of the JPEG inside the files.

    Raises NeedsAttention, leaving no file, for a master out of bounds.
    """
    take, plan = choice.take, choice.track
    clip = decode(folder.path(take.path))
    if loop is not None and loop.file is not None:
        # After scoring, which is of the take alone, and before the effects: it is on the same tape.
        clip = lay_under(clip, decode(folder.path(loop.file.path)))
    clip = master(clip, effects, seed, LOUDNESS, CEILING)
    measured = loudness(clip)
    with ExitStack() as stack:
        temps: dict[Format, Path] = {form: stack.enter_context(folder.writing(path)) for form, path in paths.items()}
        levelled = tags.but(track_gain=REPLAYGAIN - measured, track_peak=amplitude(true_peak(clip)))
        picture = folder.path(art).read_bytes()
        peaks = encode_checked(pieces(clip), clip.rate, temps, levelled, cover=picture, ceiling=CEILING)
        insist(plan, measured, max(peaks.values()))
    bpm, first_beat, bar = beats(clip, plan, mixing_tempo(plan, choice.verdict.measured))
    return Track(
        number=plan.number,
        title=plan.title,
        take=take.order.index,
        why=choice.why,
        files=tuple(folder.record(path) for path in paths.values()),
        frames=clip.frames,
        rate=clip.rate,
        loudness=round(measured, 2),
        true_peak=round(max(peaks.values()), 2),
        tempo=round(bpm, 4),
        first_beat=None if first_beat is None else round(first_beat, 4),
        first_bar=None if bar is None else round(bar, 4),
        key=choice.verdict.measured.key or plan.key,
        score=round(choice.verdict.total or 0.0, 4),
        ambience=None if loop is None else loop.order.ambience,
        place=choice.position,
    )


def insist(plan: TrackPlan, measured: Lufs, peak: float) -> None:
    """Raise NeedsAttention unless a master is as loud as promised and its decoded files keep under the ceiling."""
    off = round(abs(measured - LOUDNESS), 2)
    if off <= TOLERANCE and peak <= CEILING + HAIR:
        return
    raise NeedsAttention(
        f"Track {plan.number}, “{plan.title}”, needs attention: it came out at {measured:.1f} LUFS and "
        f"{peak:.1f} dBTP, not at {LOUDNESS:.0f} LUFS within {TOLERANCE} and under {CEILING:.0f} dBTP.",
        "Its peaks tower too far above the rest for that, or it is silent: make another album with another --seed.",
    )


def beats(clip: Clip, plan: TrackPlan, expected: Bpm) -> tuple[Bpm, Seconds | None, Seconds | None]:
    """Return (the tempo to mix by, when the first beat falls, when the first bar begins) of a finished track.

    They are measured together where there is a sure beat near the expected tempo: over minutes, the beats of
    one meter do not lie on the grid of another. Else the expected tempo and None; the bar is None as well where only
    the beats are sure.
    """
    if plan.groove == "beatless":
        return expected, None, None
    heard = hear(clip)
    found = tempo(heard, expected)
    sure = found.bpm is not None and found.confidence >= SURE_OF_TEMPO and abs(found.bpm / expected - 1) <= SURE
    if found.bpm is None or found.first_beat is None or not sure:
        return expected, None, None
    return found.bpm, found.first_beat, first_bar(heard, found.bpm, found.first_beat)


def track_tags(session: Session, choice: Choice, loop: Loop | None = None) -> Tags:
    """Return the tags of one track with that loop under it."""
    plan, project = choice.track, session.project
    return Tags(
        title=plan.title,
        artist=artist(session),
        album=session.plan.title,
        track=choice.place,
        total=len(project.plan.tracks),
        date=str(project.production.year),
        genre="Lo-fi",
        bpm=mixing_tempo(plan, choice.verdict.measured),
        key=choice.verdict.measured.key or plan.key,
        comment=disclosure(session, choice.take.backend, None if loop is None else loop.backend),
    )


def mixing_tempo(plan: TrackPlan, measured: Measured) -> float:
    """Return the tempo to mix by: the measured one where it is surely the plan's, else the plan's.

    A meter may hear half or double time; a musician's own plan is never that far off.
    """
    if measured.tempo is not None and abs(measured.tempo / plan.tempo - 1) <= SURE:
        return measured.tempo
    return plan.tempo
