"""The inventory: which models are on this machine, and whether they are what their publisher published.

The hub's cache names every file by its hash: SHA-256 for big files, git's blob hash for small ones. Comparing the
content with that name needs no network.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline.errors import Damaged
from pipeline.models import MODELS, LayoutName, Model
from pipeline.settings import Settings
from pipeline.shelf.atomic import hash_file
from pipeline.weights import AUDIOCRAFT, DIFFUSERS, OPEN_CLIP, TRANSFORMERS, check_file, lost_shards, missing, own_path

State = Literal["absent", "incomplete", "damaged", "whole", "verified"]

_USES: dict[str, tuple[str, LayoutName, tuple[str, ...]]] = {
    "musicgen_model": ("musician musicgen", "transformers", TRANSFORMERS.needs),
    "audiocraft_model": ("musician audiocraft", "audiocraft", AUDIOCRAFT.needs),
    "audiogen_model": ("ambience audiogen", "audiocraft", AUDIOCRAFT.needs),
    "clap_model": ("judge clap", "transformers", TRANSFORMERS.needs),
    "diffusion_model": ("painter diffusion", "diffusers", DIFFUSERS.needs),
    "clip_model": ("painter diffusion, ranking", "open_clip", OPEN_CLIP.needs),
}
"""The settings that name a model, what for, and in which layout."""

_WEIGHTS = (".safetensors", ".bin", ".pt", ".th", ".ckpt")


@dataclass(frozen=True)
class Stock:
    """One model as it is here.

    `whole` means that nothing is missing or cut short, `verified` that every file has the hash it was published
    with. `why` says what is wrong, `chosen` which setting names it, `checked` how many files were compared.
    """

    model: Model
    state: State
    place: Path | None = None
    why: str = ""
    chosen: str | None = None
    checked: int = 0

    @property
    def remedy(self) -> str:
        """The command that fetches or mends it, empty when nothing is to be done."""
        if self.state in ("whole", "verified"):
            return ""
        if Path(self.model.name).is_absolute() or self.model.name.startswith((".", "~")):
            return "Name another folder, or put back what is missing."
        # Without --force-download a file that has its name already is not fetched again.
        return self.model.fetch + (" --force-download" if self.state == "damaged" else "")


def take_stock(settings: Settings, *, check: bool = False) -> Iterator[Stock]:
    """Look for every known model, and for those the settings name beside them; with `check`, compare every hash."""
    hub = settings.hub.expanduser()
    named = {setting: str(getattr(settings, setting)) for setting in _USES}
    for model in MODELS:
        uses = [s for s, name in named.items() if name == model.name and _USES[s][0] == model.part]
        yield replace(_look(model, _snapshot(hub, model.name), hub, check), chosen=uses[0] if uses else None)
    known = {(model.name, model.part) for model in MODELS}
    for setting, name in named.items():
        part, layout, needs = _USES[setting]
        if not name or (name, part) in known:
            continue
        own = own_path(name)
        if own.is_file():
            lone = Model(name, part, "its publisher's", "file", (own.name,), (own.name,), None, None)
            yield replace(_look(lone, own.parent, hub, check), chosen=setting, place=own)
            continue
        model = Model(name, part, "its publisher's", layout, ("*",), needs, None, None)
        folder = own if own.is_dir() else _snapshot(hub, name)
        yield replace(_look(model, folder, hub, check), chosen=setting)


def _snapshot(hub: Path, name: str) -> Path | None:
    """Return the folder of the commit that the cache has of a model."""
    cache = hub / f"models--{name.replace('/', '--')}"
    try:
        folder = cache / "snapshots" / (cache / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return folder if folder.is_dir() else None


def _look(model: Model, folder: Path | None, hub: Path, check: bool) -> Stock:
    begun = list(hub.glob(f"models--{model.name.replace('/', '--')}/blobs/*.incomplete"))
    if folder is None:
        return Stock(model, "incomplete", why="a download broke off") if begun else Stock(model, "absent")
    lacks = missing(folder, model.needs)
    if lacks is not None:
        # A page may hold two layouts in one folder: configuration without any weights is the other one's.
        some = [need for need in model.needs if not need.endswith(".json") and missing(folder, (need,)) is None]
        linked = any(path.is_symlink() for glob in lacks.split("|") for path in folder.glob(glob))
        if not some and not begun and not linked:
            return Stock(model, "absent")
        return Stock(model, "incomplete", folder, f"{lacks.replace('|', ' or ')} is missing")
    try:
        if model.layout in ("transformers", "diffusers"):
            for shard in lost_shards(folder):
                return Stock(model, "incomplete", folder, f"{shard.name} is missing")
        files = _files(folder, model)
        for path in files:
            if path.suffix in _WEIGHTS:
                check_file(path)
    except Damaged as damage:
        return Stock(model, "damaged", folder, damage.message)
    return _compare(model, folder, files) if check else Stock(model, "whole", folder)


def _files(folder: Path, model: Model) -> list[Path]:
    globs = {glob for name in (*model.files, *model.needs) for glob in name.split("|")}
    # The globs of `hf download` cross folders, those of pathlib do not.
    found = {path for glob in globs for path in folder.glob(glob if "/" in glob else f"**/{glob}")}
    return sorted(path for path in found if not path.is_dir() and ".cache" not in path.relative_to(folder).parts)


def _compare(model: Model, folder: Path, files: list[Path]) -> Stock:
    """Compare every file with the hash it was published with."""
    checked = 0
    for path in files:
        published = _published(folder, path)
        if published is None:
            continue
        if (_git_hash(path) if len(published) == 40 else hash_file(path)[0]) != published:
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
