"""`lofi`: one short function a verb. Heavy imports are inside the verbs, so that the help is instant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flows.doors import enter
from flows.nightly import agenda, radio, serve
from flows.options import FX, PARTS, settings_of, with_address, with_author, with_library, with_part, with_parts
from flows.values import argument, option

PLATFORMS = ("youtube", "spotify", "podcast", "files")
ARCS = ("settle", "lift", "wave", "level")
FORMATS = ("flac", "mp3", "m4a", "opus", "wav")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="lofi-label", message="lofi %(version)s")
def lofi() -> None:
    """An automatic lo-fi record label: type a theme, get a finished album."""


def main() -> None:
    """Run `lofi` as a program."""
    enter(lofi)


@lofi.command(short_help="Make an album from a theme.")
@argument("theme")
@option("--tracks", type=int, default=8, show_default=True, help="Number of tracks, up to 100.")
@option("--seconds", type=float, default=120.0, show_default=True, help="Length of each track, 10 to 600.")
@option("--takes", type=int, default=2, show_default=True, help="Takes of each track to choose from, up to 16.")
@option("--seed", type=int, help="Same seed, same album.  [default: a new one every time]")
@option("--style", help="Style, such as boom bap or night drive.  [default: what the theme suggests]")
@option(
    "--language", help="Language of the titles, such as ja; auto is the theme's own.  [default: auto, or LOFI_LANGUAGE]"
)
@option("--studio", help="Studio that makes it.  [default: offline, or LOFI_STUDIO]")
@with_parts
@option("--format", "formats", type=click.Choice(FORMATS), multiple=True, help="Also make tracks in this format.")
@option(
    "--fx",
    "effects",
    type=click.Choice(FX),
    help="Lo-fi effects put on after judging, gently on a music model's takes.  [default: tape, or LOFI_EFFECTS]",
)
@option("--pictures", is_flag=True, help="Also paint a picture for every track, for its own files.")
@option("--dry-run", is_flag=True, help="Show the plan and stop.")
@option("--json", "as_json", is_flag=True, help="Print the result as JSON; progress goes to stderr.")
@option("--plain", is_flag=True, help="Work without Prefect.")
@option(
    "--trace", type=click.Path(path_type=Path, dir_okay=False), help="Write who worked when to this file, for Perfetto."
)
@with_library
def make(
    theme: str, seed: int | None, dry_run: bool, as_json: bool, plain: bool, trace: Path | None, **wanted: Any
) -> None:
    """Make an album from THEME, or finish the one an interrupted run of the same command began."""
    # The first line comes before anything is loaded: nobody should wonder whether it started.
    click.echo("Opening the studio …", err=as_json)
    from flows import making

    settings = settings_of(**{name: wanted.pop(name) for name in ("library", "studio", "language", "effects", *PARTS)})
    if dry_run:
        making.show_plan(theme, seed, wanted, settings, as_json=as_json)
    else:
        making.make(theme, seed, wanted, settings, as_json=as_json, plain=plain, trace=trace)


@lofi.command(short_help="Make what was decided at review.")
@argument("album")
@option("--json", "as_json", is_flag=True, help="Print the result as JSON; progress goes to stderr.")
@option("--plain", is_flag=True, help="Work without Prefect.")
@with_library
def remake(album: str, as_json: bool, plain: bool, library: Path | None) -> None:
    """Make ALBUM again with what was decided at review: other takes, titles, order or cover. The rest stays."""
    click.echo("Opening the studio …", err=as_json)
    from flows import making

    making.remake(album, settings_of(library=library), as_json=as_json, plain=plain)


@lofi.command(short_help="Render one clip from a prompt.")
@argument("prompt", default="")
@option("--seconds", type=float, default=30.0, show_default=True, help="Length of the clip.")
@option("--seed", type=int, help="Same seed, same clip.  [default: a new one every time]")
@option("--tempo", type=float, help="BPM.  [default: what the prompt suggests]")
@option("--key", help='Key, such as "A minor".  [default: what the prompt suggests]')
@option("--takes", type=int, default=1, show_default=True, help="How many, each with a seed of its own.")
@option("--out", type=click.Path(path_type=Path), help="A .flac or .wav file.  [default: in the library's clips/]")
@option("--top-k", type=int, help="Choose among the K most likely tokens; 0 for all.  [default: 250]")
@option("--top-p", type=float, help="Choose among the most likely tokens that make up P; 0 for off.  [default: 0]")
@option("--temperature", type=float, help="Above 1 bolder, below 1 tamer.  [default: 1]")
@option("--cfg-coef", type=float, help="How strictly the prompt is followed.  [default: 3]")
@option("--two-step-cfg", is_flag=True, default=None, help="Guide in two passes: less memory, more time.")
@option("--greedy", is_flag=True, help="Always take the most likely token.")
@option("--stride", type=float, help="Seconds that each window beyond the first adds.  [default: 18]")
@option("--unconditional", is_flag=True, default=None, help="Leave the prompt out.")
@option("--multiband", is_flag=True, default=None, help="Decode with MultiBand Diffusion.")
@option("--opening", type=click.Path(path_type=Path), help="Audio file to go on from.")
@option("--melody", type=click.Path(path_type=Path), help="Audio file whose tune is followed.")
@option("--rhythm", is_flag=True, help="Start from a click of tempo and key.")
@option(
    "--ambience",
    metavar="WORDS",
    help="What to hear under it: rain, cafe, words of your own; a part such as audiogen for what the prompt suggests.",
)
@option("--studio", help="Studio whose musician plays.  [default: offline, or LOFI_STUDIO]")
@with_part("musician")
@option("--json", "as_json", is_flag=True, help="Print the result as JSON; progress goes to stderr.")
@with_library
def render(
    greedy: bool, studio: str | None, musician: str | None, library: Path | None, as_json: bool, **wanted: Any
) -> None:
    """Render one clip from PROMPT, with every control of the musician."""
    click.echo("Opening the studio …", err=as_json)
    from flows.rendering import render_clip

    controls = ("top_k", "top_p", "temperature", "cfg_coef", "two_step_cfg", "stride", "unconditional", "multiband")
    given = {name: wanted.pop(name) for name in controls}
    given["use_sampling"] = False if greedy else None
    out = wanted.pop("out")
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = settings_of(library=library, studio=studio, musician=musician)
    render_clip({**wanted, "controls": chosen}, out, settings, as_json=as_json)


@lofi.command(short_help="Make a long mix out of albums.")
@argument("albums", nargs=-1, required=True)
@option("--hours", type=float, help="Length of the mix, up to 24.  [default: every track once]")
@option("--title", help="Its title.  [default: from the albums']")
@option(
    "--arc", type=click.Choice(ARCS), default="wave", show_default=True, help="How the energy goes from end to end."
)
@option("--repeats", is_flag=True, help="Let tracks come again where there are too few.")
@option("--crossfade", type=float, help="Seconds of a crossfade, 3 to 10.  [default: 6, or LOFI_CROSSFADE]")
@option("--match", is_flag=True, help="Bring tempos less than 3 % apart together in the joints.")
@option(
    "--format", "formats", type=click.Choice(FORMATS), multiple=True, help="Write this beside FLAC.  [default: m4a]"
)
@option("--dry-run", is_flag=True, help="Show the order and stop.")
@with_part("painter")
@option("--json", "as_json", is_flag=True, help="Print the result as JSON; progress goes to stderr.")
@with_library
def mix(
    albums: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    crossfade: float | None,
    painter: str | None,
    library: Path | None,
    **wanted: Any,
) -> None:
    """Make one long mix out of the tracks of ALBUMS, or finish the one an interrupted run of the same command began."""
    click.echo("Opening the library …", err=as_json)
    from flows.mixing import check_crossfade, mix_albums

    check_crossfade(crossfade)
    settings = settings_of(library=library, crossfade=crossfade, painter=painter)
    mix_albums(albums, wanted, settings, dry_run=dry_run, as_json=as_json)


for verb in (agenda, serve, radio):
    lofi.add_command(verb)


@lofi.command(short_help="Approve an album or mix for release.")
@argument("name", metavar="ALBUM|MIX")
@option("--note", default="", help="What you want to remember about it.")
@with_author
@with_library
def approve(name: str, note: str, by: str | None, library: Path | None) -> None:
    """Approve ALBUM or MIX in the very version that is there now; made anew, it needs another approval."""
    from flows.releasing import decide

    decide(name, settings_of(library=library), approved=True, note=note, author=by)


@lofi.command(short_help="Reject an album or mix.")
@argument("name", metavar="ALBUM|MIX")
@option("--note", required=True, help="Why.")
@with_author
@with_library
def reject(name: str, note: str, by: str | None, library: Path | None) -> None:
    """Reject ALBUM or MIX in the very version that is there now: it is not released, nor a mix that has it."""
    from flows.releasing import decide

    decide(name, settings_of(library=library), approved=False, note=note, author=by)


@lofi.command(short_help="Hear the takes and decide, in the browser.")
@with_address(8765)
@with_author
@with_library
def review(
    host: str, port: int | None, names: tuple[str, ...], no_open: bool, by: str | None, library: Path | None
) -> None:
    """Open the review room: a page to hear the takes, decide on them, and order albums and clips."""
    click.echo("Opening the library …")
    from flows import reviewing
    from flows.controls import Menu

    reviewing.review(
        Menu(lofi.commands),
        settings_of(library=library),
        host=host,
        port=port,
        names=names,
        author=by,
        show=not no_open,
    )


@lofi.command(short_help="Make a folder to upload of what was approved.")
@argument("name", metavar="ALBUM|MIX")
@option("--for", "platform", type=click.Choice(PLATFORMS), required=True, help="Where it goes.")
@option("--commercial", is_flag=True, help="Refuse what may not be sold, and name it.")
@with_author
@option("--json", "as_json", is_flag=True, help="Print the result as JSON; progress goes to stderr.")
@with_library
def release(name: str, platform: str, commercial: bool, by: str | None, as_json: bool, library: Path | None) -> None:
    """Make the release kit of an approved ALBUM or MIX: a folder with all that the platform asks for."""
    click.echo("Opening the library …", err=as_json)
    from flows.releasing import release_work

    release_work(name, platform, settings_of(library=library), commercial=commercial, author=by, as_json=as_json)


@lofi.command("list")
@option("--json", "as_json", is_flag=True, help="Print as JSON.")
@with_library
def list_albums(as_json: bool, library: Path | None) -> None:
    """List the albums and the long mixes of the library."""
    from flows import looking

    looking.list_albums(settings_of(library=library), as_json=as_json)


@lofi.command(short_help="Show one album or mix.")
@argument("name", metavar="ALBUM|MIX")
@option("--json", "as_json", is_flag=True, help="Print the whole manifest as JSON.")
@with_library
def show(name: str, as_json: bool, library: Path | None) -> None:
    """Show one ALBUM or MIX: its tracks, why each take was chosen or stands where it does, and its files."""
    from flows import looking

    looking.show(name, settings_of(library=library), as_json=as_json)


@lofi.command(short_help="Check every file of albums and mixes.")
@argument("names", nargs=-1, metavar="[ALBUM|MIX]...")
@with_library
def verify(names: tuple[str, ...], library: Path | None) -> None:
    """Check every file of albums and mixes (or of all) against its recorded hash, and that it decodes."""
    click.echo("Checking …")
    from flows import looking

    looking.verify(names, settings_of(library=library))


@lofi.command(short_help="Render a take again and compare.")
@argument("album")
@argument("track", type=int)
@option("--take", type=int, help="Which take of the track.  [default: the chosen one]")
@option("--ambience", is_flag=True, help="The loop under the track in place of its take.")
@with_library
def replay(album: str, track: int, take: int | None, ambience: bool, library: Path | None) -> None:
    """Render a take of TRACK again from ALBUM's manifest and compare."""
    click.echo("Rendering it again …")
    from flows import looking

    looking.replay(album, track, take, settings_of(library=library), ambience=ambience)


