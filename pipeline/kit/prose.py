"""What a release is, in sentences made from its own facts. No adjective is used that nobody planned.

Platforms turn away texts that read as mass-produced. So a work's slug chooses among several forms of each sentence,
its facts fill them, and the order of the facts is its own; the same work reads the same every time.
"""

from __future__ import annotations

from collections import Counter

from pipeline.kit.fit import shortened
from pipeline.kit.wording import chosen, counted, key_name, length, listed, number, quoted, sentence, shuffled, some
from pipeline.kit.work import Piece, Work

_THEME, _TITLE, _MOOD = 90, 60, 30
"""Units of a theme, a title and a mood inside a sentence."""


def opening(work: Work) -> tuple[str, str]:
    """Return the two lines that are seen before "more": what it is, and how it sounds."""
    return _what(work), _sound(work)


def facts(work: Work, most: int = 4) -> tuple[str, ...]:
    """Return up to `most` sentences, each a fact about this work, in an order of its own."""
    said = (_from_to(work), _paces(work), _lengths(work), _keys(work), _origins(work), _words(work))
    return tuple([fact for fact in shuffled(work.name, "facts", said) if fact][:most])


def _what(work: Work) -> str:
    count, long = len(work.pieces), length(work.seconds)
    moods = [shortened(mood, _MOOD).lower() for mood in work.moods[:2] if mood]
    mood = f"{listed(moods)} " if moods else ""
    theme = next((quoted(shortened(theme, _THEME)) for theme in work.themes if theme), "")
    pieces = counted(count, "piece")
    if count == 1:
        forms = [f"{long} of {mood}lo-fi in a single piece.", f"A single piece of {mood}lo-fi, {long} long."]
        if theme:
            forms += [f"{long} of {mood}lo-fi, written for {theme}.", f"{theme}, in {long} of {mood}lo-fi."]
    elif work.kind == "mix":
        forms = [
            f"{long} of {mood}lo-fi without a break: {pieces}, one running into the next.",
            f"One mix of {long}, in which {pieces} of {mood}lo-fi follow each other without a gap.",
            f"{pieces}, {long}, no gaps: a mix of {mood}lo-fi to leave running.",
        ]
        if theme:
            forms += [
                f"{long} of {mood}lo-fi for {theme}, mixed from {pieces}.",
                f"A mix of {long} made for {theme}: {pieces} of {mood}lo-fi.",
                f"It began as {theme} and became {long} of {mood}lo-fi, in {pieces}.",
            ]
    else:
        forms = [
            f"An album of {mood}lo-fi in {pieces}, {long} from the first to the last.",
            f"{number(count)} {mood}lo-fi instrumentals, {long} in all.",
        ]
        if theme:
            forms += [
                f"{number(count)} {mood}instrumentals around one idea: {theme}.",
                f"{long} of {mood}lo-fi, written for {theme}.",
                f"{theme} as an album of {mood}lo-fi, told in {pieces}.",
                f"What {theme} might sound like: {pieces} of {mood}lo-fi, {long} in all.",
            ]
    return sentence(chosen(work.name, "what", forms))


def _sound(work: Work) -> str:
    keys = _modes(work)
    tempos = _tempos(work)
    if not tempos:
        return f"Instrumental throughout{f', {keys}' if keys else ''}."
    low, high = tempos
    also = f", {keys}" if keys else ""
    if low == high:
        forms = [
            f"All of it at {low} beats a minute{also}, without vocals.",
            f"The tempo is {low} beats a minute from beginning to end{also}; there is no singing.",
        ]
    else:
        forms = [
            f"The tempo stays between {low} and {high} beats a minute{also}; there are no vocals.",
            f"No vocals, {low} to {high} beats a minute{also}.",
            f"It moves at {low} to {high} beats a minute{also}, with no words to follow.",
            f"Instrumental, from {low} beats a minute at its slowest to {high} at its quickest{also}.",
        ]
    return chosen(work.name, "sound", forms)


def _from_to(work: Work) -> str:
    if len(work.pieces) < 2:
        return ""
    first, last = _title(work, work.pieces[0]), _title(work, work.pieces[-1])
    forms = (f"It opens with {first} and ends on {last}.", f"{first} is where it starts, {last} where it stops.")
    return chosen(work.name, "from", forms)


