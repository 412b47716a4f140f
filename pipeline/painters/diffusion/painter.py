"""The painter diffusion: a model paints candidates, CLIP and a measure rank them, the shared layout sets the type."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.domain import AlbumPlan, Backend, Seed, TrackPlan, derive_seed
from pipeline.errors import BackendFailed
from pipeline.models import CLIP_USUAL, DIFFUSION_USUAL
from pipeline.painters.diffusion.candidate import Candidate, candidate
from pipeline.painters.diffusion.checkpoint import read_checkpoint
from pipeline.painters.diffusion.choice import Ranked, rank, why
from pipeline.painters.diffusion.words import Words, load_phrases, parted
from pipeline.painters.layout import COVER, THUMBNAIL, designed, measured
from pipeline.painters.legibility import Picture
from pipeline.painters.palettes import Palette, fitting, words_of
from pipeline.painters.wrapping import shortened
from pipeline.roles import Illustration, Painting
from pipeline.weights import DIFFUSERS, OPEN_CLIP, find_model, footprint

if TYPE_CHECKING:
    from pipeline.device import Device, Precision
    from pipeline.painters.diffusion.easel import Easel
    from pipeline.painters.diffusion.eye import Eye

_BORDERS = 0.2
"""How likely a cover gets a border of paper."""


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
        for library in ("torch", "diffusers", "transformers", "open_clip"):
            # Looked for and not imported: loading them takes seconds, and only the process that paints needs them.
            if importlib.util.find_spec(library) is None:
                raise ModuleNotFoundError(f"No module named {library!r}", name=library)
        found = find_model(diffusion_model, DIFFUSERS, DIFFUSION_USUAL, hub.expanduser())
        sight = find_model(clip_model, OPEN_CLIP, CLIP_USUAL, hub.expanduser())
        self._checkpoint = read_checkpoint(found.path, diffusion_model)
        self._backend = Backend(
            name="diffusion", version="1", licence=found.weights.licence, weights=(found.weights, sight.weights)
        )
        self._clip, self._memory = sight.path, footprint(found, sight)
        self._candidates = candidates
        if device not in ("auto", "cpu"):
            from pipeline.device import choose_device

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
        return self._memory

    def rehearse(self) -> None:
        """Load both models. Raises BackendUnavailable, DamagedModel or OutOfMemory."""
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
        pictures, dropped = _usable(easel, words, seed, self._candidates)
        if not pictures:
            raise _none_usable(dropped)
        ranked = _ranked(plan, seed, eye, words, pictures)
        best = ranked[0]
        design = designed(plan, seed, best.candidate, best.measure, _BORDERS)
        cover, _ = design.cover(COVER)
        thumbnail, _ = design.thumbnail(*THUMBNAIL)
        said = why(ranked, dropped, easel.notes)
        return Painting(cover, thumbnail, _scene(plan), best.candidate.palette.name, said)

    def illustrate(self, plan: AlbumPlan, seed: Seed, side: int) -> Iterator[Illustration]:
        """Yield a picture for each track, enlarged and given grain as the cover is, in no particular order.

        Each is painted from its own track's words; which track gets which is decided by CLIP's likeness of pictures
        and titles, by the best total (Hungarian). A track without a usable picture is left out, if it gets none of
        another's. Raises BackendFailed when there is none at all.
        """
        eye, easel = self._eye(), self._easel()
        painted: list[tuple[TrackPlan, Seed, Picture]] = []
        dropped: list[str] = []
        for track in plan.tracks:
            own = derive_seed(seed, "track", track.number)
            pictures, faults = _usable(easel, self._phrases.for_track(plan, track), own, 1)
            painted += [(track, own, picture) for _, picture in pictures[:1]]
            dropped += faults
        if not painted:
            raise _none_usable(dropped)
        likeness = eye.similarity([picture for *_, picture in painted], [track.title for track in plan.tracks])
        palettes = _palettes(plan, seed)
        for place, title in zip(*linear_sum_assignment(-likeness), strict=True):
            track, own, picture = painted[place]
            shown = candidate(1, picture, palettes, derive_seed(own, "grain"))
            yield Illustration(
                track=plan.tracks[title].number,
                painted_for=track.number,
                picture=shown.painted(side, side).picture,
                scene=track.title,
                palette=shown.palette.name,
                likeness=tuple(float(value) for value in likeness[place]),
            )

    def _easel(self) -> Easel:
        from pipeline.device import choose_device, choose_precision
        from pipeline.painters.diffusion.easel import open_easel

        device = choose_device(self._device)
        return open_easel(self._checkpoint, device, choose_precision(self._precision, device))

    def _eye(self) -> Eye:
        from pipeline.device import choose_device
        from pipeline.painters.diffusion.eye import open_eye

        return open_eye(self._clip, choose_device(self._device))


def _usable(easel: Easel, words: Words, seed: Seed, count: int) -> tuple[list[tuple[int, Picture]], list[str]]:
    """Return the usable pictures with their numbers from 1, and why the others were left out.

    A picture depends on its number alone, never on `count`. When none of `count` is usable, as many more are
    painted, once.
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
            break
    return pictures, dropped


def _none_usable(dropped: Sequence[str]) -> BackendFailed:
    counts = ", ".join(f"{dropped.count(fault)} {fault}" for fault in sorted(set(dropped)))
    return BackendFailed(
        f"None of {len(dropped)} pictures could be used: {counts}.",
        "Run the same command with another --seed or another theme, or name another model with LOFI_DIFFUSION_MODEL.",
    )


def _palettes(plan: AlbumPlan, seed: Seed) -> list[Palette]:
    """Return the three palettes that fit an album."""
    chance = np.random.default_rng(derive_seed(seed, "palette"))
    return fitting(words_of(plan.theme, plan.mood, plan.style), chance)[:3]


def _ranked(
    plan: AlbumPlan, seed: Seed, eye: Eye, words: Words, pictures: Sequence[tuple[int, Picture]]
) -> list[Ranked]:
    """Rank the pictures for an album, best first."""
    palettes = _palettes(plan, seed)
    candidates: list[Candidate] = [
        candidate(number, picture, palettes, derive_seed(seed, "grain", number)) for number, picture in pictures
    ]
    likeness = eye.similarity([picture for _, picture in pictures], words.compare)
    return rank(measured(plan, candidates), likeness)


def _scene(plan: AlbumPlan) -> str:
    """Name what the cover shows: the first words of the cover prompt."""
    return shortened(parted(plan.cover_prompt)[0], words=8, letters=60)
