"""A release kit: what release.json holds."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from pipeline.domain.noun import Noun
from pipeline.domain.take import FileRecord
from pipeline.domain.units import Seconds, Sha256, Slug

Platform = Literal["youtube", "spotify", "podcast", "files"]
"""Where a kit goes: Spotify takes uploads through distributors, and "files" is everything, for anywhere."""


class KitFile(Noun):
    """A file of a kit, and what it was made of: paths below the library, or the manifest whose words it says."""

    file: FileRecord
    sources: tuple[str, ...]


class Kit(Noun):
    """The manifest of a kit, written last: what was released, in which version, with which files."""

    version: Literal[1] = 1
    work: Slug
    kind: Literal["album", "mix"]
    manifest: Sha256
    """Of album.json or mix.json: the version that was approved."""
    platform: Platform
    commercial: bool
    disclosed: bool
    """Whether its texts tell that it was made by software."""
    title: str
    seconds: Seconds
    released: AwareDatetime
    files: tuple[KitFile, ...]
