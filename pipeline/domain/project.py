"""An album under way: what plan.json holds, and all that a later run needs to go on with it."""

from __future__ import annotations

from pipeline.domain.brief import Brief
from pipeline.domain.noun import Noun
from pipeline.domain.plan import AlbumPlan
from pipeline.domain.production import Production
from pipeline.domain.take import Backend
from pipeline.domain.units import Slug


class Project(Noun):
    """The brief, the album on paper and how it is produced, fixed once the first render starts."""

    slug: Slug
    brief: Brief
    writer: Backend
    plan: AlbumPlan
    production: Production
    notes: tuple[str, ...] = ()
    """What a person should know about how it was planned: that a part stood in for another, say."""
