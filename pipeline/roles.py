"""The parts of a studio: each a Protocol with one verb, and the backend it credits.

A backend is one file, one line in pipeline/studio.py, and a green run of the role's suite in tests/contracts/.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.domain import AlbumPlan, Backend, Brief, RenderOrder, Seconds, Seed, TrackPlan, Verdict
from pipeline.errors import LofiError

_FOLDERS = re.compile(r"(?<![\w:/~.\\])(?:[A-Za-z]:)?[\\/](?:[^\\/\s]+[\\/])+")
"""What stands before the last name of an absolute path."""


@dataclass(frozen=True)
class Draft:
    """An album on paper, who really wrote it, and what a person should know about that."""

    plan: AlbumPlan
    backend: Backend
    notes: tuple[str, ...] = ()


@runtime_checkable
class Writer(Protocol):
    """Turns a brief into an album on paper."""

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        ...

    def write(self, brief: Brief, taken: Collection[str]) -> Draft:
        """Plan an album; a writer without a language model writes the same for the same brief and `taken`.

        `taken` holds every album and track title the catalogue already has, casefolded; none may be
        used again.
        Raises BadBrief when the brief asks for something that does not exist (an unknown style, say).
        """
        ...


@dataclass(frozen=True)
class Rendering:
    """One take as it leaves the musician, dry: before the lo-fi effects and the master.

    `codes` are the tokens it was decoded from, int16 [codebooks, steps], where there are such.
    """

    clip: Clip
    codes: NDArray[np.int16] | None = None


@runtime_checkable
class Ear(Protocol):
    """Hears one stretch of a take against what was ordered: a judge that can say so while the take is made."""

    def fault(self, clip: Clip, track: TrackPlan) -> str | None:
        """Return in plain words, such as "it is ...", why a stretch cannot be of this track; None when it may be.

        Never raises on poor audio, and has nothing to say where it cannot tell.
        """
        ...


@dataclass(frozen=True)
class Booth:
    """How a musician is heard and told things while it plays. By default nobody listens, and nobody asks it to stop.

    `progress` is told how much of a take is made, from 0 to 1; `stopping` says whether someone asked to stop, and then
    nothing more is begun that takes longer than seconds; `ear` hears a stretch against its prompt, where one is there.
    """

    progress: Callable[[RenderOrder, float], None] = lambda _, __: None
    stopping: Callable[[], bool] = lambda: False
    ear: Ear | None = None


@runtime_checkable
class Musician(Protocol):
    """Renders takes."""

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        ...

    @property
    def batch(self) -> int:
        """How many orders gain from being rendered together; 1 when none do."""
        ...

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        """Yield what became of each order, in their order: an order that fails takes no other along.

        A take depends on its own order alone, never on the others beside it. An order that is given up because the
        booth asked to stop yields Stopped; what is whole by then is yielded all the same. Raises BackendUnavailable
        when nothing can be rendered at all.
        """
        ...


@runtime_checkable
class Steered(Protocol):
    """A musician that says which controls it obeys; one that does not say refuses by itself what it cannot do."""

    @property
    def obeys(self) -> Collection[str]:
        """Names of fields of Controls, "opening", "melody" and "rhythm", and "ambience" if it plays the planned one."""
        ...


@runtime_checkable
class Named(Protocol):
    """A musician with a name to be tagged as the artist; the music of others is the label's."""

    @property
    def artist(self) -> str:
        """What it is called in the tags of its music."""
        ...


def plays_ambience(musician: Musician) -> bool:
    """Whether a musician says that its takes have their ambience in them already."""
    return isinstance(musician, Steered) and "ambience" in musician.obeys


@dataclass(frozen=True)
class Looping:
    """A loop as it leaves who made it: its end passes into its beginning. `prompt` is what a model was told to make."""

    clip: Clip
    prompt: str


@runtime_checkable
class Ambience(Protocol):
    """Makes what sounds around the music: rain, a café, the sea."""

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        ...

    def loop(self, ambience: str, seconds: Seconds, seed: Seed) -> Looping:
        """Return a loop of that length, the same for the same words and seed.

        `ambience` is one of prompts/vocabulary.toml, or words of a person's own. Raises BackendFailed when nothing
        audible came of it, BackendUnavailable or Damaged when nothing can be made at all.
        """
        ...


