"""Trained models are found and checked before anything is queued: whatever is wrong is one line with a remedy."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from checkpoint_files import AUDIOCRAFT as IN_AUDIOCRAFT
from checkpoint_files import MUSICGEN, REVISION, cached, pytorch, safetensors, write

from pipeline.errors import BackendUnavailable, Damaged
from pipeline.weights import AUDIOCRAFT, DIFFUSERS, TRANSFORMERS, Found, Layout, find_file, find_model

SMALL = "facebook/musicgen-small"


def find(asked: str | Path, hub: Path, layout: Layout = TRANSFORMERS) -> Found:
    return find_model(str(asked), layout, "CC-BY-NC-4.0", hub)


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    """It is found, and the credit has its name, its licence and one hash over its weights, but no revision."""
    folder = write(tmp_path / "mine", MUSICGEN)
    found = find(folder, tmp_path)
    assert found.path == folder
    assert (found.weights.name, found.weights.revision) == (str(folder), "")
    assert found.weights.licence == "CC-BY-NC-4.0"


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


@pytest.mark.parametrize("asked", ["~nobody-here/model", "./nothing", "/nowhere/at/all", "a b", "", "a/b/c", "../up"])
def test_a_folder_that_is_not_there(tmp_path: Path, asked: str) -> None:
    """A path is not taken for a name on the hub."""
    with pytest.raises(BackendUnavailable, match="no model folder"):
        find(asked, tmp_path)


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
        find(write(tmp_path / "m", {**MUSICGEN, "model.safetensors.index.json": content}), tmp_path)


def test_a_single_file(tmp_path: Path) -> None:
    """A .pt of one's own is found and checked alike."""
    write(tmp_path, {"music.pt": pytorch(), "cut.pt": pytorch()[:-30]})
    assert find_file(str(tmp_path / "music.pt"), "CC0-1.0").weights.licence == "CC0-1.0"
    with pytest.raises(Damaged, match="cut short"):
        find_file(str(tmp_path / "cut.pt"), "CC0-1.0")
    with pytest.raises(BackendUnavailable, match="no checkpoint"):
        find_file(str(tmp_path / "none.pt"), "CC0-1.0")
