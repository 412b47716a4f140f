"""The model hub's cache on disk: `models--owner--name/{refs,snapshots,blobs}`, read and never written.

A name is `owner/name`, which means the commit that `refs/main` holds, or `owner/name@revision`: a commit, or a branch
or tag that the cache has under `refs/`. Then that snapshot is used and no other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from pipeline.models import MODELS, fetch_command

MAIN = "main"
_ASKED = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.+-]+(?:/[\w.+-]+)*))?")
_COMMIT = re.compile(r"[\w-]+")
_CACHED, _SNAPSHOTS = "models--", "snapshots"


@dataclass(frozen=True)
class Published:
    """A model of the hub by its `name`, at a `revision`; "" is whatever the cache has as main."""

    name: str
    revision: str = ""

    def __str__(self) -> str:
        """Return it as a person asks for it."""
        return f"{self.name}@{self.revision}" if self.revision else self.name


def published(asked: str) -> Published | None:
    """Return the model of the hub that a person asks for, or None when it is a path, or nothing."""
    found = _ASKED.fullmatch(asked)
    if found is None or asked.startswith((".", "~", "/")):
        return None
    # Names and revisions become paths in the cache, and may come out of a checkpoint.
    if {".", ".."} & set(re.split("[/@]", asked)):
        return None
    return Published(found["name"], found["revision"] or "")


def snapshot(model: Published, hub: Path) -> Path | None:
    """Return the folder of a model in the hub's cache `hub`, or None when that revision is not there."""
    cache = hub.expanduser() / f"{_CACHED}{model.name.replace('/', '--')}"
    commit = model.revision
    if not commit or not (cache / _SNAPSHOTS / commit).is_dir():
        commit = _head(cache, model.revision or MAIN)
    folder = cache / _SNAPSHOTS / commit
    return folder if commit and folder.is_dir() else None


def published_as(path: Path) -> Published | None:
    """Return the model whose snapshot in a hub's cache a path is in, or None when it is somebody's own."""
    parts = path.parts
    for place, part in enumerate(parts[:-2]):
        if part.startswith(_CACHED) and parts[place + 1] == _SNAPSHOTS:
            return Published(part.removeprefix(_CACHED).replace("--", "/", 1), parts[place + 2])
    return None


def again(path: Path) -> str:
    """Return what puts a broken file or folder right: the command that fetches it again, where that can be known."""
    model = published_as(path)
    if model is None:
        return "Copy it anew from where it came from."
    layouts = (m.layout for m in MODELS if m.name == model.name and any(fnmatch(path.name, f) for f in m.files))
    cache = next(folder for folder in path.parents if folder.name.startswith(_CACHED))
    revision = "" if _head(cache, MAIN) == model.revision else model.revision
    # Without --force-download a file that has its name already is not fetched again.
    return f"Run: {fetch_command(model.name, next(layouts, None), revision)} --force-download"


def own_path(asked: str) -> Path:
    """Return what a person typed as a path; "~" is the home folder, "~nobody" stays what it is."""
    try:
        return Path(asked).expanduser()
    except RuntimeError:
        return Path(asked)


def is_own(asked: str) -> bool:
    """Whether what a person typed is a file or folder that is there; it comes before a model of the hub called so."""
    try:
        return own_path(asked).exists()
    except OSError:
        return False


def _head(cache: Path, ref: str) -> str:
    """Return the commit a branch or tag of a cached model stands for, "" when the cache has no such ref."""
    try:
        commit = (cache / "refs" / ref).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return commit if _COMMIT.fullmatch(commit) else ""
