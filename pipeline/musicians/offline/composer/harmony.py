"""The harmony of a piece: a subject, its answer and its way back, varied each time it returns, and always at home in
the key: a plan whose chords a key finder would hear in another key is drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.domain.units import Key
from pipeline.musicians.offline.composer import progressions
from pipeline.musicians.offline.composer.chance import Rng, chance, pick
from pipeline.musicians.offline.composer.character import Character
from pipeline.musicians.offline.composer.form import Frame, Passage
from pipeline.musicians.offline.composer.theory import Chord, numeral, roman_of

_ATTEMPTS = 10
_CLEAR = 0.13
"""How far the planned key must correlate above every other to count as clear."""

# C. Krumhansl and E. Kessler, "Tracing the dynamic changes in perceived tonal organization" (1982).
_PROFILES = np.array([
    [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
    [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """A chord from `start` for `beats` (both in beats), in the `key` that holds there."""

    start: float
    beats: float
    chord: Chord
    key: Key

    @property
    def end(self) -> float:
        """Where the next one begins, in beats."""
        return self.start + self.beats


Bar = tuple[tuple[float, str], ...]
"""A bar as (beats, numeral) pairs that add up to four."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """The eight-bar harmonies of a piece by letter, and the two-bar vamp its quiet stretches rest on."""

    a: tuple[Bar, ...]
    b: tuple[Bar, ...]
    c: tuple[Bar, ...]
    vamp: tuple[Bar, ...]


def _draw(rng: Rng, book: Sequence[progressions.Phrase], mood: Character) -> progressions.Phrase:
    def weight(phrase: progressions.Phrase) -> float:
        return 0.35 + sum(2.0 / (place + 1) for place, tag in enumerate(mood.colours) if tag in phrase.tags)

    return pick(rng, book, [weight(phrase) for phrase in book])


def _spread(bars: Sequence[tuple[str, ...]], split: float) -> tuple[Bar, ...]:
    """Give chords their beats: a bar of two changes at `split`."""
    return tuple(((4.0, bar[0]),) if len(bar) == 1 else ((split, bar[0]), (4.0 - split, bar[1])) for bar in bars)


def _slowed(bars: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Let every bar's harmony last two bars."""
    out: list[tuple[str, ...]] = []
    for bar in bars:
        out += [(bar[0],), (bar[-1],)]
    return tuple(out)


def invent(mode: str, mood: Character, rng: Rng) -> Subjects:
    """Choose the subjects of a piece and the pace at which their chords change."""
    split = pick(rng, (2.0, 2.5, 3.0), (4.0, 1.5 + mood.syncopation, 0.7))
    subject = _draw(rng, progressions.SUBJECTS[mode], mood).bars
    close = _draw(rng, progressions.CLOSES[mode], mood).bars
    pace = pick(rng, ("even", "slow", "quick"), (3.0, 1.6 / mood.density, 0.5 * mood.density))
    if pace == "slow":
        slow = _slowed(subject)
        a = (*slow[:6], *close) if chance(rng, 0.6) else slow
    elif pace == "quick" and all(len(bar) == 1 for bar in subject):
        fast = ((subject[0][0], subject[1][0]), (subject[2][0], subject[3][0]))
        a = (*fast, *subject, *close) if chance(rng, 0.5) else (*fast, *fast, *fast, *close)
    else:
        a = (*subject, *subject[:2], *close)
    b = (*_draw(rng, progressions.AWAY[mode], mood).bars, *_draw(rng, progressions.BACK[mode], mood).bars)
    other = [p for p in progressions.SUBJECTS[mode] if p.bars != subject]
    c = (*_draw(rng, other, mood).bars, *_draw(rng, progressions.BACK[mode], mood).bars)
    vamp = _draw(rng, progressions.VAMPS[mode], mood).bars
    return Subjects(vary(_spread(a, split), rng, 0.16), _spread(b, 2.0), _spread(c, split), _spread(vamp, 2.0))


_OTHER_WORDS = {
    "V13": ("V9sus", "V7alt", "V13b9", "bII7#11"), "V7b9": ("V7alt", "bII7#11", "V13b9"), "V7alt": ("V7b9", "bII7#11"),
    "V9sus": ("V13sus", "ii9/5"), "Imaj9": ("I6/9", "Imaj13", "Imaj9"), "i9": ("i11", "i6/9", "i9"),
    "ii9": ("ii11", "iiø", "ii9"), "IVmaj9": ("IVmaj7#11", "ii9/4"), "iv9": ("iv6/9", "iv9", "bVImaj9/4"),
    "vi9": ("vi11", "VI7b9"), "iii7": ("Imaj9/3", "iii11"), "bVImaj9": ("bVImaj7#11", "iv9/b6"),
}  # fmt: skip
"""What a chord may be exchanged for when it comes again."""


def vary(bars: Sequence[Bar], rng: Rng, amount: float) -> tuple[Bar, ...]:
    """Reharmonise: exchange chords for kin, and slip a dominant of the next chord into a bar that holds one chord."""
    out: list[Bar] = []
    for index, bar in enumerate(bars):
        now = tuple(
            (beats, pick(rng, _OTHER_WORDS[name]) if name in _OTHER_WORDS and chance(rng, amount) else name)
            for beats, name in bar
        )
        following = bars[index + 1][0][1] if index + 1 < len(bars) else None
        # Tonic bars stay whole: they are what makes the key plain to hear.
        if len(now) == 1 and following and roman_of(now[0][1]) not in {"I", "i"} and chance(rng, amount * 0.5):
            leading = _leading_to(following, rng)
            if leading and leading != now[0][1]:
                now = ((2.5, now[0][1]), (1.5, leading))
        out.append(now)
    return tuple(out)


