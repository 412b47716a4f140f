"""The verbs that look at what is there: list, show, verify, replay, reindex, doctor."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

import click
from rich.text import Text

from flows.finding import find_album, find_work
from flows.printing import FIRST, console, counted, credit, print_json, summary, terms
from flows.showing import IN_PROGRESS, decisions_in_words, mix_rows, show_mix
from flows.tables import album_table, mixes_table, rows_table
from pipeline.audio.chapters import clock
from pipeline.catalogue.rows import AlbumRow
from pipeline.domain import Album, Backend, Brief, Project
from pipeline.errors import LofiError, ShelfError
from pipeline.library import open_to_look
from pipeline.roles import Ear
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, MixFolder, Shelf
from pipeline.shelf.album_folder import PLAN
from pipeline.steps.again import changes_waiting
from pipeline.studio import STUDIOS, open_part
from pipeline.workers import Workers

WHOLE, DAMAGED = 0, 1


def list_albums(settings: Settings, *, as_json: bool) -> None:
    """List every album, the newest last, and then every long mix."""
    with open_to_look(settings) as (shelf, catalogue):
        rows = catalogue.albums()
        here = {folder.slug: folder.is_complete() for folder in shelf.albums()}
        mixes = mix_rows(shelf, catalogue.mixes())
    if as_json:
        albums = [{"kind": "album", **row.model_dump(mode="json"), "on_shelf": row.slug in here} for row in rows]
        print_json([*albums, *mixes])
        return
    out = console()
    if not rows and not mixes:
        out.print(Text(f"No albums in {shelf.root} yet. Make one: {FIRST}"), soft_wrap=True)
        return
    out.print(
        rows_table(
            ("Album", "Title", "Status", "Tracks", "Made"),
            [
                (
                    row.slug,
                    row.title,
                    _status(row, whole=here[row.slug]) if row.slug in here else "not on the shelf",
                    str(row.brief.tracks),
                    (row.finished or row.created).astimezone().strftime("%Y-%m-%d %H:%M"),
                )
                for row in rows
            ],
        )
    )
    for row in rows:
        if row.status == "needs_attention":
            out.print(Text(f"{row.slug}: {row.why}"), soft_wrap=True)
    if mixes:
        out.print()
        out.print(mixes_table(mixes))


def _status(row: AlbumRow | None, *, whole: bool) -> str:
    """Return the one word for how an album stands, whose manifest is on the shelf or not."""
    if not whole and row is not None and row.status == "needs_attention":
        return "needs attention"
    if not whole:
        return IN_PROGRESS  # also one that was finished once and has to be mended
    return row.status.replace("_", " ") if row else "draft"


def show(slug: str, settings: Settings, *, as_json: bool) -> None:
    """Show one album or long mix, finished or not."""
    with open_to_look(settings) as (shelf, catalogue):
        folder = find_work(shelf, slug)
        row = next((row for row in catalogue.albums() if row.slug == folder.slug), None)
        mixed = next((row for row in catalogue.mixes() if row.slug == folder.slug), None)
        decided = catalogue.decisions(folder.slug)
        whole = isinstance(folder, AlbumFolder) and folder.is_complete()
        changes = (
            changes_waiting(folder.read_manifest(), catalogue) if isinstance(folder, AlbumFolder) and whole else ()
        )
    if isinstance(folder, MixFolder):
        show_mix(shelf, folder, mixed, decided, settings, as_json=as_json)
        return
    if not folder.is_complete():
        _show_unfinished(folder, row, settings, as_json=as_json)
        return
    album = folder.read_manifest()
    command = make_command(album.brief, settings)
    if as_json:
        print_json(
            {
                **summary(album, folder.folder),
                "status": row.status if row else "draft",
                "decisions": [decision.model_dump(mode="json") for decision in decided],
                "changes": changes,
                "concept": album.plan.concept,
                "painting": album.cover.model_dump(mode="json", include={"seed", "scene", "palette", "why"}),
                "licences": album.licences(),
                "backends": {role: parts[0].model_dump(mode="json") for role, parts in _backends(album).items()},
                "command": command,
            }
        )
        return
    out = console()
    out.print(Text(album.plan.title, style="bold"))
    out.print(Text(album.plan.concept))
    out.print(album_table(album))
    out.print(Text(f"Cover: {album.cover.scene}, {album.cover.palette}. {album.cover.why}"))
    for line in _extras(album):
        out.print(Text(line), soft_wrap=True)
    out.print(Text(f"Mix: {clock(album.mix.seconds)}, {album.mix.loudness:.1f} LUFS"))
    out.print(f"Status: {_status(row, whole=True)}")
    for line in decisions_in_words(decided, row.manifest if row is not None else None):
        out.print(Text(line), soft_wrap=True)
    for change in changes:
        out.print(Text(f"Decided, and not made yet: {change}"), soft_wrap=True)
    if changes:
        out.print(Text(f"Make it so with: lofi remake {folder.slug}{_in(settings)}"), soft_wrap=True)
    for role, parts in _backends(album).items():
        out.print(Text(f"{role.capitalize() + ':':<9} {'; '.join(map(credit, parts))}"), soft_wrap=True)
    if terms(album):
        out.print(Text(terms(album)), soft_wrap=True)
    for note in album.remarks:
        out.print(Text(f"Note: {note}"), soft_wrap=True)
    out.print(Text(f"Make or mend it with: {command}"), soft_wrap=True)
    for file in (file for file in album.files() if not file.path.startswith("takes/")):
        out.print(Text(str(folder.folder / file.path)), soft_wrap=True)


def _in(settings: Settings) -> str:
    """Return the option that names the library, where it is not the usual one."""
    usual = Settings.model_fields["library"].default
    return "" if settings.library == usual else f" --library {shlex.quote(str(settings.library))}"


def _extras(album: Album) -> Iterator[str]:
    """Yield a line for what lies under the tracks, and one for their own pictures."""
    if album.loops:
        laid: dict[str, list[str]] = {}
        for track in album.tracks:
            if track.ambience:
                laid.setdefault(track.ambience, []).append(str(track.position))
        yield "Under the tracks: " + "; ".join(f"{name} under {', '.join(tracks)}" for name, tracks in laid.items())
    if album.pictures is not None:
        place = {track.number: track.position for track in album.tracks}
        shown = (f"{place[p.track]}: {p.scene}, {p.palette}" for p in album.pictures.pictures)
        yield f"Pictures: {'; '.join(shown)}"


def _show_unfinished(folder: AlbumFolder, row: AlbumRow | None, settings: Settings, *, as_json: bool) -> None:
    project = folder.peek(PLAN, Project)
    if project is None:
        raise ShelfError(f"{folder.slug} was never begun.", "Make it again with `lofi make`.")
    finished, asked = len(list(folder.folder.glob("takes/*.flac"))), project.brief.tracks * project.brief.takes
    command = make_command(project.brief, settings)
    if as_json:
        print_json(
            {
                "slug": folder.slug,
                "status": row.status if row else "in_progress",
                "why": row.why if row else "",
                "title": project.plan.title,
                "takes": {"finished": finished, "asked": asked},
                "notes": project.notes,
                "command": command,
            }
        )
        return
    out = console()
    out.print(Text(project.plan.title, style="bold"))
    out.print(f"Status: {_status(row, whole=False)}, {finished} of {asked} takes are on the shelf")
    out.print(Text(f"Writer: {credit(project.writer)}"), soft_wrap=True)
    for note in project.notes:
        out.print(Text(f"Note: {note}"), soft_wrap=True)
    if row is not None and row.why:
        out.print(Text(row.why), soft_wrap=True)
    out.print(Text(f"Go on with: {command}"), soft_wrap=True)


def _backends(album: Album) -> dict[str, tuple[Backend, ...]]:
    """Return who made what: more than one where a part was changed while the album was under way."""
    pictures = [] if album.pictures is None else [album.pictures.painter]
    makers = {
        "writer": [album.writer],
        "musician": [take.backend for take in album.takes],
        "judge": [verdict.judge for verdict in album.verdicts],
        "painter": [album.cover.painter, *pictures],
        "ambience": [loop.backend for loop in album.loops],
    }
    return {role: _different(backends) for role, backends in makers.items() if backends}


def _different(backends: Iterable[Backend]) -> tuple[Backend, ...]:
    """Return each backend once; one with the very same models under other names is the same."""
    found: dict[object, Backend] = {}
    for by in backends:
        found.setdefault((by.name, by.version, frozenset(model.sha256 for model in by.weights)), by)
    return tuple(found.values())


def verify(slugs: tuple[str, ...], settings: Settings) -> None:
    """Check every file of some albums and long mixes, or of all. Exits 1 when anything is wrong."""
    from pipeline.proof import verify as verify_work
    from pipeline.proof import verify_begun

    files = 0
    with open_to_look(settings) as (shelf, catalogue):
        everything: list[AlbumFolder | MixFolder] = [*shelf.albums(), *shelf.mixes()]
        folders = [find_work(shelf, slug) for slug in slugs] or everything
        manifests = {row.slug: row.manifest for row in catalogue.albums()}
        manifests |= {row.slug: row.manifest for row in catalogue.mixes()}
        here = {folder.slug for folder in everything}
        gone = [] if slugs else [slug for slug in manifests if slug not in here]
    for slug in gone:
        click.echo(f"{slug}: its folder is gone from {shelf.root}; the catalogue keeps what it knows of it")
    problems = len(gone)
    with Workers(settings.workers) as workers:
        for folder in folders:
            whole = folder.is_complete()
            if not whole:
                so_far = "plan is" if isinstance(folder, MixFolder) else "plan and its takes so far are"
                click.echo(f"{folder.slug}: {IN_PROGRESS}, so only its {so_far} checked")
            checking = verify_work(folder, workers, manifests.get(folder.slug)) if whole else None
            pruned = list[datetime]()
            try:
                for checked in checking or verify_begun(folder, workers):
                    if checked.pruned is not None:
                        pruned.append(checked.pruned)
                        continue
                    files += 1
                    if checked.problem:
                        problems += 1
                        click.echo(f"{folder.slug}: {checked.path} {checked.problem}")
            except LofiError as error:
                problems += 1
                click.echo(str(error))
            for day, of_day in groupby(sorted(when.date() for when in pruned)):
                click.echo(f"{folder.slug}: {counted(len(list(of_day)), 'file')} of takes not chosen, pruned on {day}")
    click.echo(f"{counted(files, 'file')} checked, {counted(problems, 'problem') if problems else 'all whole'}.")
    if problems:
        click.echo("`lofi show NAME` prints the command that makes what is missing or damaged again.")
        raise click.exceptions.Exit(DAMAGED)


def replay(slug: str, number: int, index: int | None, settings: Settings, *, ambience: bool = False) -> None:
    """Render a take again, or with `ambience` the loop under its track, and say whether it is the same.

    Exits 1 when it is not.
    """
    from pipeline import proof
    from pipeline.crew import workers_for
    from pipeline.encore import open_maker

    folder = find_album(Shelf.open(settings.library, writable=False), slug)
    album = folder.read_manifest()
    if ambience:
        loop = proof.find_loop(album, number)
        backend, name = loop.backend, f"The loop “{loop.order.ambience}”"
        maker = open_maker("ambience", backend, album.brief, settings)
        with workers_for(maker, settings.workers) as workers:
            played = proof.replay_loop(folder, loop, maker, workers)
    else:
        take = proof.find_take(album, number, index)
        title = proof.find_track(album, number).title
        backend, name = take.backend, f"Take {take.order.index} of “{title}”"
        ear = _ear(album.brief, settings) if backend.weights else None
        musician = open_maker("musician", backend, album.brief, settings)
        with workers_for(musician, settings.workers) as workers:
            played = proof.replay(folder, take, musician, workers, ear)
    if played.same:
        click.echo(f"{name}: the same, byte for byte ({played.backend}).")
        return
    then = credit(backend)
    if played.difference is None:
        click.echo(
            f"{name}: differs from the recorded hash, and was pruned, so that nobody can say by how much "
            f"(rendered then by {then}, now by {played.backend})."
        )
        raise click.exceptions.Exit(DAMAGED)
    click.echo(
        f"{name}: differs by at most {played.difference:.0f} dBFS "
        f"({'nobody can hear that' if played.agrees else 'that is another sound'}; "
        f"rendered then by {then}, now by {played.backend})."
    )
    if not played.agrees:
        raise click.exceptions.Exit(DAMAGED)


def _ear(brief: Brief, settings: Settings) -> Ear | None:
    """Return the judge that heard a model's takes of an album while they were made, where there was one."""
    try:
        judge = open_part("judge", settings.model_copy(update={"studio": brief.studio, "judge": brief.judge})).made
    except LofiError as error:
        click.echo(f"The judge that heard it being made cannot hear it now: {error.message}", err=True)
        return None
    return judge if isinstance(judge, Ear) else None


