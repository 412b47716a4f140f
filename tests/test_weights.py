"""Trained models are found and checked before anything is queued: whatever is wrong is one line with a remedy."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from checkpoint_files import AUDIOCRAFT as IN_AUDIOCRAFT
from checkpoint_files import MUSICGEN, REVISION, cached, diffusers, pytorch, safetensors, write

from pipeline.errors import BackendUnavailable, Damaged
from pipeline.licences import may_be_sold
from pipeline.weights import AUDIOCRAFT, DIFFUSERS, TRANSFORMERS, Found, Layout, find_file, find_model

SMALL = "facebook/musicgen-small"
OLDER = "0123456789abcdef0123456789abcdef01234567"
USUAL = "MusicGen's own weights are CC-BY-NC-4.0"


def find(asked: str | Path, hub: Path, layout: Layout = TRANSFORMERS) -> Found:
    return find_model(str(asked), layout, USUAL, hub)


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    """It is found, and the credit has its name, not where it lies; no revision, and one hash over its weights."""
    folder = write(tmp_path / "mine", MUSICGEN)
    found = find(folder, tmp_path)
    assert found.path == folder and found.bytes == len(MUSICGEN["model.safetensors"])
    assert (found.weights.name, found.weights.revision) == ("mine", "")


def test_a_folder_inside_the_hubs_cache_is_called_what_it_was_published_as(tmp_path: Path) -> None:
    """Named by its path or through a link of one's own, it is the same model of the same commit."""
    snapshot = cached(tmp_path / "hub", SMALL, MUSICGEN)
    (tmp_path / "musicgen").symlink_to(snapshot)
    for asked in (snapshot, tmp_path / "musicgen"):
        weights = find(asked, tmp_path).weights
        assert (weights.name, weights.revision, weights.licence) == (SMALL, REVISION, "CC-BY-NC-4.0")


CARD = b"---\nlanguage: en\nlicense: apache-2.0\ntags:\n- music\n---\n# Mine\n"


def test_the_licence_is_the_known_models_else_its_cards_else_unknown(tmp_path: Path) -> None:
    """A name is not taken for a licence: a folder of one's own called like a known model is not that model."""
    cached(tmp_path, SMALL, {**MUSICGEN, "README.md": CARD})
    cached(tmp_path, "somebody/tuned", {**MUSICGEN, "README.md": CARD})
    own = write(tmp_path / "own" / "musicgen-small", MUSICGEN)
    assert find(SMALL, tmp_path).weights.licence == "CC-BY-NC-4.0"
    assert find("somebody/tuned", tmp_path).weights.licence == "Apache-2.0"
    assert find(own, tmp_path).weights.licence == f"unknown: {USUAL}"
    assert not may_be_sold(find(own, tmp_path).weights.licence)


def test_the_hash_is_of_the_weights(tmp_path: Path) -> None:
    """The same weights elsewhere have the same hash, others another one."""
    one, same = write(tmp_path / "one", MUSICGEN), write(tmp_path / "same", {**MUSICGEN, "README.md": b"hello"})
    other = write(tmp_path / "other", {**MUSICGEN, "model.safetensors": safetensors(8)})
    digests = [find(folder, tmp_path).weights.sha256 for folder in (one, same, other)]
    assert digests[0] == digests[1] != digests[2]


def test_a_model_in_the_hubs_cache(tmp_path: Path) -> None:
    """Its name finds the commit that was downloaded, and the credit names that commit."""
    snapshot = cached(tmp_path, SMALL, MUSICGEN)
    found = find(SMALL, tmp_path)
    assert found.path == snapshot
    assert (found.weights.name, found.weights.revision) == (SMALL, REVISION)


def test_models_that_are_published_as_pytorch_files_alone(tmp_path: Path) -> None:
    """MusicGen medium and CLAP have no safetensors: a zip of PyTorch's will do."""
    find(write(tmp_path / "clap", {"config.json": b"{}", "pytorch_model.bin": pytorch()}), tmp_path)


def test_a_pinned_revision_is_used_and_no_other(tmp_path: Path) -> None:
    """By its commit, or by a branch or tag the cache knows; without one it is main."""
    old = cached(tmp_path, SMALL, {**MUSICGEN, "model.safetensors": safetensors(8)}, OLDER)
    new = cached(tmp_path, SMALL, MUSICGEN)
    write(tmp_path / "models--facebook--musicgen-small" / "refs", {"v1.0": OLDER.encode(), "pr/3": OLDER.encode()})
    assert find(SMALL, tmp_path).path == find(f"{SMALL}@main", tmp_path).path == new
    for revision in (OLDER, "v1.0", "pr/3"):
        found = find(f"{SMALL}@{revision}", tmp_path)
        assert (found.path, found.weights.name, found.weights.revision) == (old, SMALL, OLDER)


