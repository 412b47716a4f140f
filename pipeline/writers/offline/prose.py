"""The sentences of an album: its concept, its cover prompt and the music prompt of each track."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.prompts import Template, load_bank, load_sections, section, word_list
from pipeline.writers.offline.chance import one_of
from pipeline.writers.offline.concept import Part, Reading
from pipeline.writers.offline.english import count_word, joined
from pipeline.writers.offline.style import Style
from pipeline.writers.offline.tracks import Music

_MUSIC_GAPS = ("genre", "instruments", "drums", "tempo", "key", "mood", "energy", "setting", "ambience", "texture")
_CLOSES = {"study": "study", "work": "study", "sleep": "sleep", "cafe": "cafe", "shop": "cafe", "restaurant": "cafe"}


class Phrasebook:
    """The templates and phrases of prompts/, checked on loading."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load from a prompts folder (the shipped one when None). Raises PromptError."""
        self._music = section(load_sections("music.md", _MUSIC_GAPS, _MUSIC_GAPS, folder), "lines", "music.md")
        self._covers = load_sections("covers.md", ("light", "palette"), (), folder)
        self._concepts = load_sections(
            "concept.md", ("band", "band_capital", "count", "count_capital", "low", "high"), (), folder
        )
        bank = load_bank("music.toml", folder)
        self._says: dict[str, dict[str, tuple[str, ...]]] = {}
        for kind in ("instruments", "grooves", "ambiences", "moods", "energy"):
            self._says[kind] = {word: word_list(phrases) for word, phrases in bank.table(kind).items()}
            if mute := [word for word, phrases in self._says[kind].items() if not phrases]:
                raise bank.fault(f"[{kind}] {mute[0]} needs at least one phrase", mute[0])
        if "words" not in self._says["energy"]:
            raise bank.fault("[energy] words is missing")

    @property
    def scenes(self) -> tuple[str, ...]:
        """The scenes a cover can show."""
        other = ("light ", "palette ", "style")
        return tuple(name for name in self._covers if not name.startswith(other))

    def music_prompt(self, music: Music, genre: str, style: Style, reading: Reading, rng: np.random.Generator) -> str:
        """Return the English prompt of a track for a music model; it says what `music` says in values."""
        words = self._says["energy"]["words"]
        filled = one_of(self._music, rng).render(
            {
                "genre": genre,
                "instruments": joined(tuple(self._say("instruments", name, rng) for name in music.instruments)),
                "drums": self._say("grooves", music.groove, rng),
                "tempo": f"{music.tempo:g}",
                "key": str(music.key),
                "mood": self._say("moods", music.mood, rng),
                "energy": words[min(len(words) - 1, int(music.energy * len(words)))],
                "setting": ", ".join(reading.settings[:2]),
                "ambience": self._say("ambiences", music.ambience or "none", rng),
                "texture": one_of(style.texture, rng),
            }
        )
        return _tidy(filled)

    def cover_prompt(self, scene: str, part: Part, mood: str, rng: np.random.Generator) -> str:
        """Return the English prompt for the cover; it begins with the name of the scene."""
        light = one_of(section(self._covers, f"light {part}", "covers.md"), rng)
        palette = one_of(section(self._covers, f"palette {mood}", "covers.md"), rng)
        style = one_of(section(self._covers, "style", "covers.md"), rng)
        line = one_of(section(self._covers, scene, "covers.md"), rng)
        return f"{line.render({'light': light.text, 'palette': palette.text})}, {style.text}"

    def concept(self, family: str, music: Sequence[Music], reading: Reading, rng: np.random.Generator) -> str:
        """Return three or four sentences about the album, fit to be published."""
        band = _most_heard(music)[:2]
        tempos = [track.tempo for track in music]
        words: Mapping[str, str] = {
            "band": joined(band),
            "band_capital": joined(band).capitalize(),
            "count": count_word(len(music)),
            "count_capital": count_word(len(music)).capitalize(),
            "low": f"{min(tempos):g}",
            "high": f"{max(tempos):g}",
        }
        close = next((f"close {_CLOSES[name]}" for name in reading.concepts if name in _CLOSES), "close")
        names = (
            f"world {family}",
            "band beatless" if all(track.groove == "beatless" for track in music) else "band",
            "course" if len(music) > 2 else "course one" if len(music) == 1 else "",
            close,
        )
        lines = [one_of(self._about(name), rng) for name in names if name]
        return " ".join(line.render(words) for line in lines)

    def _about(self, name: str) -> tuple[Template, ...]:
        if name.startswith("world ") and name not in self._concepts:
            name = "world everyday"
        return section(self._concepts, name, "concept.md")

    def _say(self, kind: str, word: str, rng: np.random.Generator) -> str:
        return one_of(self._says[kind].get(word, (word,)), rng)


def _most_heard(music: Sequence[Music]) -> tuple[str, ...]:
    """The album's instruments, those on most tracks first."""
    names = dict.fromkeys(name for track in music for name in track.instruments)
    return tuple(sorted(names, key=lambda name: -sum(name in track.instruments for track in music)))


def _tidy(prompt: str) -> str:
    """Drop the empty places that optional words leave, and begin with a capital."""
    parts = (part.strip() for part in prompt.split(","))
    text = ", ".join(part for part in parts if part)
    return text[0].upper() + text[1:]
