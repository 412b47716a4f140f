"""What a distributor asks for on the way to Spotify and other shops: a sheet of the tracks, and a list of questions.

Shops take music through distributors, each with a form of its own; the sheet holds what all of them ask for.
"""

from __future__ import annotations

import csv
import io

from pipeline.audio.chapters import clock
from pipeline.kit.credits import makers
from pipeline.kit.disclosure import involvement, youtube_answer
from pipeline.kit.fit import shortened
from pipeline.kit.licences_page import refusal
from pipeline.kit.markdown import escaped
from pipeline.kit.wording import counted, some
from pipeline.kit.work import Work

COLUMNS = (
    "track number",
    "title",
    "artist",
    "release",
    "primary genre",
    "secondary genre",
    "language",
    "explicit",
    "AI disclosure",
    "composer",
    "producer",
    "year",
    "P line",
    "C line",
    "duration",
    "file name",
    "ISRC",
    "UPC",
)
GENRE = "Electronic"
"""The genre of shops that have no lo-fi; "Lo-fi" stands as the second."""
LANGUAGE = "zxx"
"""No linguistic content (ISO 639-2): what an instrumental has for a language."""
_FORMULAS = "=+-@＝＋－＠\t\r\n|%"
"""What makes a spreadsheet reckon with a cell, and the wide forms that some of them take for the same."""


def sheet(work: Work) -> str:
    """Return the tracks as CSV after a row of headings (RFC 4180, to be written in UTF-8 with its line ends kept).

    ISRC and UPC are left blank. A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    made_by = some([shortened(by.title, 80) for by in makers(work.assets, "music")], 3) or "unknown"
    told = "; ".join(f"{part}: {said}" for part, said in involvement(work) if said != "None") if work.disclosed else ""
    text = io.StringIO()
    rows = csv.writer(text, quoting=csv.QUOTE_MINIMAL)
    rows.writerow(COLUMNS)
    for number, piece in enumerate(work.pieces, 1):
        artist = piece.artist or work.credited
        cells = (
            str(number),
            piece.title or f"Track {number}",
            artist,
            work.called,
            GENRE,
            "Lo-fi",
            LANGUAGE,
            "no",
            told,
            f"Composed by software: {made_by}",
            work.credited,
            str(work.year),
            f"℗ {work.year} {artist}",
            f"© {work.year} {artist}",
            clock(round(piece.seconds)),
            piece.file,
            "",
            "",
        )
        rows.writerow([defused(cell) for cell in cells])
    return text.getvalue()


def defused(cell: str) -> str:
    """Return a cell that no spreadsheet reckons with: an apostrophe before what begins a formula."""
    return f"'{cell}" if cell[:1] and cell[0] in _FORMULAS else cell


def checklist(work: Work) -> str:
    """Return a list in Markdown of what the distributor will ask and what this release has to answer."""
    against = refusal(work.assets)
    short = [number for number, piece in enumerate(work.pieces, 1) if piece.seconds < 31]
    reasons = counted(len(against), "reason")
    sold = "Every licence of what is heard and seen allows selling; see LICENCES.md."
    lines = [
        f"May it be sold? {f'No, for {reasons}: see LICENCES.md.' if against else sold}",
        "Does the distributor take music made by software or trained models? Some do not, or not all of it. "
        "Read its terms before uploading.",
        "AI: " + "; ".join(f"{part}: {said}" for part, said in involvement(work)) + ".",
        "Composer and songwriter: most forms want a person's legal name. The sheet names the software; who stands "
        "there is yours to answer truthfully.",
        "℗ and © lines: whether there is a right in music made by software differs by country. The sheet names "
        "the artist; change it where that is not you.",
        "ISRC and UPC: blank. The distributor gives them out, or you have your own.",
        "Artist name: check that nobody else uses it; a shop files by name.",
        "Cover: square, 3000 x 3000 pixels, without addresses or names of shops on it.",
        f"Audio: {counted(len(work.pieces), 'track')}, WAV or FLAC, one file each, named in the sheet.",
        "Language: instrumental (zxx). Explicit: no.",
        "Content ID: leave it off where the same sounds may have been made for somebody else.",
        "Bundles of very many short tracks are taken for spam; a long mix goes to YouTube or a podcast.",
    ]
    if short:
        lines.append(
            f"Shorter than 31 seconds, which shops may not count as played: track {some([*map(str, short)], 8)}."
        )
    if youtube_answer(work).yes:
        lines.append("The answer to YouTube's question about altered content is yes: see DISCLOSURE.md.")
    head = f"# Before it goes to a distributor: {escaped(work.called)}\n\n"
    return head + "".join(f"- [ ] {escaped(line)}\n" for line in lines)
