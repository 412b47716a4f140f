"""What is asked of the model, and what its pictures are compared with: prompts/diffusion.md with its gaps filled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.domain import AlbumPlan, TrackPlan
from pipeline.prompts import Template, load_sections, section

FILE = "diffusion.md"
_GAPS = ("scene", "mood", "style", "title")


@dataclass(frozen=True)
class Words:
    """Everything said about one album: the prompts in turn, what to avoid, and what to compare pictures with."""

    prompts: tuple[str, ...]
    avoid: str
    compare: tuple[str, ...]


@dataclass(frozen=True)
class Phrases:
    """The templates of prompts/diffusion.md."""

    cover: tuple[Template, ...]
    track: tuple[Template, ...]
    avoid: tuple[Template, ...]
    compare: tuple[Template, ...]

    def for_cover(self, plan: AlbumPlan) -> Words:
        """Say what the cover should show."""
        return self._said(self.cover, plan, plan.mood, plan.style, plan.title)

    def for_track(self, plan: AlbumPlan, track: TrackPlan) -> Words:
        """Say what a track's own picture should show: its title, in the world of the cover."""
        return self._said(self.track, plan, track.mood, track.style, track.title)

    def _said(self, prompts: tuple[Template, ...], plan: AlbumPlan, mood: str, style: str, title: str) -> Words:
        scene, unwanted = parted(plan.cover_prompt)
        gaps = {"scene": scene, "mood": mood, "style": style, "title": title}
        return Words(
            tuple(line.render(gaps) for line in prompts),
            ", ".join((*(line.render(gaps) for line in self.avoid), *unwanted)),
            tuple(line.render(gaps) for line in self.compare),
        )


def load_phrases(folder: Path | None = None) -> Phrases:
    """Read prompts/diffusion.md. Raises PromptError."""
    found = load_sections(FILE, _GAPS, folder=folder)
    return Phrases(*(section(found, name, FILE) for name in ("cover", "track", "avoid", "compare")))


def parted(prompt: str) -> tuple[str, tuple[str, ...]]:
    """Part a prompt into what it wants and what it says "no" or "without" to.

    A diffusion model paints the nouns it reads: "no people" in a prompt brings people.
    """
    wanted, unwanted = [], []
    for clause in (piece.strip() for piece in prompt.split(",")):
        head, _, rest = clause.partition(" ")
        if head.casefold() in ("no", "without") and rest:
            unwanted.append(rest.strip(" ."))
        elif clause:
            wanted.append(clause)
    return (", ".join(wanted) or prompt), tuple(unwanted)