@lofi.command(short_help="Delete takes that nobody chose, and what was left over.")
@option("--dry-run", is_flag=True, help="Show what would go and what stays, and stop.")
@option(
    "--older-than",
    "days",
    type=click.FloatRange(0, 36_500),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Only of albums that were last decided on so long ago.",
)
@option("--json", "as_json", is_flag=True, help="Print as JSON.")
@with_library
def prune(dry_run: bool, days: float, as_json: bool, library: Path | None) -> None:
    """Delete takes that were not chosen, of albums that were decided on, and what was left over. What was approved or
    preferred stays, and every finished track; a take that is gone is rendered again where it is wanted."""
    from flows import tidying

    settings = settings_of(library=library)
    if dry_run:
        tidying.show_what_goes(settings, days=days, as_json=as_json)
    else:
        tidying.prune(settings, days=days, as_json=as_json)


@lofi.command(short_help="Read every album into the catalogue again.")
@with_library
def reindex(library: Path | None) -> None:
    """Read every album.json into the catalogue again; nothing in the catalogue is lost."""
    from flows import looking

    looking.reindex(settings_of(library=library))


@lofi.command(short_help="List the trained models.")
@option("--check", is_flag=True, help="Compare every file that is here with the hash it was published with.")
@option("--json", "as_json", is_flag=True, help="Print as JSON.")
@with_library
def models(check: bool, as_json: bool, library: Path | None) -> None:
    """List the trained models: licence, size, memory, whether they are here, and what fetches them."""
    from flows.models import list_models

    list_models(settings_of(library=library), check=check, as_json=as_json)


@lofi.command(short_help="Say what works here and what is missing.")
@option("--studio", help="Studio to look at.  [default: offline, or LOFI_STUDIO]")
@with_parts
@with_library
def doctor(library: Path | None, **chosen: str | None) -> None:
    """Say what works on this machine, what is missing, and the line that installs it."""
    from flows import looking

    looking.doctor(settings_of(library=library, **chosen))


if __name__ == "__main__":
    main()