@pytest.mark.parametrize("revision", ["f" * 40, "v2.0", "pr/4"])
def test_a_revision_that_is_not_here_comes_with_the_line_that_fetches_it(tmp_path: Path, revision: str) -> None:
    """Another revision of the model does not stand in for it."""
    cached(tmp_path, SMALL, MUSICGEN)
    with pytest.raises(BackendUnavailable, match=f"at revision {revision} is not on this machine") as caught:
        find(f"{SMALL}@{revision}", tmp_path)
    assert f"--include model.safetensors --revision {revision}" in caught.value.remedy


@pytest.mark.parametrize("asked", ["a/b@../../../etc", "a/b@", "a/b@x/../y", "a/..", "a/b@/etc", "a/b@x@y"])
def test_a_revision_cannot_lead_out_of_the_cache(tmp_path: Path, asked: str) -> None:
    """It becomes a path, so it is a name and nothing else."""
    with pytest.raises(BackendUnavailable, match="no model folder"):
        find(asked, tmp_path)


@pytest.mark.parametrize("asked", ["~nobody-here/model", "./nothing", "/nowhere/at/all", "a b", "", "a/b/c", "../up"])
def test_a_folder_that_is_not_there(tmp_path: Path, asked: str) -> None:
    """A path is not taken for a name on the hub."""
    with pytest.raises(BackendUnavailable, match="no model folder"):
        find(asked, tmp_path)


def test_a_model_the_system_will_not_read(tmp_path: Path) -> None:
    """One line, whatever it says: here that a name is too long."""
    long = "x" * 5000
    for find_it in (lambda: find(long, tmp_path), lambda: find_file(long, USUAL)):
        with pytest.raises(BackendUnavailable, match="cannot be read: file name too long"):
            find_it()


def test_a_model_that_was_never_downloaded_comes_with_the_line_that_fetches_it(tmp_path: Path) -> None:
    """Only the files of the layout asked for are fetched."""
    with pytest.raises(BackendUnavailable, match="not on this machine") as caught:
        find(SMALL, tmp_path)
    assert caught.value.remedy.startswith(f"Run: uv run --extra neural hf download {SMALL} ")
    assert "--include model.safetensors" in caught.value.remedy
    with pytest.raises(BackendUnavailable) as caught:
        find(SMALL, tmp_path, AUDIOCRAFT)
    assert "--include state_dict.bin" in caught.value.remedy
    with pytest.raises(BackendUnavailable) as caught:
        find("somebody/finetuned", tmp_path)
    assert caught.value.remedy == "Run: uv run --extra neural hf download somebody/finetuned"


def test_another_layout_is_called_by_its_name(tmp_path: Path) -> None:
    """What is missing, and which layout it has instead."""
    folder = write(tmp_path / "ac", IN_AUDIOCRAFT)
    with pytest.raises(BackendUnavailable) as caught:
        find(folder, tmp_path)
    assert "transformers layout" in caught.value.message and "config.json is missing" in caught.value.message
    assert "audiocraft layout" in caught.value.remedy
    with pytest.raises(BackendUnavailable, match=r"diffusers layout: model_index\.json"):
        find(write(tmp_path / "tf", MUSICGEN), tmp_path, DIFFUSERS)


def test_the_other_layout_of_a_page_says_how_to_fetch_this_one(tmp_path: Path) -> None:
    """A page may hold two layouts, of which the other one was downloaded."""
    cached(tmp_path, SMALL, IN_AUDIOCRAFT)
    with pytest.raises(BackendUnavailable) as caught:
        find(SMALL, tmp_path)
    assert "audiocraft layout" in caught.value.remedy and "hf download" in caught.value.remedy


