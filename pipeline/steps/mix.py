"""Mix: the album as one piece, with its chapters, and the lists that go with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from pipeline.audio.chapters import clock, cue_sheet, m3u8, tracklist
from pipeline.audio.encode import Heed
from pipeline.audio.mix import write_mix
from pipeline.audio.mixplan import MixItem, MixPlan, plan_mix
from pipeline.audio.tags import Tags
from pipeline.domain import Cover, Loop, Mix, Track
from pipeline.domain.brief import Format
from pipeline.shelf.album_folder import COVER_FOR_TAGS, CUE, MIX_RECORD
from pipeline.shelf.folder import Folder
from pipeline.shelf.work_folder import mix_path
from pipeline.steps.credits import artist, disclosure
from pipeline.steps.progress import Progress
from pipeline.steps.resume import digest, resume
from pipeline.steps.session import Session

FORMATS: tuple[Format, ...] = ("flac", "m4a")
PLAYLIST = "album.m3u8"
TRACKLIST = "tracklist.txt"


def mix_album(session: Session, tracks: Sequence[Track], cover: Cover, loops: Sequence[Loop] = ()) -> Mix:
    """Return the mix, making it only if no earlier run finished it; `loops` are what lies under its tracks."""
    folder, title = session.folder, session.plan.title
    performer = artist(session)
    items = [
        MixItem(
            path=folder.path(track.files[0].path),
            frames=track.frames,
            rate=track.rate,
            title=track.title,
            tempo=track.tempo,
            first_beat=track.first_beat,
            first_bar=track.first_bar,
        )
        for track in tracks
    ]
    plan = plan_mix(items, session.project.production.crossfade)
    tags = Tags(
        title=f"{title} (full mix)",
        artist=performer,
        album=title,
        date=str(session.project.production.year),
        comment=disclosure(session, session.label.studio.musician.backend, loops[0].backend if loops else None),
    )
    lists = {
        CUE: cue_sheet(plan.chapters, plan.rate, file=mix_path("flac"), title=title, performer=performer),
        TRACKLIST: tracklist(plan.chapters, plan.rate),
        PLAYLIST: m3u8((track.files[0].path, track.seconds, f"{performer} - {track.title}") for track in tracks),
    }
    mix = resume(
        folder,
        MIX_RECORD,
        Mix,
        digest(*tracks, cover, tags, str(plan.overlaps)),
        lambda: session.label.crew.run("mix", blend, folder, plan, tags, lists),
        files=lambda made: made.files,
    )
    session.report(Progress("mix", f"{clock(mix.seconds)}, {mix.loudness:.1f} LUFS"))
    return mix


def blend(
    folder: Folder,
    plan: MixPlan,
    tags: Tags,
    lists: Mapping[str, str],
    formats: Sequence[Format] = FORMATS,
    begun: Path | None = None,
    heed: Callable[[dict[Format, Path]], Heed] = lambda _: lambda _, __: None,
) -> Mix:
    """Stream the mix into its files in a worker process, and write the lists beside it.

    `begun` is what an earlier run had written of it. `heed` is given the files being written, and returns who is told
    how far they are.
    """
    paths = {form: mix_path(form) for form in formats}
    with ExitStack() as stack:
        temps: dict[Format, Path] = {form: stack.enter_context(folder.writing(path)) for form, path in paths.items()}
        picture = folder.path(COVER_FOR_TAGS).read_bytes()
        levels = write_mix(plan, temps, tags, cover=picture, begun=begun, heed=heed(temps))
    for name, text in lists.items():
        folder.write_text(name, text)
    return Mix(
        files=tuple(folder.record(name) for name in (*paths.values(), *lists)),
        frames=plan.frames,
        rate=plan.rate,
        loudness=round(levels.loudness, 2),
        true_peak=round(levels.true_peak, 2),
        starts=plan.starts,
        joints=levels.joints,
    )
