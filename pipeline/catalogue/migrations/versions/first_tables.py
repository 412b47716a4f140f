"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Bring an empty database to revision 0001."""
    op.create_table(
        "albums",
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("brief_digest", sa.String(64), nullable=False),
        sa.Column("wish_digest", sa.String(64), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("finished", sa.DateTime()),
        sa.Column("manifest", sa.String(64)),
        sa.PrimaryKeyConstraint("slug", name="pk_albums"),
    )
    op.create_index("ix_albums_wish_digest", "albums", ["wish_digest"])
    op.create_table(
        "titles",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("album", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(5), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_titles"),
        sa.ForeignKeyConstraint(["album"], ["albums.slug"], name="fk_titles_album"),
    )
    op.create_index("ix_titles_album", "titles", ["album"])
    op.create_table(
        "takes",
        sa.Column("album", sa.String(80), nullable=False),
        sa.Column("track", sa.Integer(), nullable=False),
        sa.Column("take", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("total", sa.Float()),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("album", "track", "take", name="pk_takes"),
        sa.ForeignKeyConstraint(["album"], ["albums.slug"], name="fk_takes_album"),
    )
    op.create_table(
        "renders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("album", sa.String(80), nullable=False),
        sa.Column("track", sa.Integer(), nullable=False),
        sa.Column("take", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(6), nullable=False),
        sa.Column("backend", sa.Text(), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("finished", sa.DateTime()),
        sa.Column("outcome", sa.String(11), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_renders"),
    )
    op.create_index("ix_renders_album", "renders", ["album"])
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("album", sa.String(80), nullable=False),
        sa.Column("track", sa.Integer()),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_album", "decisions", ["album"])