@runtime_checkable
class Judge(Protocol):
    """Says how good a take is."""

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        ...

    def judge(self, clip: Clip, track: TrackPlan) -> Verdict:
        """Measure a dry clip against its plan. Never raises on poor audio: that is a failed gate."""
        ...


@runtime_checkable
class Matcher(Protocol):
    """A judge that can also say how well sounds and words belong together."""

    def match(self, clips: Sequence[Clip], words: Sequence[str]) -> NDArray[np.float32]:
        """Return a similarity for every pair, float32 [clips, words]; higher is better."""
        ...


@runtime_checkable
class Modelled(Protocol):
    """A part with a trained model: a process of its own loads it, once, and keeps it while memory allows."""

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes while it works, roughly."""
        ...

    def rehearse(self) -> None:
        """Load the model and see that it works, before anything is paid for.

        Raises BackendUnavailable, Damaged or OutOfMemory.
        """
        ...


@dataclass(frozen=True)
class Painting:
    """A chosen picture with its lettering, in sRGB.

    `cover` is uint8 [3000, 3000, 3], `thumbnail` uint8 [720, 1280, 3].
    """

    cover: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8]
    scene: str
    palette: str
    why: str


@runtime_checkable
class Painter(Protocol):
    """Paints the cover."""

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        ...

    def paint(self, plan: AlbumPlan, seed: Seed) -> Painting:
        """Paint several candidates, rank them, and return the best with type on it."""
        ...


@dataclass(frozen=True)
class Standin:
    """The offline `part`, called `name`, that plays where "auto" would rather have the one called `wanted`."""

    part: Any
    name: str
    wanted: str

    def note(self, role: str, why: str) -> str:
        """Say in one line that it stands in, and why."""
        return f"The {role} is {self.name!r}, for {self.wanted!r} cannot work here: {_without_folders(why)}"


def _without_folders(text: str) -> str:
    """Return a message that does not tell whose machine this is: it goes into manifests, which travel.

    What is in the home folder is named from there, all else by its name alone.
    """
    return _FOLDERS.sub("", text.replace(f"{Path.home()}{os.sep}", f"~{os.sep}"))


@dataclass(frozen=True)
class Illustration:
    """A track's own picture, without type: uint8 [side, side, 3] in sRGB.

    `track` is whose it is, `painted_for` whose words it was painted from. `likeness` is a cosine of the picture with
    each track's title, in the order of the tracks; () where nobody compared them.
    """

    track: int
    painted_for: int
    picture: NDArray[np.uint8]
    scene: str
    palette: str
    likeness: tuple[float, ...] = ()


@runtime_checkable
class Illustrator(Protocol):
    """A painter that can also paint a picture for every track."""

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        ...

    def illustrate(self, plan: AlbumPlan, seed: Seed, side: int) -> Iterator[Illustration]:
        """Yield a picture for each track, in the world of the cover that `paint` makes of the same plan and seed.

        A track for which none can be used is left out. Raises BackendFailed when there is none at all.
        """
        ...


@dataclass(frozen=True)
class Studio:
    """The parts together. Every part can be pickled: workers receive it whole.

    `standins` are for the roles whose part was chosen by "auto", in case it cannot play after all.
    `notes` says which part stands in for one that is not there. Without `ambience` nothing is laid under the takes.
    """

    name: str
    writer: Writer
    musician: Musician
    judge: Judge
    painter: Painter
    ambience: Ambience | None = None
    standins: Mapping[str, Standin] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def modelled(self) -> dict[str, Modelled]:
        """The parts with a model, by role."""
        parts = {role: getattr(self, role) for role in ("writer", "musician", "judge", "painter", "ambience")}
        return {role: part for role, part in parts.items() if isinstance(part, Modelled)}

    def instead(self, role: str, why: str) -> Studio:
        """Return the studio with a role's stand-in in its place, and the note that says so."""
        standin = self.standins[role]
        return replace(self, **{role: standin.part}, notes={**self.notes, role: standin.note(role, why)})
