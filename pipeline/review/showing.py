"""An album as a reviewer sees it, put together from the shelf and from what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.catalogue import AlbumRow
from pipeline.catalogue.meaning import counting, edits_of, undone, words_of
from pipeline.catalogue.rows import Decided
from pipeline.catalogue.rows import Going as Under
from pipeline.domain import Edits, Sha256, Slug, Take, TrackPlan, Verdict
from pipeline.domain import Track as Master
from pipeline.review import views
from pipeline.review.levels import gain, peak_of
from pipeline.review.reading import Begun, Key
from pipeline.steps.again import own_titles, waiting


@dataclass(frozen=True)
class Known:
    """What is known of an album beside the shelf: its row, what was decided, ratings by hash, waveforms, rankings."""

    row: AlbumRow
    decided: tuple[Decided, ...]
    ratings: Mapping[str, views.Rating]
    peaks: Mapping[Key, str]
    mine: Mapping[Key, float]
    going: Under | None

    @cached_property
    def words(self) -> dict[Key, Decided]:
        """The last word on each take that was approved or rejected."""
        return words_of(self.decided)


def album_view(begun: Begun, known: Known) -> views.AlbumView:
    """Return an album with all that is to be decided on it."""
    row, album, plan = known.row, begun.album, begun.project.plan
    edits = edits_of(known.decided)
    tracks = {track.number: _track(begun, known, edits, track) for track in plan.tracks}
    order = edits.ordered(plan)
    gone = undone(known.decided)
    return views.AlbumView(
        slug=row.slug,
        title=edits.title or (album.plan.title if album is not None else plan.title),
        theme=begun.project.brief.theme,
        concept=plan.concept,
        status=row.status,
        why=row.why,
        version=version_of(row),
        seen=max((made.id for made in known.decided), default=0),
        note=_note(known.decided, None),
        cover=_cover(row, begun),
        mix=_mix(row, begun),
        licences=() if album is None else album.licences(),
        remarks=begun.project.notes if album is None else album.remarks,
        tracks=tuple(tracks[number].model_copy(update={"position": place}) for place, number in enumerate(order, 1)),
        changes=() if album is None else waiting(album, edits),
        decisions=tuple(said(row.slug, made, gone) for made in reversed(known.decided) if made.undoes is None),
        going=going_view(known.going),
    )


def version_of(row: AlbumRow) -> str:
    """Return what a decision on an album is on: its manifest, or while it is being made the brief."""
    return row.manifest or row.brief.digest()


def said(slug: str, made: Decided, gone: frozenset[int]) -> views.Said:
    """Return a decision for a reviewer."""
    return views.Said(album=slug, undone=made.id in gone, **made.model_dump(exclude={"undoes"}))


def going_view(under: Under | None) -> views.Going | None:
    """Return how far an album is."""
    return None if under is None else views.Going(**under.model_dump(exclude={"album"}))


def _cover(row: AlbumRow, begun: Begun) -> views.CoverView | None:
    cover = begun.cover
    if cover is None:
        return None
    return views.CoverView(
        url=cover_url(row.slug, version_of(row)), scene=cover.scene, palette=cover.palette, why=cover.why
    )


def _mix(row: AlbumRow, begun: Begun) -> views.MixView | None:
    if begun.album is None or not begun.whole:
        return None
    mix = begun.album.mix
    return views.MixView(url=f"/mix/{row.slug}.flac?v={mix.files[0].sha256[:12]}", seconds=mix.seconds)


def cover_url(slug: Slug, version: Sha256, small: bool = False) -> str:
    """Return where a cover is; another version of the album has another address, whatever a browser keeps."""
    return f"/covers/{slug}{'-small' if small else ''}.jpg?v={version[:12]}"


def _track(begun: Begun, known: Known, edits: Edits, plan: TrackPlan) -> views.TrackView:
    number, album = plan.number, begun.album
    master = None if album is None else next((each for each in album.tracks if each.number == number), None)
    chosen = dict(edits.takes).get(number) or (None if master is None else master.take)
    judged = [(take, verdict) for take, verdict in begun.judged if take.order.track.number == number]
    last = max((take.order.index for take, _ in judged), default=0)
    takes = [
        _take(known, chosen, take, verdict, begun.twins.get((number, take.order.index), ())) for take, verdict in judged
    ]
    takes.sort(key=lambda take: (not take.passed, -(take.score or 0.0), take.take))
    return views.TrackView(
        track=number,
        position=number,
        title=dict(edits.titles).get(number) or _own_title(begun, plan),
        prompt=plan.prompt,
        planned=_planned(plan),
        chosen=chosen,
        why="" if master is None else master.why,
        master=_master_url(known.row, master) if begun.whole and master is not None else None,
        note=_note(known.decided, number),
        rerolls=max(0, dict(edits.counts).get(number, 0) - last),
        takes=tuple(takes),
    )


def _own_title(begun: Begun, plan: TrackPlan) -> str:
    return plan.title if begun.album is None else own_titles(begun.album)[plan.number]


def _master_url(row: AlbumRow, master: Master) -> str:
    return f"/master/{row.slug}/{master.number}.flac?v={master.files[0].sha256[:12]}"


def sound_url(slug: str, track: int, take: int, sha256: str) -> str:
    """Return where a take can be heard."""
    return f"/sound/{slug}/{track}/{take}.flac?v={sha256[:12]}"


def _take(
    known: Known, chosen: int | None, take: Take, verdict: Verdict | None, twins: Sequence[tuple[int, float]]
) -> views.TakeView:
    track, number = take.order.track.number, take.order.index
    word = known.words.get((track, number))
    word = word if word is not None and word.version == take.sha256 else None
    peaks = take.peaks or known.peaks.get((track, number))
    loudness = None if verdict is None else verdict.measured.loudness
    return views.TakeView(
        take=number,
        version=take.sha256,
        seed=str(take.order.seed),
        backend=take.backend.title,
        licences=take.backend.licences,
        seconds=take.seconds,
        chosen=number == chosen,
        decided=None if word is None else word.decision,
        reason="" if word is None else word.note,
        passed=verdict is not None and verdict.passed,
        score=None if verdict is None else verdict.total,
        mine=known.mine.get((track, number)),
        scores=() if verdict is None else tuple(views.ScoreView(**dict(score)) for score in verdict.scores),
        gates=() if verdict is None else tuple(views.GateView(**dict(gate)) for gate in verdict.gates),
        measured=_measured(take, verdict),
        twins=tuple(views.Twin(name=f"track {of}", likeness=round(value, 3)) for of, value in twins),
        rating=known.ratings.get(take.sha256),
        peaks=peaks,
        gain=gain(loudness, peak_of(peaks)),
        audio=sound_url(known.row.slug, track, number, take.sha256),
    )


def _measured(take: Take, verdict: Verdict | None) -> views.MeasuredView:
    if verdict is None:
        return views.MeasuredView(tempo=None, key=None, loudness=0.0, true_peak=0.0, seconds=take.seconds)
    met = verdict.measured
    return views.MeasuredView(**{**dict(met), "key": None if met.key is None else str(met.key)})


def _planned(plan: TrackPlan) -> views.PlannedView:
    fields = {name: getattr(plan, name) for name in views.PlannedView.model_fields}
    return views.PlannedView(**{**fields, "key": str(plan.key)})


def _note(decided: Sequence[Decided], track: int | None) -> str:
    notes = [made.note for made in counting(decided) if made.decision == "noted" and made.track == track]
    return notes[-1] if notes else ""
