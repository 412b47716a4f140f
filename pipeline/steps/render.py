"""Render: one take on the shelf and in the ledger, never paid for twice."""

from __future__ import annotations

from pipeline.audio.encode import write_take
from pipeline.audio.fingerprint import fingerprint
from pipeline.catalogue.rows import Kind
from pipeline.domain import RenderOrder, Take, TrackPlan, derive_seed
from pipeline.errors import BackendFailed, LofiError
from pipeline.roles import Musician
from pipeline.shelf import AlbumFolder
from pipeline.steps.session import Progress, Session


def order_take(session: Session, track: TrackPlan, index: int) -> RenderOrder:
    """Return the order for one take: its seed depends on the brief's seed, the track and the index alone."""
    seed = derive_seed(session.brief.seed, "track", track.number, "take", index)
    return RenderOrder(track=track, index=index, seed=seed)


def render_take(session: Session, track: TrackPlan, index: int) -> Take:
    """Return the take, rendering it only if no earlier run finished it."""
    order = order_take(session, track, index)
    kept = session.folder.find_take(order)
    said = f"take {index} of “{track.title}”" + (", kept from an earlier run" if kept else "")
    take = kept or _render(session, order)
    session.label.report(Progress("render", said, track.number))
    return take


def _render(session: Session, order: RenderOrder) -> Take:
    """Render one take in a worker, with an entry in the ledger from its start to its end."""
    label, slug = session.label, session.project.slug
    kind: Kind = "asked" if order.index <= session.brief.takes else "reroll"
    musician = label.studio.musician
    entries: list[int] = []

    def begin() -> None:
        entries.append(label.catalogue.begin_render(slug, order, kind, musician.backend, label.run_id))

    try:
        take = label.workers.run(perform, session.folder, order, musician, starting=begin)
    except BaseException as error:
        for entry in entries:
            label.catalogue.end_render(entry, "failed" if isinstance(error, LofiError) else "interrupted", 0.0)
        raise
    for entry in entries:
        label.catalogue.end_render(entry, "finished", take.seconds)
    return take


def render_track(session: Session, track: TrackPlan) -> tuple[Take, ...]:
    """Render every take the brief asks for of one track."""
    return tuple(render_take(session, track, index) for index in range(1, session.brief.takes + 1))


def perform(folder: AlbumFolder, order: RenderOrder, musician: Musician) -> Take:
    """Render one take in a worker process and put it on the shelf."""
    clip = next(iter(musician.render([order])), None)
    if clip is None:
        raise BackendFailed(f"{musician.backend.name} returned nothing for “{order.track.title}”.")
    return folder.put_take(
        order,
        musician.backend,
        frames=clip.frames,
        rate=clip.rate,
        fingerprint=fingerprint(clip),
        write=lambda temp: write_take(temp, clip),
    )
