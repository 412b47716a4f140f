"""The label's nouns: frozen, validated, and free of any library that makes sound or pictures."""

from pipeline.domain.album import Album, Cover, FileRecord, Joint, Mix, Run, Spend, Track
from pipeline.domain.brief import Brief, read_brief
from pipeline.domain.plan import AlbumPlan, TrackPlan
from pipeline.domain.production import Production
from pipeline.domain.project import Project
from pipeline.domain.take import Backend, Gate, Measured, RenderOrder, Score, Take, Verdict
from pipeline.domain.units import Bpm, Key, Lufs, Seconds, Seed, Sha256, Slug, derive_seed

__all__ = [
    "Album",
    "AlbumPlan",
    "Backend",
    "Bpm",
    "Brief",
    "Cover",
    "FileRecord",
    "Gate",
    "Joint",
    "Key",
    "Lufs",
    "Measured",
    "Mix",
    "Production",
    "Project",
    "RenderOrder",
    "Run",
    "Score",
    "Seconds",
    "Seed",
    "Sha256",
    "Slug",
    "Spend",
    "Take",
    "Track",
    "TrackPlan",
    "Verdict",
    "derive_seed",
    "read_brief",
]