def test_an_empty_folder(tmp_path: Path) -> None:
    """It is no checkpoint."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackendUnavailable, match=r"config\.json is missing"):
        find(tmp_path / "empty", tmp_path)


WHOLE = safetensors(64)
BROKEN = {
    "cut in the data": (WHOLE[:-5], "cut short"),
    "cut in the header": (WHOLE[:20], "cut short"),
    "cut in the length": (WHOLE[:5], "cut short"),
    "nothing": (b"", "cut short"),
    "something added": (WHOLE + b"more", "something added"),
    "a header of garbage": (WHOLE[:8] + b"\xff" * (len(WHOLE) - 8), "header that cannot be read"),
    "a header that is a list": (b"\x02" + bytes(7) + b"[]", "header that cannot be read"),
    "a header nested without end": (b"\x20\x4e" + bytes(6) + b"[" * 20_000, "header that cannot be read"),
    "offsets that are no numbers": (
        b"\x23" + bytes(7) + b'{"a":{"data_offsets":[[0],["end"]]}}',
        "header that cannot be read",
    ),
    "a header without offsets": (b"\x08" + bytes(7) + b'{"a":{}}', "header that cannot be read"),
    "a length beyond the file": (b"\xff" * 8 + WHOLE[8:], "cut short"),
    "a web page": (b"<!DOCTYPE html><html>404 not found</html>", "cut short"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_safetensors_are_found_from_their_header(tmp_path: Path, content: bytes, said: str) -> None:
    """Cut, grown or garbage: Damaged, naming the file."""
    folder = write(tmp_path / "mine", {**MUSICGEN, "model.safetensors": content})
    with pytest.raises(Damaged, match=said) as caught:
        find(folder, tmp_path)
    assert "model.safetensors" in caught.value.message and caught.value.remedy


def test_a_damaged_download_is_fetched_again_by_force(tmp_path: Path) -> None:
    """The downloader does not look into files that have their name."""
    snapshot = cached(tmp_path, SMALL, MUSICGEN)
    (snapshot / "model.safetensors").resolve().write_bytes(WHOLE[:-1])
    with pytest.raises(Damaged) as caught:
        find(SMALL, tmp_path)
    assert caught.value.remedy.endswith("--force-download")


def test_a_bare_pickle_is_not_opened(tmp_path: Path) -> None:
    """Old checkpoints are programs: they are refused without being read."""
    evil = pickle.dumps({"weights": [0.0] * 100})
    with pytest.raises(Damaged, match="opened safely"):
        find(write(tmp_path / "mine", {**IN_AUDIOCRAFT, "state_dict.bin": evil}), tmp_path, AUDIOCRAFT)


def test_a_pytorch_file_that_is_cut(tmp_path: Path) -> None:
    """A zip archive has its directory at the end."""
    with pytest.raises(Damaged, match="cut short"):
        find(write(tmp_path / "mine", {**IN_AUDIOCRAFT, "state_dict.bin": pytorch()[:-30]}), tmp_path, AUDIOCRAFT)


def test_a_link_to_a_file_that_is_gone(tmp_path: Path) -> None:
    """What a broken download leaves is said to be missing, not a crash."""
    snapshot = cached(tmp_path, SMALL, MUSICGEN)
    (snapshot / "model.safetensors").resolve().unlink()
    with pytest.raises(BackendUnavailable, match=r"safetensors.* is missing"):
        find(SMALL, tmp_path)


IN_PIECES = {"config.json": b"{}", "model-00001-of-00001.safetensors": WHOLE}


def index(*names: str) -> bytes:
    return json.dumps({"weight_map": {f"layer{number}": name for number, name in enumerate(names)}}).encode()


def test_a_piece_of_big_weights_that_is_missing(tmp_path: Path) -> None:
    """Big models come in pieces, which an index names; all of them must be there."""
    names = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    files = {"config.json": b"{}", "model.safetensors.index.json": index(*names), names[0]: safetensors()}
    folder = write(tmp_path / "big", files)
    with pytest.raises(Damaged, match="00002-of-00002"):
        find(folder, tmp_path)
    write(folder, {names[1]: safetensors()})
    find(folder, tmp_path)


def test_the_index_of_weights_that_were_not_fetched_means_nothing(tmp_path: Path) -> None:
    """The same weights in PyTorch's format have an index too, and only one of the two is fetched."""
    write(tmp_path / "m", {**MUSICGEN, "pytorch_model.bin.index.json": index("pytorch_model-00001-of-00001.bin")})
    find(tmp_path / "m", tmp_path)


@pytest.mark.parametrize("content", [b"not json", b"[]", b"{}", b'{"weight_map": 3}'])
def test_an_index_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    """It is named."""
    with pytest.raises(Damaged, match=r"index\.json cannot be read"):
        find(write(tmp_path / "m", {**IN_PIECES, "model.safetensors.index.json": content}), tmp_path)


@pytest.mark.parametrize("piece", ["../other/model.safetensors", "/etc/passwd", "..", "sub/model.safetensors"])
def test_an_index_cannot_name_files_elsewhere(tmp_path: Path, piece: str) -> None:
    """What is loaded lies beside the index, or is not loaded."""
    write(tmp_path / "other", {"model.safetensors": safetensors()})
    with pytest.raises(Damaged, match=r"index\.json cannot be read"):
        find(write(tmp_path / "m", {**IN_PIECES, "model.safetensors.index.json": index(piece)}), tmp_path)


def test_a_configuration_cannot_name_other_weights(tmp_path: Path) -> None:
    """transformers would load the file a configuration names instead of the one that was checked."""
    named = json.dumps({"transformers_weights": "other.safetensors"}).encode()
    with pytest.raises(Damaged, match="a name of its own"):
        find(write(tmp_path / "m", {**MUSICGEN, "config.json": named, "other.safetensors": safetensors()}), tmp_path)