def reindex(settings: Settings) -> None:
    """Merge every album on the shelf into the catalogue. Exits 1 when an album could not be read."""
    from pipeline.catalogue.reindex import reindex as run

    shelf = Shelf.open(settings.library)
    found = run(shelf, shelf.catalogue_path)
    if found.moved_aside:
        click.echo(f"The damaged catalogue is kept as {found.moved_aside}; {sum(found.salvaged.values())} rows saved.")
    finished, unfinished = (
        counted(len(found.finished), "finished album"),
        counted(len(found.unfinished), "unfinished one"),
    )
    click.echo(f"In the catalogue: {finished}, {unfinished}.")
    for slug, said in (*found.damaged, *found.conflicts):
        click.echo(f"{slug}: {said}")
    for slug in found.missing:
        click.echo(f"{slug}: in the catalogue, but not on the shelf")
    if found.damaged:
        raise click.exceptions.Exit(DAMAGED)


def doctor(settings: Settings) -> None:
    """Print what works here. Exits 1 when something an album needs is broken."""
    from pipeline.doctor import examine

    broken = False
    for finding in examine(settings):
        mark = {"ok": "ok    ", "note": "note  ", "broken": "BROKEN"}[finding.state]
        click.echo(f"{mark}  {finding.what:<10}  {finding.found}")
        if finding.remedy:
            click.echo(f"{'':20}{finding.remedy}")
        broken |= finding.state == "broken"
    if broken:
        raise click.exceptions.Exit(DAMAGED)
    click.echo(f"Ready: {FIRST}")


def make_command(brief: Brief, settings: Settings) -> str:
    """Return the command that makes this very album in this library, or goes on with it."""
    # repr is exact, so that the command's brief is this brief.
    seconds = repr(float(brief.seconds)).removesuffix(".0")
    options = f"--tracks {brief.tracks} --seconds {seconds} --takes {brief.takes} --seed {brief.seed}"
    usual = Settings.model_fields
    if brief.studio != usual["studio"].default or settings.studio != brief.studio:
        options += f" --studio {shlex.quote(brief.studio)}"
    for role, own in STUDIOS.get(brief.studio, {}).items():
        part = getattr(brief, role)
        # A part set in the environment would win over the brief's: the studio's own is then named.
        if part is not None or getattr(settings, role) not in (None, own):
            options += f" --{role} {shlex.quote(part or own)}"
    if brief.language is not None or settings.language != usual["language"].default:
        options += f" --language {brief.language or usual['language'].default}"
    if brief.pictures:
        options += " --pictures"
    options += _in(settings)
    style = f" --style {shlex.quote(brief.style)}" if brief.style else ""
    formats = "".join(f" --format {name}" for name in brief.formats if name != "flac")
    return f"lofi make {options}{style}{formats} -- {shlex.quote(brief.theme)}"
