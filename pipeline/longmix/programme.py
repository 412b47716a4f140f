"""The mix on paper: which tracks, in which order, how each is prepared and how it goes over into the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from pipeline.audio.chapters import clock
from pipeline.audio.mixplan import MixItem, MixPlan, plan_mix
from pipeline.audio.order import Song, arrange
from pipeline.audio.resample import resampled_length
from pipeline.audio.tilt import LIMIT, loudness_change
from pipeline.domain import Lufs, MixProject, MixTrack, MixWish
from pipeline.errors import BadBrief
from pipeline.longmix.gather import MOST_TRACKS, Candidate
from pipeline.shelf import Shelf
from pipeline.steps.credits import LABEL

LOUDNESS: Lufs = -14.0
"""LUFS of every track in the mix, and so of the mix."""

OFF: Lufs = 0.3
"""LU that a track may be off: one that is mastered well passes unchanged."""

SPREAD = 0.6
"""dB an octave that a track's spectrum may differ from the middle one's before it is turned."""

USUAL_RATE = 44_100


def write_programme(
    candidates: Sequence[Candidate], wish: MixWish, shelf: Shelf
) -> tuple[int, tuple[MixTrack, ...], MixPlan]:
    """Return the mix's rate, its tracks in their order, and the plan of their joints.

    Raises BadBrief, with the figures, where there are too few tracks for the hours wished and none may come twice.
    """
    rates = {candidate.portrait.rate for candidate in candidates}
    rate = rates.pop() if len(rates) == 1 else USUAL_RATE
    turned = _turns(candidates)
    prepared = [_prepared(candidate, rate, turn) for candidate, turn in zip(candidates, turned, strict=True)]
    songs = [_song(candidate) for candidate in candidates]
    mean = sum(track.frames for track in prepared) / len(prepared) / rate
    wanted = (
        len(prepared) if wish.hours is None else max(1, math.ceil(wish.hours * 3600 / max(1, mean - wish.crossfade)))
    )
    while True:
        if wanted > MOST_TRACKS:
            raise BadBrief(
                f"That would take some {wanted:,} tracks, and a mix has {MOST_TRACKS:,} at most.",
                "Ask for fewer hours, or name albums with longer tracks.",
            )
        wanted = wanted if wish.repeats else min(wanted, len(prepared))
        order = arrange(songs, wanted, wish.arc, repeats=wish.repeats)
        whys = ("opens", *(step.why for step in order.steps))
        tracks = [prepared[place].but(why=why) for place, why in zip(order.places, whys, strict=True)]
        plan = _planned(tracks, [candidates[place] for place in order.places], rate, wish, shelf)
        missing = 0.0 if wish.hours is None else wish.hours * 3600 - plan.frames / rate
        if missing <= 0:
            return rate, tuple(tracks), plan
        # The tracks differ in length, and the joints from what was wished.
        more = math.ceil(missing / max(1.0, mean))
        if wanted == len(prepared) and not wish.repeats:
            there = clock(plan.frames / rate)
            raise BadBrief(
                f"{wish.hours:g} hours take about {wanted + more} tracks of this length; these albums have {wanted}, "
                f"which make {there}.",
                "Name more albums, ask for fewer hours, or let tracks come again with --repeats.",
            )
        wanted += more


def mix_plan(project: MixProject, shelf: Shelf) -> MixPlan:
    """Return the plan of a mix that was begun: what plan.json says, whatever would be planned today."""
    items = [_item(track, project.rate, shelf) for track in project.tracks]
    return MixPlan(items=tuple(items), joints=project.joints)


def _planned(
    tracks: Sequence[MixTrack], candidates: Sequence[Candidate], rate: int, wish: MixWish, shelf: Shelf
) -> MixPlan:
    items = []
    for track, candidate in zip(tracks, candidates, strict=True):
        loud = 10 ** (track.gain / 10)
        head, tail = (
            [level * loud for level in levels] for levels in (candidate.portrait.head, candidate.portrait.tail)
        )
        items.append(_item(track, rate, shelf).but(head=head, tail=tail))
    plan = plan_mix(items, wish.crossfade, match=wish.match)
    # Their levels have done their work, and would be most of what plan.json holds.
    return plan.but(items=[item.but(head=(), tail=()) for item in plan.items])


def _item(track: MixTrack, rate: int, shelf: Shelf) -> MixItem:
    return MixItem(
        path=shelf.album(track.album).path(track.file.path),
        frames=track.frames,
        rate=rate,
        title=track.title,
        tempo=track.tempo,
        first_beat=track.first_beat,
        first_bar=track.first_bar,
        lead=track.lead,
        whole=track.whole,
        file_rate=None if track.rate == rate else track.rate,
        gain=track.gain,
        tilt=track.turned,
    )


def _turns(candidates: Sequence[Candidate]) -> list[float]:
    """Return by how many dB an octave each track is turned, to bring those that stand out nearer to the rest."""
    middle = median(candidate.portrait.tilt for candidate in candidates)
    offs = [middle - candidate.portrait.tilt for candidate in candidates]
    # Only as far as the edge of what passes: the middle is no ideal.
    turns = [max(-LIMIT, min(LIMIT, math.copysign(max(0.0, abs(off) - SPREAD), off))) for off in offs]
    return [round(turn, 2) + 0.0 for turn in turns]  # no minus before a zero


def _prepared(candidate: Candidate, rate: int, turned: float) -> MixTrack:
    """Return a track as it is prepared for a mix at `rate`."""
    portrait, track = candidate.portrait, candidate.track

    def at(frames: int) -> int:
        return resampled_length(frames, portrait.rate, rate)

    off = LOUDNESS - portrait.loudness - (loudness_change(portrait.colour, turned) if turned else 0.0)
    return MixTrack(
        album=candidate.album.slug,
        number=track.number,
        title=track.title,
        artist=candidate.album.by or LABEL,
        file=candidate.file,
        rate=portrait.rate,
        whole=at(portrait.frames),
        lead=at(portrait.lead),
        frames=at(portrait.end) - at(portrait.lead),
        tempo=portrait.tempo,
        first_beat=portrait.first_beat,
        first_bar=portrait.first_bar,
        key=portrait.key,
        loudness=round(portrait.loudness, 2),
        energy=round(portrait.energy, 4),
        tilt=round(portrait.tilt, 2),
        gain=round(off, 2) if abs(off) > OFF or turned else 0.0,
        turned=turned,
        why="",
    )


def _song(candidate: Candidate) -> Song:
    portrait = candidate.portrait
    return Song(
        title=candidate.track.title,
        artist=candidate.album.by or LABEL,
        seconds=portrait.seconds,
        tempo=portrait.tempo,
        key=portrait.key,
        loudness=portrait.loudness,
        energy=portrait.energy,  # and no fingerprint: no two of the candidates are the same music
    )