def _paces(work: Work) -> str:
    known = [round(piece.tempo) for piece in work.pieces if piece.tempo is not None]
    # Nothing is called the slowest that has company, or while one's tempo is not known.
    if len(known) < len(work.pieces) or known.count(min(known)) > 1 or known.count(max(known)) > 1:
        return ""
    low, high = min(known), max(known)
    slowest, quickest = (_title(work, work.pieces[known.index(tempo)]) for tempo in (low, high))
    forms = (
        f"{slowest} is the slowest at {low} beats a minute, {quickest} the quickest at {high}.",
        f"The slowest track is {slowest} ({low} beats a minute), the quickest {quickest} ({high}).",
    )
    return chosen(work.name, "paces", forms) if low < high else ""


def _lengths(work: Work) -> str:
    timed = sorted(work.pieces, key=lambda piece: piece.seconds)
    short, long = timed[0], timed[-1]
    said = [_minutes(piece) for piece in timed]
    if said[0] == said[-1]:
        return ""
    forms = [f"Tracks last from {said[0]} to {said[-1]}."]
    if said.count(said[0]) == said.count(said[-1]) == 1:
        longest, shortest = _title(work, long), _title(work, short)
        forms.append(f"The longest track, {longest}, takes {said[-1]}; {shortest} is over in {said[0]}.")
    return chosen(work.name, "lengths", forms)


def _keys(work: Work) -> str:
    keys = [piece.key for piece in work.pieces if piece.key is not None]
    if len(keys) < len(work.pieces) or len(set(keys)) < 2:
        return ""
    ranked = Counter(keys).most_common()
    (key, times), (_, next_times) = ranked[:2]
    if times == 1:
        return "No two tracks share a key."
    if times == next_times:
        return f"It goes through {counted(len(ranked), 'key')}."
    of_all = f"{number(times)} of {number(len(keys))} tracks"
    forms = [f"{key_name(key)} is the key it comes back to most, in {of_all}."]
    if 3 * times >= len(keys):
        forms.append(f"Its home is {key_name(key)}: {of_all} are in it.")
    return chosen(work.name, "keys", forms)


def _origins(work: Work) -> str:
    albums = [quoted(shortened(album, _TITLE)) for album in work.albums if album]
    if work.kind == "album" or not albums:
        return ""
    if len(albums) == 1:
        return f"All of it is from the album {albums[0]}."
    return f"The music is from {counted(len(albums), 'album')}: {some(albums, 3)}."


def _words(work: Work) -> str:
    styles = [shortened(style, _MOOD) for style in work.styles if style]
    if styles:
        return f"In style it is {some(styles, 3)}."
    moods = [shortened(mood, _MOOD).lower() for mood in work.moods if mood]
    return f"The moods it was planned around: {some(moods, 4)}." if len(moods) > 2 else ""


def _modes(work: Work) -> str:
    modes = [piece.key.mode for piece in work.pieces if piece.key is not None]
    if len(modes) < len(work.pieces):
        return ""
    minor = modes.count("minor") / len(modes)
    if len(modes) < 3 or minor in (0.0, 1.0):
        return "" if 0 < minor < 1 else f"in {'minor' if minor else 'major'} keys" if len(modes) > 1 else ""
    return (
        "mostly in minor keys" if minor > 0.6 else "mostly in major keys" if minor < 0.4 else "in minor and major keys"
    )


def _tempos(work: Work) -> tuple[int, int] | None:
    known = [round(piece.tempo) for piece in work.pieces if piece.tempo is not None]
    return (min(known), max(known)) if len(known) == len(work.pieces) else None


def _title(work: Work, piece: Piece) -> str:
    return quoted(shortened(piece.title, _TITLE)) if piece.title else f"track {work.pieces.index(piece) + 1}"


def _minutes(piece: Piece) -> str:
    """Return a track's length in words: a clock in a description would count as a chapter."""
    minutes, seconds = divmod(round(piece.seconds), 60)
    return " ".join(f"{count} {unit}" for count, unit in ((minutes, "min"), (seconds, "s")) if count) or "no time"
