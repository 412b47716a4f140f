"""Tracks laid one after another with their joints, as they come: a mix that ends, or a radio that does not.

What follows a track is asked for as late as it can be, before the first frame that a joint could touch. So a mix reads
its plan, and a radio decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pipeline.audio.clip import Samples
from pipeline.audio.joint import join
from pipeline.audio.mixplan import MixItem, longest_joint
from pipeline.audio.reader import TrackReader
from pipeline.audio.stretch import stretched
from pipeline.domain import PlannedJoint

BLOCK = 1 << 16
"""Frames that are laid down at once, where nobody asks for fewer."""

Following = tuple[PlannedJoint, MixItem]
"""A track and the joint that leads to it."""


def lay_out(
    first: MixItem,
    follow: Callable[[MixItem], Following | None],
    *,
    past: int = 0,
    block: int = BLOCK,
    cut: Callable[[MixItem, int], MixItem] = lambda item, _: item,
    begins: Callable[[MixItem], None] = lambda _: None,
) -> Iterator[Samples]:
    """Yield tracks and joints as [frames, 2], from frame `past` of the first track on, until nothing follows.

    `cut` is asked before every block of a track's own part, with how much of it has been heard, and may return it
    with fewer frames: then it is left there. `begins` is told of every track just before it begins to be heard.
    Raises Damaged when a track is not what its item says.
    """
    item, reader, place = first, TrackReader(first), past
    reader.read(past)
    begins(item)
    while True:
        whole = item
        while place < item.frames - longest_joint(item):
            item = cut(item, place)
            size = min(block, item.frames - longest_joint(item) - place)
            if size > 0:
                yield reader.read(size)
                place += size
        following = follow(item)
        left = item.frames - place - (following[0].leaving if following else 0)
        for start in range(0, left, block):
            yield reader.read(min(block, left - start))
        if following is None:
            reader.finish()
            return
        joint, coming = following
        leaving = stretched(reader.read(joint.leaving), joint.frames, item.rate)
        if item is whole:
            reader.finish()
        item, reader, place = coming, TrackReader(coming), joint.coming
        begins(item)
        yield _crossed(leaving, reader.read(place), joint, item.rate)


def _crossed(leaving: Samples, coming: Samples, joint: PlannedJoint, rate: int) -> Samples:
    # Backwards, so that it goes over into the rest of its track without a seam.
    coming = stretched(coming[::-1], joint.frames, rate)[::-1]
    return join(leaving, np.ascontiguousarray(coming), rate)
