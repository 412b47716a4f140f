"""Show notes of an episode, as plain text and as the little HTML that podcast players show."""

from __future__ import annotations

from html import escape

from pipeline.audio.chapters import clock
from pipeline.kit.credits import credit_lines
from pipeline.kit.disclosure import disclosure
from pipeline.kit.fit import octets, shortened
from pipeline.kit.moments import listing
from pipeline.kit.prose import facts, opening
from pipeline.kit.work import Work, plain

NOTES_LIMIT = 4_000
"""Bytes of UTF-8, as for the description of an episode."""
TITLE_LIMIT = 120
"""UTF-16 units; players cut longer ones."""
_CREDITS = 1_200


def episode_title(work: Work) -> str:
    """Return the title of the episode: the work's own. Apple wants neither number nor show in it."""
    return shortened(work.called, TITLE_LIMIT)


def notes_text(work: Work) -> str:
    """Return the show notes in at most 4,000 bytes: what it is, the tracks, facts, credits, disclosure.

    Facts give way first, then the list thins out; credits and disclosure stay.
    """
    head, tail = " ".join(opening(work)), _tail(work)
    for most in (3, 0):
        rest = [part for part in (" ".join(facts(work, most)), *tail) if part]
        times = listing(work, NOTES_LIMIT - octets("\n\n".join([head, "Tracks\n", *rest])))
        if times or not most:
            break
    return "\n\n".join(part for part in (head, f"Tracks\n{times}" if times else "", *rest) if part) + "\n"


def notes_html(work: Work) -> str:
    """Return the show notes as HTML: paragraphs and one list, in which every track is named. No other element."""
    said = [" ".join(opening(work)), " ".join(facts(work, 3))]
    items = [
        f"<li>{clock(mark.start / work.rate)} {escape(plain(mark.title) or f'Track {number}')}</li>"
        for number, mark in enumerate(work.chapters, 1)
    ]
    tracks = ["<p>Tracks</p>\n<ul>\n" + "\n".join(items) + "\n</ul>"] if items else []
    blocks = [*(_paragraph(text) for text in said if text), *tracks, *(_paragraph(text) for text in _tail(work))]
    return "\n".join(blocks) + "\n"


def _tail(work: Work) -> list[str]:
    credits = [f"Credits\n{credit_lines(work.assets, _CREDITS)}"] if work.assets else []
    return credits + ([said] if work.disclosed and (said := disclosure(work)) else [])


def _paragraph(text: str) -> str:
    return "<p>" + escape(text).replace("\n", "<br/>\n") + "</p>"
