"""Long mixes: what they are and how people decided on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make their table; decisions on them are kept with those on albums, for no mix has the slug of an album."""
    op.create_table(
        "mixes",
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("finished", sa.DateTime(), nullable=False),
        sa.Column("manifest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_mixes"),
    )
