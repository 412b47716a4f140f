"""The podcast of everything that was released as one: its feed lies beside the kits, and is written with each."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.domain import Sha256
from pipeline.domain.kit import Kit
from pipeline.domain.noun import Noun
from pipeline.errors import Damaged
from pipeline.kit import feed as feeds
from pipeline.release.contents import EPISODE, EPISODE_CHAPTERS, EPISODE_COVER, NOTES, NOTES_HTML
from pipeline.shelf.folder import Folder
from pipeline.shelf.kit_folder import KitShelf

FEED = "feed.xml"


class Podcast(Noun):
    """What the feed says of the podcast as a whole. `base` is where the folder of kits will lie on the web."""

    base: str
    title: str
    author: str
    mail: str | None = None
    disclosed: bool = True


def update_feed(kits: KitShelf, podcast: Podcast, rejected: Collection[Sha256] = ()) -> None:
    """Write the feed of all kits but those of versions `rejected` since, the newest first.

    Raises BadSettings for an address that is none.
    """
    with kits.queueing():  # of two at once, the second finds both kits
        released = [kit for kit in kits.kits() if kit.manifest not in rejected]
        if not released:
            return
        episodes = [_episode(kits, kit) for kit in reversed(released)]
        show = show_of(podcast, f"{released[-1].work}/{EPISODE_COVER}")
        with Folder(kits.root).writing(FEED) as temp:
            temp.write_bytes(feeds.feed(show, episodes))


def show_of(podcast: Podcast, image: str) -> feeds.Show:
    """Return the podcast as its feed knows it, or raise BadSettings saying which address or name is wrong."""
    made = ", made by software and chosen by a person" if podcast.disclosed else ""
    return feeds.show(
        title=podcast.title,
        description=f"Lo-fi music by {podcast.author}{made}.",
        author=podcast.author,
        base=podcast.base,
        image=image,
        path=FEED,
        owner=podcast.author,
        mail=podcast.mail,
    )


def _episode(kits: KitShelf, kit: Kit) -> feeds.Episode:
    folder = kits.kit(kit.work)
    audio = next((part.file for part in kit.files if part.file.path == EPISODE), None)
    gone = [name for name in (EPISODE, NOTES, NOTES_HTML) if not folder.path(name).is_file()]
    if audio is None or gone:
        said = f"{folder.folder} has no {', '.join(gone or [EPISODE])}."
        raise Damaged(said, f"Release it again, or move it away: lofi release {kit.work} --for podcast")
    return feeds.Episode(
        # The work and its version: a version that was made anew is another episode.
        guid=f"{kit.work}-{kit.manifest[:16]}",
        title=kit.title,
        notes=folder.path(NOTES).read_text(encoding="utf-8"),
        html=folder.path(NOTES_HTML).read_text(encoding="utf-8"),
        published=kit.released,
        audio=f"{kit.work}/{EPISODE}",
        bytes=audio.bytes,
        seconds=kit.seconds,
        chapters=f"{kit.work}/{EPISODE_CHAPTERS}",
        image=f"{kit.work}/{EPISODE_COVER}",
    )
