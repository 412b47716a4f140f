"""The label's nouns: frozen, validated, and free of any library that makes sound or pictures."""

from pipeline.domain.album import Album, Cover, Joint, Mix, Picture, Pictures, Run, Spend, TitleMatch, Track
from pipeline.domain.brief import Brief, read_brief
from pipeline.domain.edits import UNTOUCHED, Edits
from pipeline.domain.longmix import LongMix, MixProject, MixTrack, MixWish, PlannedJoint, Source
from pipeline.domain.plan import AlbumPlan, TrackPlan
from pipeline.domain.production import Production
from pipeline.domain.project import Project
from pipeline.domain.take import (
    Backend,
    Controls,
    FileRecord,
    Gate,
    Heard,
    Loop,
    LoopOrder,
    Measured,
    RenderOrder,
    Score,
    Take,
    Verdict,
    Weights,
)
from pipeline.domain.units import Bpm, Key, Lufs, Seconds, Seed, Sha256, Slug, derive_seed

__all__ = [
    "UNTOUCHED",
    "Album",
    "AlbumPlan",
    "Backend",
    "Bpm",
    "Brief",
    "Controls",
    "Cover",
    "Edits",
    "FileRecord",
    "Gate",
    "Heard",
    "Joint",
    "Key",
    "LongMix",
    "Loop",
    "LoopOrder",
    "Lufs",
    "Measured",
    "Mix",
    "MixProject",
    "MixTrack",
    "MixWish",
    "Picture",
    "Pictures",
    "PlannedJoint",
    "Production",
    "Project",
    "RenderOrder",
    "Run",
    "Score",
    "Seconds",
    "Seed",
    "Sha256",
    "Slug",
    "Source",
    "Spend",
    "Take",
    "TitleMatch",
    "Track",
    "TrackPlan",
    "Verdict",
    "Weights",
    "derive_seed",
    "read_brief",
]