def test_what_is_not_loaded_is_not_looked_at(tmp_path: Path) -> None:
    """The same weights in an old format, and the index of pieces that a whole file makes needless."""
    folder = write(tmp_path / "m", MUSICGEN)
    alone = find(folder, tmp_path).weights.sha256
    write(folder, {"pytorch_model.bin": pickle.dumps(1), "sub/model.safetensors": b"?", "adapter.safetensors": b"?"})
    write(folder, {"model.safetensors.index.json": b"?"})
    assert find(folder, tmp_path).weights.sha256 == alone
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").unlink()
    with pytest.raises(Damaged, match=r"pytorch_model\.bin is not a PyTorch checkpoint"):
        find(folder, tmp_path)


PLAIN = (
    "unet/diffusion_pytorch_model.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
    "text/model.safetensors",
)
HALF = tuple(path.replace(".safetensors", ".fp16.safetensors") for path in PLAIN)


def test_copies_in_other_precisions_of_a_painters_weights_do_not_count(tmp_path: Path) -> None:
    """Half precision and what was there before averaging lie beside the weights on many pages; one set is loaded."""
    folder = write(tmp_path / "sd", diffusers(*PLAIN))
    alone = find(folder, tmp_path, DIFFUSERS)
    assert alone.files == tuple(sorted(folder / path for path in PLAIN))
    write(folder, dict.fromkeys(("unet/diffusion_pytorch_model.non_ema.safetensors", *HALF), b"?"))
    write(folder, {"v1-5-pruned.safetensors": b"?", "vae/other.bin": b"?"})
    assert find(folder, tmp_path, DIFFUSERS) == alone
    (folder / HALF[2]).unlink()
    write(folder, {PLAIN[1]: b"?"})
    with pytest.raises(Damaged, match="cut short"):
        find(folder, tmp_path, DIFFUSERS)


def test_a_painter_in_half_precision_alone(tmp_path: Path) -> None:
    """Its parts are loaded in half precision where they have it, and plain where not."""
    folder = write(tmp_path / "sd", diffusers(HALF[0], HALF[1], PLAIN[2]))
    assert find(folder, tmp_path, DIFFUSERS).files == tuple(sorted(folder / p for p in (HALF[0], HALF[1], PLAIN[2])))


def test_the_pieces_of_a_painters_network(tmp_path: Path) -> None:
    """diffusers loads them, and not the whole beside them; one that is missing is named."""
    names = [f"diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    files = {
        **diffusers(*PLAIN, f"unet/{names[0]}"),
        "unet/diffusion_pytorch_model.safetensors.index.json": index(*names),
    }
    folder = write(tmp_path / "sd", files)
    with pytest.raises(Damaged, match="00002-of-00002"):
        find(folder, tmp_path, DIFFUSERS)
    write(folder, {f"unet/{names[1]}": safetensors()})
    assert folder / PLAIN[0] not in find(folder, tmp_path, DIFFUSERS).files


def test_a_single_file(tmp_path: Path) -> None:
    """A .pt of one's own is found and checked alike; one under its published name has its publisher's licence."""
    music = "music_audioset_epoch_15_esc_90.14.pt"
    write(tmp_path, {"mine.pt": pytorch(), music: pytorch(), "cut.pt": pytorch()[:-30]})
    assert find_file(str(tmp_path / music), USUAL).weights.licence == "CC0-1.0"
    mine = find_file(str(tmp_path / "mine.pt"), USUAL).weights
    assert (mine.name, mine.licence) == ("mine.pt", f"unknown: {USUAL}")
    with pytest.raises(Damaged, match="cut short"):
        find_file(str(tmp_path / "cut.pt"), USUAL)
    with pytest.raises(BackendUnavailable, match="no checkpoint"):
        find_file(str(tmp_path / "none.pt"), USUAL)


def test_a_broken_file_of_ones_own_is_copied_anew_and_one_of_the_hub_fetched(tmp_path: Path) -> None:
    """The command belongs to the page's layout and, where main has moved on, to the commit."""
    cut = {"state_dict.bin": pytorch()[:-30], "compression_state_dict.bin": pytorch()}
    with pytest.raises(Damaged) as caught:
        find(write(tmp_path / "mine", cut), tmp_path, AUDIOCRAFT)
    assert "Copy it anew" in caught.value.remedy
    cached(tmp_path, SMALL, cut, OLDER)
    with pytest.raises(Damaged) as caught:
        find(SMALL, tmp_path, AUDIOCRAFT)
    assert caught.value.remedy.endswith("--include compression_state_dict.bin --force-download")
    cached(tmp_path, SMALL, IN_AUDIOCRAFT)
    with pytest.raises(Damaged) as caught:
        find(f"{SMALL}@{OLDER}", tmp_path, AUDIOCRAFT)
    assert caught.value.remedy.endswith(f"--revision {OLDER} --force-download")
