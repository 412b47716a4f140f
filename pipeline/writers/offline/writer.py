"""OfflineWriter: reads a theme in any language and plans an album from the word banks in prompts/."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from pipeline.domain import AlbumPlan, Backend, Brief, TrackPlan, derive_seed
from pipeline.prompts import vocabulary
from pipeline.roles import Draft
from pipeline.writers.offline.chance import one_of, pick, strongest
from pipeline.writers.offline.concept import Part, Reading
from pipeline.writers.offline.lexicon import Lexicon
from pipeline.writers.offline.prose import Phrasebook
from pipeline.writers.offline.style import choose_style, load_styles
from pipeline.writers.offline.titlebank import PARTS, load_titles
from pipeline.writers.offline.titles import TitleDesk
from pipeline.writers.offline.tracks import album_mood, plan_music

# A concept with a scene this strong can carry an album on its own.
_STRONG_SCENE = 5.0
# A world the theme did not ask for, but an album needs one, weighs less than what was asked.
_BORROWED = 0.5


NOTHING_UNDERSTOOD = "No word of the theme is in the offline writer's lexicon, so it chose a world by itself."

ENGLISH_TITLES = "The offline writer's titles are English; in {language!r} they need a language model: --writer openai."


class OfflineWriter:
    """A Writer that needs no model, key or network; the same brief and `taken` give the same plan."""

    backend = Backend(name="offline writer", version="1", licence="Apache-2.0 (written by this software)")

    def __init__(self, prompts: Path | None = None) -> None:
        """Read and check the word banks in `prompts` (the shipped folder when None). Raises PromptError."""
        words = vocabulary(prompts)
        self._styles = load_styles(words, prompts)
        self._lexicon = Lexicon(prompts)
        self._titles = load_titles(prompts)
        self._phrases = Phrasebook(prompts)

    def write(self, brief: Brief, taken: Collection[str]) -> Draft:
        """Plan an album. BadBrief on an unknown style."""
        seed = derive_seed(brief.seed, "offline writer", brief.theme, brief.style or "")
        rng = np.random.default_rng(seed)
        said = self._lexicon.read(brief.theme)
        name = choose_style(brief.style, said.asks("styles"), self._styles, rng)
        reading = self._with_world(said, rng)
        style = self._styles[name]
        # Generators of their own keep titles and music apart: a change to one leaves the other as it was.
        music = plan_music(brief.tracks, style, reading, np.random.default_rng(derive_seed(seed, "music")))
        wording = np.random.default_rng(derive_seed(seed, "wording"))
        part: Part = one_of((reading.part,) if reading.part else PARTS, rng)
        scene = pick(_near_the_top(reading.asks("scene") or dict.fromkeys(self._phrases.scenes, 1.0)), rng)
        families = _worlds(reading.asks("families"), scene)
        mood = album_mood(music, reading, style)
        desk = TitleDesk(self._titles, families, part, taken, np.random.default_rng(derive_seed(seed, "titles")))
        title = desk.album()
        genre = one_of(style.genre, wording)
        tracks = tuple(
            TrackPlan(
                number=number,
                title=desk.track(),
                prompt=self._phrases.music_prompt(track, genre, style, reading, wording),
                mood=track.mood,
                style=name,
                tempo=track.tempo,
                key=track.key,
                swing=track.swing,
                groove=track.groove,
                instruments=track.instruments,
                ambience=track.ambience,
                energy=track.energy,
                seconds=brief.seconds,
            )
            for number, track in enumerate(music, start=1)
        )
        plan = AlbumPlan(
            title=title,
            theme=brief.theme,
            language=said.language,
            concept=self._phrases.concept(strongest(families), music, reading, wording),
            style=name,
            mood=mood,
            cover_prompt=self._phrases.cover_prompt(scene, part, mood, wording),
            tracks=tracks,
        )
        notes = {
            NOTHING_UNDERSTOOD: not said.concepts,
            ENGLISH_TITLES.format(language=brief.language): brief.language not in (None, "en"),
        }
        return Draft(plan, self.backend, tuple(note for note, holds in notes.items() if holds))

    def _with_world(self, said: Reading, rng: np.random.Generator) -> Reading:
        """Lend a place to a theme that names none ("jazz piano", "🦑", "xqzv 42"), so that its album has a world."""
        if said.asks("scene") and said.asks("families"):
            return said
        strong = [
            name for name, c in self._lexicon.concepts.items() if max(c.scene.values(), default=0) >= _STRONG_SCENE
        ]
        name = one_of([name for name in strong if self._lexicon.concepts[name].families], rng)
        return said.with_concept(name, self._lexicon.concepts[name], _BORROWED)


# The title bank that belongs to a cover scene: cover, title and concept are to show one world.
_SCENE_FAMILY = {
    "rainy window": "rain",
    "city at night": "city",
    "mountain dusk": "mountain",
    "sea": "sea",
    "forest cabin": "forest",
    "desk with a cassette and a record player": "desk",
    "library at night": "desk",
    "snow village": "snow",
    "train": "road",
    "cafe": "cafe",
}


def _worlds(asked: dict[str, float], scene: str) -> dict[str, float]:
    """Return the title banks to use, those nearly as strong as the strongest; the cover's own counts double."""
    if not asked:
        return {"everyday": 1.0}
    own = _SCENE_FAMILY.get(scene)
    weights = {name: weight * (2.0 if name == own else 1.0) for name, weight in asked.items()}
    best = max(weights.values())
    return {name: weight**2 for name, weight in weights.items() if weight >= 0.34 * best}


def _near_the_top(weights: dict[str, float]) -> dict[str, float]:
    """Keep only what is nearly as strong as the strongest."""
    best = max(weights.values())
    return {name: weight for name, weight in weights.items() if weight >= 0.8 * best}
