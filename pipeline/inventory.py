"""The inventory: which models are on this machine, and whether they are what their publisher published.

The hub's cache names every file by its hash: SHA-256 for big files, git's blob hash for small ones. Comparing the
content with that name needs no network.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline.errors import DamagedModel
from pipeline.models import DOWNLOADS, MODELS, USES, Model, fetch_command
from pipeline.settings import Settings
from pipeline.shelf.atomic import hash_file
from pipeline.weights import LAYOUTS, Layout, again, check_file, licence_of, missing, own_path
from pipeline.weights.hub import Published, is_own, published, snapshot
from pipeline.weights.layouts import SUFFIXES, loaded

State = Literal["absent", "incomplete", "damaged", "whole", "verified"]

_LAYOUTS = {layout.name: layout for layout in LAYOUTS}


@dataclass(frozen=True)
class Stock:
    """One model as it is here.

    `whole` means that nothing is missing or cut short, `verified` that every file has the hash it was published
    with. `why` says what is wrong, `chosen` which setting names it, `checked` how many files were compared. An `own`
    one is a folder or file outside the hub's cache; of another, `revision` is the one that is asked for, "" for main.
    """

    model: Model
    state: State
    place: Path | None = None
    why: str = ""
    chosen: str | None = None
    checked: int = 0
    own: bool = False
    revision: str = ""

    @property
    def fetch(self) -> str:
        """The command that fetches it, empty for one's own."""
        return "" if self.own else fetch_command(self.model.name, self.model.layout, self.revision)

    @property
    def remedy(self) -> str:
        """What fetches or mends it, empty when nothing is to be done."""
        if self.state in ("whole", "verified"):
            return ""
        if self.own:
            return f"{self.model.name}: {again(own_path(self.model.name).absolute())}"
        # Without --force-download a file that has its name already is not fetched again.
        return self.fetch + (" --force-download" if self.state == "damaged" and not self.model.url else "")


def take_stock(settings: Settings, *, check: bool = False) -> Iterator[Stock]:
    """Look for every known model, and for those the settings name beside them; with `check`, compare every hash."""
    hub = settings.hub.expanduser()
    named = {setting: str(asked) for setting in USES if (asked := getattr(settings, setting))}
    wanted = {setting: None if is_own(asked) else published(asked) for setting, asked in named.items()}
    for model in MODELS:
        chosen, revision = _chosen(model, wanted)
        yield replace(_look_in_cache(model, Published(model.name, revision), hub, check), chosen=chosen)
    known = {(model.name, model.part) for model in MODELS}
    for setting, asked in named.items():
        at = wanted[setting]
        if at is None:
            yield replace(_look_at_own(asked, setting, check), chosen=setting)
        elif (at.name, USES[setting].part) not in known:
            licence = licence_of(at.name, snapshot(at, hub) or hub, USES[setting].usual)
            yield replace(_look_in_cache(_unlisted(at.name, setting, licence), at, hub, check), chosen=setting)


def _chosen(model: Model, wanted: Mapping[str, Published | None]) -> tuple[str | None, str]:
    """Return which setting names a known model, and at which revision."""
    for setting, at in wanted.items():
        if at is not None and (at.name, USES[setting].part) == (model.name, model.part):
            return setting, at.revision
    return None, ""


def _unlisted(name: str, setting: str, licence: str) -> Model:
    """Return what is known of a model that a setting names and the list does not hold."""
    use = USES[setting]
    listed = [model for model in MODELS if model.part == use.part]
    needs = _LAYOUTS[use.layout].needs if use.layout in _LAYOUTS else listed[0].needs
    return Model(name, use.part, licence, use.layout, ("*",), needs, None, None)


def _look_at_own(asked: str, setting: str, check: bool) -> Stock:
    """Look at a folder or file of one's own."""
    own = own_path(asked)
    if is_own(asked) and own.is_file():
        licence = licence_of(own.name, own.parent, USES[setting].usual)
        lone = Model(asked, USES[setting].part, licence, "file", (own.name,), (own.name,), None, None)
        return replace(_look(lone, own.parent, check), place=own, own=True)
    model = _unlisted(asked, setting, licence_of("", own, USES[setting].usual))
    return replace(_look(model, own, check) if is_own(asked) else Stock(model, "absent"), own=True)


