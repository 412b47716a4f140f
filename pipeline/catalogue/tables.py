"""The tables, as they are at the newest revision. A change here needs a migration beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
)


class Moment(TypeDecorator[datetime]):
    """A time with a zone, kept in UTC: SQLite has no type for one."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a time without a zone; drop the zone after going to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

albums = Table(
    "albums",
    metadata,
    Column("slug", String(80), primary_key=True),
    Column("title", Text, nullable=False),
    Column("theme", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("why", Text, nullable=False),  # why it needs attention, else empty
    Column("brief", Text, nullable=False),  # canonical JSON
    Column("brief_digest", String(64), nullable=False),
    Column("wish_digest", String(64), nullable=False),  # of the brief with seed 0: what was asked, whatever the seed
    Column("seed", BigInteger, nullable=False),
    Column("created", Moment, nullable=False),
    Column("finished", Moment),
    Column("manifest", String(64)),  # SHA-256 of album.json
    Index("ix_albums_wish_digest", "wish_digest"),
)

mixes = Table(
    "mixes",  # finished long mixes; one under way is on the shelf alone
    metadata,
    Column("slug", String(80), primary_key=True),  # no album has it
    Column("title", Text, nullable=False),
    Column("status", String(20), nullable=False),  # draft, approved, rejected, released
    Column("finished", Moment, nullable=False),
    Column("manifest", String(64), nullable=False),  # SHA-256 of mix.json
)

titles = Table(
    "titles",
    metadata,
    Column("key", Text, primary_key=True),  # NFKC, casefolded: two spellings of one title collide
    Column("title", Text, nullable=False),
    Column("album", ForeignKey("albums.slug"), nullable=False, index=True),
    Column("kind", String(5), nullable=False),  # album, track
)

takes = Table(
    "takes",
    metadata,
    Column("album", ForeignKey("albums.slug"), nullable=False),
    Column("track", Integer, nullable=False),
    Column("take", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("total", Float),
    Column("chosen", Boolean, nullable=False),
    Column("embedding", Text),  # what the judge's model heard, packed; none without a model
    Column("embedder", String(64)),  # SHA-256 of that model's weights
    Column("backend", Text),  # from here on: none until `catch_up` has read it from the manifest
    Column("licences", Text),  # a line each
    Column("scores", Text),  # JSON, the parts of the judgement by name
    Column("peaks", Text),  # its waveform
    Column("seconds", Float),
    Column("loudness", Float),  # LUFS
    Column("word", String(8)),  # approved, rejected: what the decisions that count say of it
    PrimaryKeyConstraint("album", "track", "take"),
)

renders = Table(
    "renders",  # the ledger: rows are added and settled, never removed
    metadata,
    Column("id", Integer, primary_key=True),
    Column("album", String(80), nullable=False, index=True),  # no foreign key: it outlives what it paid for
    Column("track", Integer, nullable=False),
    Column("take", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("kind", String(6), nullable=False),  # asked, reroll, loop
    Column("backend", Text, nullable=False),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("outcome", String(11), nullable=False),  # started, finished, failed, interrupted
    Column("seconds", Float, nullable=False),  # of audio
    Column("run", Text, nullable=False),
    Column("pid", Integer, nullable=False),
)

decisions = Table(
    "decisions",  # what people decided at review: here alone, so never rebuilt and never removed
    metadata,
    Column("id", Integer, primary_key=True),
    Column("album", String(80), nullable=False, index=True),  # or the mix
    Column("track", Integer),  # none: the whole album
    Column("take", Integer),  # none: the whole track
    Column("version", String(64), nullable=False),  # hash of the exact file or manifest decided on
    Column("decision", String(20), nullable=False),
    Column("author", Text, nullable=False),
    Column("time", Moment, nullable=False),
    Column("note", Text, nullable=False),
    Column("value", Text, nullable=False, server_default=""),  # a title, an order, a number of takes
    Column("undoes", Integer),  # the decision that counts no more
)

comparisons = Table(
    "comparisons",  # two takes heard blind; like decisions here alone
    metadata,
    Column("id", Integer, primary_key=True),
    *(
        column
        for side in ("a", "b")
        for column in (
            Column(f"{side}_album", String(80), nullable=False),
            Column(f"{side}_track", Integer, nullable=False),
            Column(f"{side}_take", Integer, nullable=False),
            Column(f"{side}_version", String(64), nullable=False),  # SHA-256 of the take
        )
    ),
    Column("author", Text, nullable=False),
    Column("time", Moment, nullable=False),
    Column("winner", String(3)),  # a, b, tie; none while it is not answered
)

jobs = Table(
    "jobs",  # what was ordered in the review room
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(7), nullable=False),  # album, clip, changes
    Column("words", Text, nullable=False),  # theme, prompt or slug
    Column("wanted", Text, nullable=False),  # JSON, the options
    Column("author", Text, nullable=False),
    Column("time", Moment, nullable=False),
    Column("state", String(7), nullable=False),  # waiting, working, done, failed, stopped
    Column("said", Text, nullable=False),
    Column("share", Float, nullable=False),
    Column("album", String(80)),
    Column("files", Text, nullable=False),  # JSON, the clips it made, by name
)

progress = Table(
    "progress",  # how far an album is that is being made: for looking at alone
    metadata,
    Column("album", String(80), primary_key=True),
    Column("stage", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("share", Float, nullable=False),
    Column("time", Moment, nullable=False),
)

shifts = Table(
    "shifts",  # what the schedule did, and why it did not
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", Moment, nullable=False),
    Column("trigger", String(8), nullable=False),  # cron, interval, now
    Column("theme", Text, nullable=False),  # empty where it rested
    Column("brief", Text, nullable=False),  # canonical JSON, or empty
    Column("album", String(80)),  # no foreign key: it outlives what it made
    Column("outcome", String(11), nullable=False),  # working, made, rested, coalesced, failed, interrupted
    Column("why", Text, nullable=False),
    Column("ended", Moment),
)

airings = Table(
    "airings",  # what the radio played: by it nothing comes again too soon
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", Moment, nullable=False),
    Column("title", Text, nullable=False),
    Column("source", String(8), nullable=False),  # fresh, stand-in, approved, again
    Column("album", String(80)),  # of an approved track
    Column("track", Integer),
    Column("file", Text, nullable=False),  # below the library
    Column("seconds", Float, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("made", Text, nullable=False),  # JSON: order and backend of what was rendered for the radio
    Column("loved", Integer, nullable=False),
    Column("skipped", Boolean, nullable=False),
    Index("ix_airings_time", "time"),
)
