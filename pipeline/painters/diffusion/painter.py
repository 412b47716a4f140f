"""The painter diffusion: a model paints candidates, CLIP and a measure rank them, the shared layout sets the type."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.device import Device, Precision, choose_device, choose_precision
from pipeline.domain import AlbumPlan, Backend, Seed, derive_seed
from pipeline.errors import BackendFailed
from pipeline.models import CLIP_USUAL, DIFFUSION_USUAL
from pipeline.painters.diffusion.candidate import Candidate, candidate
from pipeline.painters.diffusion.checkpoint import read_checkpoint
from pipeline.painters.diffusion.choice import Ranked, rank, why
from pipeline.painters.diffusion.words import Words, load_phrases, parted
from pipeline.painters.layout import COVER, THUMBNAIL, designed, measured
from pipeline.painters.legibility import Picture
from pipeline.painters.palettes import fitting, words_of
from pipeline.painters.wrapping import shortened
from pipeline.roles import Painting
from pipeline.weights import DIFFUSERS, OPEN_CLIP, find_model, footprint

if TYPE_CHECKING:
    from pipeline.painters.diffusion.easel import Easel
    from pipeline.painters.diffusion.eye import Eye

_BORDERS = 0.2
"""How likely a cover gets a border of paper."""


@dataclass(frozen=True, eq=False)
class TrackPicture:
    """A track's own picture, uint8 [side, side, 3] as painted, and its cosine with the track's title."""

    track: int
    picture: Picture
    likeness: float


class DiffusionPainter:
    """Paints with Stable Diffusion 1, 2, XL and their few-step kin, and ranks with an open_clip model.

    The models are loaded on first use, once a process; the constructor only checks that they are whole.
    """

    def __init__(
        self,
        diffusion_model: str,
        clip_model: str,
        candidates: int,
        hub: Path,
        device: Device,
        precision: Precision,
        prompts: Path | None = None,
    ) -> None:
        """Find and check both models and the prompts.

        Raises BackendUnavailable, Damaged or PromptError, and ModuleNotFoundError where a library is not installed.
        """
        for library in ("diffusers", "transformers", "open_clip"):
            # Looked for and not imported: loading them takes seconds, and only the process that paints needs them.
            if importlib.util.find_spec(library) is None:
                raise ModuleNotFoundError(f"No module named {library!r}", name=library)
        found = find_model(diffusion_model, DIFFUSERS, DIFFUSION_USUAL, hub.expanduser())
        sight = find_model(clip_model, OPEN_CLIP, CLIP_USUAL, hub.expanduser())
        self._checkpoint = read_checkpoint(found.path, diffusion_model)
        self._backend = Backend(
            name="diffusion", version="1", licence=found.weights.licence, weights=(found.weights, sight.weights)
        )
        self._folder, self._clip = found.path, sight.path
        self._candidates = candidates
        choose_device(device)
        self._device: Device = device
        self._precision: Precision = precision
        self._phrases = load_phrases(prompts)

    @property
    def backend(self) -> Backend:
        """Who gets the credit: both models, with their licences and hashes."""
        return self._backend

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes while it works, roughly."""
        return footprint(self._folder, self._clip)

    def rehearse(self) -> None:
        """Load both models. Raises BackendUnavailable, Damaged or OutOfMemory."""
        self._eye()
        self._easel()

    def paint(self, plan: AlbumPlan, seed: Seed) -> Painting:
        """Paint the candidates, rank them, and return the best with type on it.

        A picture that is flat, not numbers, or flagged by the checkpoint's safety checker is left out; when that
        leaves none, as many more are painted once. Raises BackendFailed when there is none even then.
        """
        words = self._phrases.for_cover(plan)
        # First the eye: a model that cannot rank is refused before anything is painted.
        eye = self._eye()
        easel = self._easel()
        pictures, dropped = _painted(easel, words, seed, self._candidates)
        ranked = _ranked(plan, seed, eye, words, pictures)
        best = ranked[0]
        design = designed(plan, seed, best.candidate, best.measure, _BORDERS)
        cover, _ = design.cover(COVER)
        thumbnail, _ = design.thumbnail(*THUMBNAIL)
        said = why(ranked, dropped, easel.notes)
        return Painting(cover, thumbnail, _scene(plan), best.candidate.palette.name, said)

    def paint_tracks(self, plan: AlbumPlan, seed: Seed) -> tuple[TrackPicture, ...]:
        """Paint a picture for each track, in the tracks' order.

        Each is painted from its own track's words; which track gets which is decided by CLIP's likeness of pictures
        and titles, by the best total (Hungarian). Raises BackendFailed as `paint` does.
        """
        eye, easel = self._eye(), self._easel()
        pictures = [
            _painted(easel, self._phrases.for_track(plan, track), derive_seed(seed, "track", track.number), 1)[0][0][1]
            for track in plan.tracks
        ]
        likeness = eye.similarity(pictures, [track.title for track in plan.tracks])
        chosen, given = linear_sum_assignment(-likeness)
        by_track = {int(title): int(picture) for picture, title in zip(chosen, given, strict=True)}
        return tuple(
            TrackPicture(track.number, pictures[by_track[place]], float(likeness[by_track[place], place]))
            for place, track in enumerate(plan.tracks)
        )

    def _easel(self) -> Easel:
        from pipeline.painters.diffusion.easel import open_easel

        device = choose_device(self._device)
        return open_easel(self._checkpoint, device, choose_precision(self._precision, device))

    def _eye(self) -> Eye:
        from pipeline.painters.diffusion.eye import open_eye

        return open_eye(self._clip, choose_device(self._device))


def _painted(easel: Easel, words: Words, seed: Seed, count: int) -> tuple[list[tuple[int, Picture]], list[str]]:
    """Return the usable pictures with their numbers from 1, and why the others were left out.

    A picture depends on its number alone, never on `count`. When none of `count` is usable, as many more are
    painted, once. Raises BackendFailed when there is none even then.
    """
    pictures: list[tuple[int, Picture]] = []
    dropped: list[str] = []
    for start in (0, count):
        for number in range(start + 1, start + count + 1):
            prompt = words.prompts[(number - 1) % len(words.prompts)]
            attempt = easel.paint(prompt, words.avoid, derive_seed(seed, "picture", number))
            if attempt.picture is None:
                dropped.append(attempt.fault)
            else:
                pictures.append((number, attempt.picture))
        if pictures:
            return pictures, dropped
    counts = ", ".join(f"{dropped.count(fault)} {fault}" for fault in sorted(set(dropped)))
    raise BackendFailed(
        f"None of {len(dropped)} pictures could be used: {counts}.",
        "Run the same command with another --seed or another theme, or name another model with LOFI_DIFFUSION_MODEL.",
    )


def _ranked(
    plan: AlbumPlan, seed: Seed, eye: Eye, words: Words, pictures: Sequence[tuple[int, Picture]]
) -> list[Ranked]:
    """Rank the pictures for an album, best first."""
    chance = np.random.default_rng(derive_seed(seed, "palette"))
    palettes = fitting(words_of(plan.theme, plan.mood, plan.style), chance)[:3]
    candidates: list[Candidate] = [
        candidate(number, picture, palettes, derive_seed(seed, "grain", number)) for number, picture in pictures
    ]
    likeness = eye.similarity([picture for _, picture in pictures], words.compare)
    return rank(measured(plan, candidates), likeness)


def _scene(plan: AlbumPlan) -> str:
    """Name what the cover shows: the first words of the cover prompt."""
    return shortened(parted(plan.cover_prompt)[0], words=8, letters=60)