def _look_in_cache(model: Model, at: Published, hub: Path, check: bool) -> Stock:
    """Look for a model of the hub, or one that is published elsewhere."""
    folder = own_path(DOWNLOADS) if model.url else snapshot(at, hub)
    stock = Stock(model, "absent") if folder is None else _look(model, folder, check)
    begun = any(hub.glob(f"models--{model.name.replace('/', '--')}/blobs/*.incomplete"))
    if stock.state == "absent" and begun:
        stock = replace(stock, state="incomplete", why="a download broke off")
    return replace(stock, revision=at.revision)


def _look(model: Model, folder: Path, check: bool) -> Stock:
    """Look at the files in a folder."""
    lacks = missing(folder, model.needs)
    if lacks is not None:
        # A page may hold two layouts in one folder: configuration without any weights is the other one's.
        some = [need for need in model.needs if not need.endswith(".json") and missing(folder, (need,)) is None]
        links = any(path.is_symlink() for glob in lacks.split("|") for path in (folder / glob, *folder.glob(glob)))
        if not some and not links:
            return Stock(model, "absent")
        return Stock(model, "incomplete", folder, f"{lacks.replace('|', ' or ')} is missing")
    try:
        weights = loaded(folder, _LAYOUTS.get(model.layout) or Layout(model.layout, model.needs))
        for path in weights:
            if not path.is_file():
                return Stock(model, "incomplete", folder, f"{path.name} is missing")
            check_file(path)
    except DamagedModel as damage:
        return Stock(model, "damaged", folder, damage.message)
    return _compare(model, folder, _files(folder, model, weights)) if check else Stock(model, "whole", folder)


def _files(folder: Path, model: Model, weights: Collection[Path]) -> list[Path]:
    """Return the files that belong to a model: the small ones of its layout, and the weights that are loaded."""
    globs = {glob for name in (*model.files, *model.needs) for glob in name.split("|")}
    # The globs of `hf download` cross folders, those of pathlib do not.
    found = {path for glob in globs for path in folder.glob(glob if "/" in glob else f"**/{glob}")}
    small = {path for path in found if path.suffix not in SUFFIXES and not path.is_dir()}
    return sorted({path for path in small if ".cache" not in path.relative_to(folder).parts} | set(weights))


def _compare(model: Model, folder: Path, files: list[Path]) -> Stock:
    """Compare every file with the hash it was published with."""
    checked = 0
    for path in files:
        published = path.stem.partition("-")[2] if model.url else _published(folder, path)
        if published is None:
            continue
        if not (_git_hash(path) if len(published) == 40 else hash_file(path)[0]).startswith(published):
            return Stock(model, "damaged", folder, f"{path} does not match the hash it was published with")
        checked += 1
    if checked < len(files):
        said = f"{len(files) - checked} of {len(files)} files have no published hash here to compare with"
        return Stock(model, "whole", folder, said, checked=checked)
    return Stock(model, "verified", folder, checked=checked)


def _published(folder: Path, path: Path) -> str | None:
    """Return the hash a file was published with, or None where the download did not note it.

    The cache links to files named by it; `hf download --local-dir` notes it as the second line of a file beside.
    """
    if path.is_symlink():
        name = path.resolve().name
    else:
        note = folder / ".cache" / "huggingface" / "download" / f"{path.relative_to(folder).as_posix()}.metadata"
        try:
            name = note.read_text(encoding="utf-8").splitlines()[1].strip().strip('"')
        except (OSError, UnicodeDecodeError, IndexError):
            return None
    return name if re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{40}", name) else None


def _git_hash(path: Path) -> str:
    """Return the hash git gives a file's content: SHA-1 over a header and the bytes."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
