"""Which takes may go: of albums that were decided on, those that nobody chose, approved or preferred."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import papers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pruned_library import LONG_AGO, MONTH, NOW, Changing, Old, why

from pipeline.catalogue.jobs import Job
from pipeline.errors import Damaged
from pipeline.shelf.album_folder import MANIFEST, PLAN
from pipeline.shelf.letting_go import PRUNED, when_pruned

EVERY = {"01-1", "01-2", "02-1", "02-2"}
CHOSEN = {"01-1", "02-1"}


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Old]:
    opened = Old(tmp_path / "library")
    with opened.catalogue:
        yield opened


@pytest.mark.parametrize("verdict", ["approved", "rejected"])
def test_what_was_not_chosen_goes_and_the_album_stays_whole(old: Old, verdict: str) -> None:
    """The sound of the other takes goes; every other file, the approval and the ledger are what they were."""
    old.decide(verdict)
    rest = {path: path.read_bytes() for path in old.folder.folder.rglob("*") if path.is_file()}
    rows = old.catalogue.spend(old.album.slug), old.catalogue.decisions(old.album.slug)
    found = old.prune()
    assert [file.path for file in found.gone] == [f"albums/rain-on-tin/takes/0{n}-2.flac" for n in (1, 2)]
    assert old.sounds() == CHOSEN and why(found) == {"chosen": 2}
    kept = {path: path.read_bytes() for path in rest if path.exists()}
    assert set(rest) - set(kept) == {old.folder.path(f"takes/0{n}-2.flac") for n in (1, 2)}
    assert all(kept[path] == rest[path] for path in kept)
    assert old.folder.read_whole() == old.album
    assert (old.catalogue.spend(old.album.slug), old.catalogue.decisions(old.album.slug)) == rows
    row = old.catalogue.album(old.album.slug)
    assert row is not None and row.status == verdict
    assert when_pruned(old.folder, old.take(1, 2)) == NOW and when_pruned(old.folder, old.take(1, 1)) is None


def rejected_then_undone(old: Old) -> None:
    made = old.decide("rejected")
    old.catalogue.review.undo(old.album.slug, made.id, made)


def decided_lately(old: Old) -> None:
    old.now = NOW - timedelta(days=29)
    old.decide("approved")


def noted_lately(old: Old) -> None:
    old.decide("approved")
    old.now = NOW - timedelta(days=1)
    old.decide("noted", track=1, note="listen again")


def being_made_again(old: Old) -> None:
    old.decide("approved")
    old.folder.reopen()
    old.catalogue.reopen(old.album.slug)


def needing_attention(old: Old) -> None:
    old.decide("approved")
    old.catalogue.reopen(old.album.slug)
    old.catalogue.needs_attention(old.album.slug, "no take was good enough")


def with_changes(old: Old) -> None:
    old.decide("approved")
    old.decide("take", track=1, take=2)


def with_an_order(old: Old) -> None:
    old.decide("approved")
    old.catalogue.review.order(Job(kind="changes", words=old.album.slug, wanted={}, author="mia", time=LONG_AGO))


def with_another_manifest(old: Old) -> None:
    old.decide("approved")
    path = old.folder.path(MANIFEST)
    path.write_text(path.read_text().replace("the warmer one", "the colder one"))


def with_a_broken_manifest(old: Old) -> None:
    old.decide("approved")
    old.folder.path(MANIFEST).write_text("{")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda old: None, "waits for review"),
        (rejected_then_undone, "waits for review"),
        (decided_lately, "was decided on too lately"),
        (noted_lately, "was decided on too lately"),
        (being_made_again, "is not finished"),
        (needing_attention, "needs attention"),
        (with_changes, "has changes that are not made"),
        (with_an_order, "has an order that waits"),
        (with_another_manifest, "is another than the catalogue knows"),
        (with_a_broken_manifest, "manifest cannot be read"),
    ],
)
def test_an_album_that_is_not_settled_keeps_every_take(old: Old, changed: Changing, said: str) -> None:
    """Not reviewed, under way, touched lately, waiting for changes, or not what the catalogue knows: nothing goes."""
    changed(old)
    found = old.prune()
    assert found.gone == () and old.sounds() == EVERY and not old.folder.path(PRUNED).exists()
    ((stays, takes),) = why(found).items()
    assert said in stays and takes == 4
    assert found == old.look()


def test_an_album_in_use_is_left_alone(old: Old) -> None:
    """Whoever holds it is not disturbed, and is not waited for."""
    old.decide("approved")
    with old.folder.hold():
        assert why(old.prune()) == why(old.look()) == {"the album is in use": 4}
    assert len(old.prune().gone) == 2


def test_what_somebody_liked_stays(old: Old) -> None:
    """Approved, better in a comparison, as good as the other, or still to be compared."""
    old.decide("approved")
    old.decide("approved", track=1, take=1)
    old.compare(1, "b")
    old.compare(2, "tie")
    found = old.prune()
    assert found.gone == () and old.sounds() == EVERY
    assert why(found) == {"chosen": 2, "preferred in a comparison, or waiting in one": 2}


def test_what_lost_a_comparison_goes(old: Old) -> None:
    """The better one was chosen anyway; the other is liked by nobody."""
    old.decide("approved")
    old.compare(1, "a")
    assert len(old.prune().gone) == 2


def test_a_comparison_waits_a_month_for_its_answer(old: Old) -> None:
    """Asked lately, both takes stay to be heard; asked long ago and never answered, they wait no longer."""
    old.decide("approved")
    old.compare(1, None)
    old.now = NOW - timedelta(days=2)
    old.compare(2, None)
    assert [file.path[-9:] for file in old.prune().gone] == ["01-2.flac"]


def test_a_file_that_is_not_what_was_recorded_stays(old: Old) -> None:
    """Somebody changed it: it is the only one of its kind, and nobody may call it pruned."""
    old.decide("approved")
    path = old.folder.path("takes/01-2.flac")
    path.write_bytes(b"something else")
    assert [file.path[-9:] for file in old.prune().gone] == ["02-2.flac"]
    assert path.read_bytes() == b"something else"
    with pytest.raises(Damaged):
        old.folder.verify_all(old.album)


def test_a_take_that_is_lost_is_not_called_pruned(old: Old) -> None:
    """Also not where others were pruned, nor where it was pruned once, made again and lost then."""
    old.decide("approved")
    lost = old.folder.path("takes/01-2.flac")
    sound = lost.read_bytes()
    old.prune()
    old.folder.verify_all(old.album)
    lost.write_bytes(sound)
    with old.folder.hold():
        pass
    lost.unlink()
    with pytest.raises(Damaged, match=r"01-2\.flac is missing"):
        old.folder.verify_all(old.album)
    assert old.prune().gone == ()


def test_looking_changes_nothing_and_says_what_happens(old: Old) -> None:
    """A dry run names the very files that then go."""
    old.decide("approved")
    before = {path: path.stat().st_mtime_ns for path in old.shelf.root.rglob("*")}
    seen = old.look()
    assert {path: path.stat().st_mtime_ns for path in old.shelf.root.rglob("*")} == before
    assert old.prune() == seen
    assert old.prune().gone == ()


def test_codes_go_with_their_sound(old: Old, tmp_path: Path) -> None:
    """The tokens a take was decoded from are of no use alone; a run killed between the two is made good."""
    paper, asked = papers.plan("Late Bus", ("Empty Seats",)), papers.brief("late", tracks=1)
    folder = old.shelf.begin("Late Bus", lambda slug: papers.project(slug, paper, asked))
    with folder.hold():
        folder.put(papers.project(folder.slug, paper, asked), PLAN)
        takes = []
        for order in papers.orders(paper):
            files = folder.take_files(order)
            folder.write_bytes(files.codes, b"codes of " + order.digest().encode())
            codes = folder.record(files.codes)
            takes.append(files.put(
                order, papers.BAND, frames=320_000, rate=32_000, fingerprint=order.digest(), codes=codes,
                write=lambda temp, order=order: temp.write_bytes(papers.audio(order)) and None,  # type: ignore[misc]
            ))  # fmt: skip
        old.album = papers.released(folder, paper, asked, tuple(takes))
    old.catalogue.enter(old.album)
    old.decide("approved")
    codes_path = folder.path("takes/01-2.codes.npz")
    kept = codes_path.read_bytes()
    assert [file.kind for file in old.prune().gone] == ["take", "codes"]
    folder.verify_all(old.album)
    codes_path.write_bytes(kept)  # as if it had been killed before it came to the codes
    assert [file.kind for file in old.prune().gone] == ["codes"]
    assert not codes_path.exists() and folder.read_whole() == old.album
    assert folder.path("takes/01-1.codes.npz").exists()


WORDS = st.tuples(st.sampled_from(["approved", "rejected", "take"]), st.integers(1, 2), st.integers(1, 2))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(WORDS, max_size=4),
    st.lists(st.tuples(st.integers(1, 2), st.sampled_from(["a", "b", "tie", None])), max_size=3),
    st.sampled_from(["approved", "rejected", "released", None]),
    st.integers(0, 60),
)
def test_nothing_that_anybody_liked_is_ever_deleted(
    words: list[tuple[str, int, int]], pairs: list[tuple[int, str | None]], verdict: str | None, days: int
) -> None:
    """Whatever was decided, in whatever order: the chosen, approved and preferred stay, and none is unaccounted for."""
    with tempfile.TemporaryDirectory() as folder:
        old = Old(Path(folder) / "library")
        with old.catalogue:
            old.now = NOW - timedelta(days=days)
            for decision, track, take in words:
                old.decide(decision, track, take)
            for track, winner in pairs:
                old.compare(track, winner)  # type: ignore[arg-type]
            for each in ["approved", "released"] if verdict == "released" else filter(None, [verdict]):
                old.decide(each)
            found = old.prune()
            liked = set(CHOSEN)
            last = {(track, take): decision for decision, track, take in words if decision != "take"}
            liked |= {f"0{track}-{take}" for (track, take), said in last.items() if said == "approved"}
            liked |= {
                f"0{track}-{side}" for track, winner in pairs for side in {"a": "1", "b": "2"}.get(winner or "", "")
            }
            liked |= {f"0{track}-{side}" for track, winner in pairs if winner == "tie" for side in "12"}
            assert liked <= old.sounds()
            if verdict is None or days < MONTH.days:
                assert old.sounds() == EVERY
            assert len(old.sounds()) + len(found.gone) == 4 == sum(why(found).values()) + len(found.gone)
            assert old.folder.read_whole() == old.album