_LEADS = {"ii": "VI7b9", "vi": "III7b9", "IV": "I13", "iv": "I7b9", "iii": "VII7b9", "V": "II9", "I": "V13",
          "i": "V7alt", "bVI": "bIII13", "bIII": "bVII13", "bVII": "iv9"}  # fmt: skip


def _leading_to(name: str, rng: Rng) -> str | None:
    """Return a dominant that resolves to a numeral, or None where none sounds well."""
    roman = roman_of(name)
    found = _LEADS.get(roman)
    if found and roman in {"I", "i"} and chance(rng, 0.3):
        return "bII7#11"
    return found


def _passage_bars(passage: Passage, subjects: Subjects, mode: str, mood: Character, rng: Rng) -> tuple[Bar, ...]:
    count = passage.bars
    if count == 0:
        return ()
    if passage.letter:
        subject = {"A": subjects.a, "B": subjects.b, "C": subjects.c}[passage.letter]
        if count == 4 and (passage.visit > 0 or passage.letter == "B"):
            subject = subject[4:]  # the half that closes
        bars = tuple(subject[index % len(subject)] for index in range(count))
        amount = {0: 0.0, 1: 0.3, 2: 0.15}.get(passage.visit, 0.4)
        return vary(bars, rng, amount) if amount else bars
    if passage.name == "intro":
        opening = pick(rng, (subjects.vamp, subjects.a[:4], subjects.a[:4]))
        bars = tuple(opening[index % len(opening)] for index in range(count))
        return bars
    if passage.name == "breakdown":
        slow = tuple(bar for bar in subjects.vamp for _ in range(2))
        quiet = pick(rng, (subjects.vamp, slow, subjects.a[:4]))
        return tuple(quiet[index % len(quiet)] for index in range(count))
    home = _spread(_draw(rng, progressions.CLOSES[mode], mood).bars[:1], 2.0)
    resting = pick(rng, (subjects.vamp, subjects.a[:4]))
    return (*(resting[index % len(resting)] for index in range(count - 1)), *home)


def _lead_over(bars: list[tuple[Bar, int]], starts: Sequence[int], mode: str, rng: Rng) -> None:
    """Let the last bar before a new passage lead into it when it only holds one chord, and modulations come home."""
    for start in starts:
        if not 0 < start < len(bars):
            continue
        (bar, shift), (following, next_shift) = bars[start - 1], bars[start]
        if shift != next_shift:
            two = ("ii9", "V13") if mode == "major" else ("iiø", "V7b9")
            bars[start - 1] = (((2.0, two[0]), (2.0, two[1])), next_shift)
        elif len(bar) == 1 and chance(rng, 0.6):
            leading = _leading_to(following[0][1], rng)
            if leading and leading != bar[0][1]:
                held = pick(rng, (2.0, 2.5, 3.0))
                bars[start - 1] = (((held, bar[0][1]), (4.0 - held, leading)), shift)


def _write(key: Key, frame: Frame, form: Sequence[Passage], mood: Character, rng: Rng) -> tuple[Span, ...]:
    subjects = invent(key.mode, mood, rng)
    bars: list[tuple[Bar, int]] = []
    for passage in form:
        bars += [(bar, passage.shift) for bar in _passage_bars(passage, subjects, key.mode, mood, rng)]
    _lead_over(bars, [passage.bar for passage in form], key.mode, rng)
    if len(bars) < 4 or not numeral(bars[-1][0][-1][1], key.tonic).dominant:  # the last chord needs a way home
        close = _draw(rng, progressions.CLOSES[key.mode], mood).bars[0]
        bars[-1] = (_spread((close,), 2.0)[0], 0)
    spans: list[Span] = []
    for index, (bar, shift) in enumerate(bars):
        at = 4.0 * index
        there = Key((key.tonic + shift) % 12, key.mode)
        for beats, name in bar:
            chord = numeral(name, there.tonic)
            if spans and spans[-1].chord == chord and at % 4 and spans[-1].key == there:
                spans[-1] = Span(spans[-1].start, spans[-1].beats + beats, chord, there)
            else:
                spans.append(Span(at, beats, chord, there))
            at += beats
    last = numeral(pick(rng, progressions.LAST[key.mode]), key.tonic)
    return (*spans, Span(4.0 * frame.bars, float(frame.tail), last, key))


def clarity(spans: Sequence[Span], key: Key) -> float:
    """Return how far the key's profile fits the chords better than the best other key's; negative when it does not."""
    heard = np.zeros(12)
    for span in spans:
        for voice in span.chord.voices:
            heard[voice] += span.beats
        heard[span.chord.bass] += 1.6 * span.beats
    heard = heard + 0.25 * np.roll(heard, 7) + 0.08 * np.roll(heard, 4)  # the third and fifth partials of every note
    heard -= heard.mean()
    scores = []
    for profile in _PROFILES - _PROFILES.mean(axis=1, keepdims=True):
        scale = float(np.linalg.norm(profile) * np.linalg.norm(heard)) or 1.0
        scores += [float(np.roll(profile, tonic) @ heard) / scale for tonic in range(12)]
    planned = key.tonic + (0 if key.mode == "major" else 12)
    return scores[planned] - max(score for index, score in enumerate(scores) if index != planned)


def harmonise(key: Key, frame: Frame, form: Sequence[Passage], mood: Character, rng: Rng) -> tuple[Span, ...]:
    """Write the chords of a whole piece, the last one included, back to back from beat 0."""
    best: tuple[float, tuple[Span, ...]] | None = None
    for _ in range(_ATTEMPTS):
        spans = _write(key, frame, form, mood, rng)
        clear = clarity(spans, key)
        if clear >= _CLEAR:
            return spans
        if best is None or clear > best[0]:
            best = (clear, spans)
    assert best is not None
    return best[1]
