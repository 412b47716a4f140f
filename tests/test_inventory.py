"""Which models are here, and whether they are what was published: told without a network and without torch."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from checkpoint_files import AUDIOCRAFT, MUSICGEN, cached, pytorch, safetensors, write

from pipeline.inventory import Stock, take_stock
from pipeline.models import MODELS, USES, fetch_command
from pipeline.settings import Settings

SMALL = "facebook/musicgen-small"


def settings(hub: Path, **more: object) -> Settings:
    return Settings.model_validate({"hub": hub, **more})


def stock(hub: Path, name: str = SMALL, layout: str = "transformers", *, check: bool = False, **more: object) -> Stock:
    (held,) = [
        h for h in take_stock(settings(hub, **more), check=check) if (h.model.name, h.model.layout) == (name, layout)
    ]
    return held


def test_every_model_has_a_licence_a_size_and_a_command() -> None:
    """What is not sure is left out, never made up; MusicGen's weights are not for sale."""
    for model in MODELS:
        assert model.licence and model.needs
        assert model.fetch.startswith(f"uv run --extra neural hf download {model.name}") or model.url in model.fetch
        if "musicgen" in model.name:
            assert model.licence == "CC-BY-NC-4.0" and not model.commercial
    assert len({(model.name, model.layout) for model in MODELS}) == len(MODELS)


def test_every_model_the_settings_name_by_themselves_is_known() -> None:
    """The defaults are in the list, each marked with its setting."""
    chosen = {held.chosen for held in take_stock(Settings(hub=Path("/nowhere")))}
    parts = ("musicgen", "audiocraft", "clap", "diffusion", "clip", "multiband")
    assert {f"{part}_model" for part in parts} <= chosen


def test_nothing_is_here_at_first(tmp_path: Path) -> None:
    """An empty cache, or none, is no mistake; each model comes with the command."""
    for held in take_stock(Settings(hub=tmp_path / "none")):
        assert (held.state, held.place) == ("absent", None)
        assert held.remedy == held.model.fetch


def test_a_whole_model_is_whole_and_verified_on_request(tmp_path: Path) -> None:
    """The content is compared with the names the cache gives it: SHA-256 and git's hash."""
    snapshot = cached(tmp_path, SMALL, MUSICGEN)
    assert stock(tmp_path) == Stock(stock(tmp_path).model, "whole", snapshot, chosen="musicgen_model")
    held = stock(tmp_path, check=True)
    assert (held.state, held.checked, held.remedy) == ("verified", 3, "")


def test_the_other_layout_of_the_same_page_is_not_here(tmp_path: Path) -> None:
    """One page, two layouts, of which one was fetched."""
    cached(tmp_path, SMALL, MUSICGEN)
    assert stock(tmp_path, layout="audiocraft").state == "absent"
    cached(tmp_path, SMALL, AUDIOCRAFT)
    assert stock(tmp_path, layout="audiocraft", check=True).state == "verified"


@pytest.mark.parametrize("victim", ["config.json", "model.safetensors"])
def test_one_flipped_bit_is_found(tmp_path: Path, victim: str) -> None:
    """Of weights and of small files alike, with --check; the remedy fetches by force."""
    snapshot = cached(tmp_path, SMALL, {**MUSICGEN, "model.safetensors": safetensors(100)})
    blob = (snapshot / victim).resolve()
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    assert stock(tmp_path).state == "whole"
    held = stock(tmp_path, check=True)
    assert held.state == "damaged" and victim in held.why and "hash" in held.why
    assert held.remedy.endswith("--force-download")


def test_cut_short_is_found_without_hashing(tmp_path: Path) -> None:
    """The header knows how long the file is."""
    snapshot = cached(tmp_path, SMALL, MUSICGEN)
    blob = (snapshot / "model.safetensors").resolve()
    blob.write_bytes(blob.read_bytes()[:-3])
    held = stock(tmp_path)
    assert held.state == "damaged" and "cut short" in held.why


def test_a_download_that_broke_off(tmp_path: Path) -> None:
    """Incomplete is told apart from damaged and from absent, before and after the first file was whole."""
    write(tmp_path / "models--facebook--musicgen-small" / "blobs", {"ab12.incomplete": b"half"})
    assert stock(tmp_path).state == "incomplete"
    snapshot = cached(tmp_path, SMALL, MUSICGEN)
    (snapshot / "model.safetensors").resolve().unlink()
    held = stock(tmp_path)
    assert held.state == "incomplete" and "model.safetensors is missing" in held.why
    assert held.remedy == held.model.fetch


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    """It is listed with its setting; without published hashes it is whole, and says that nothing was compared."""
    folder = write(tmp_path / "mine", MUSICGEN)
    held = stock(tmp_path, str(folder), check=True, musicgen_model=str(folder))
    assert (held.state, held.chosen, held.checked) == ("whole", "musicgen_model", 0)
    assert "no published hash" in held.why
    (folder / "config.json").unlink()
    held = stock(tmp_path, str(folder), musicgen_model=str(folder))
    assert held.state == "incomplete" and "hf download" not in held.remedy


def test_a_folder_downloaded_to_is_compared_with_what_the_downloader_noted(tmp_path: Path) -> None:
    """`hf download --local-dir` writes each file's hash beside."""
    folder = write(tmp_path / "mine", {"config.json": b"{}", "model.safetensors": safetensors()})
    for name, kind in (("config.json", "git"), ("model.safetensors", "sha256")):
        content = (folder / name).read_bytes()
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        digest = git if kind == "git" else hashlib.sha256(content).hexdigest()
        write(
            folder / ".cache/huggingface/download", {f"{name}.metadata": f"commit\n{digest}\n1700000000.0\n".encode()}
        )
    assert stock(tmp_path, str(folder), check=True, musicgen_model=str(folder)).state == "verified"
    (folder / "config.json").write_bytes(b"[]")
    assert stock(tmp_path, str(folder), check=True, musicgen_model=str(folder)).state == "damaged"


def test_a_single_file_of_ones_own(tmp_path: Path) -> None:
    """A laion-clap .pt named by the settings is listed."""
    write(tmp_path, {"music.pt": pytorch()})
    name = str(tmp_path / "music.pt")
    assert stock(tmp_path, name, "file", clap_model=name).state == "whole"


def test_an_unknown_model_is_fetched_whole() -> None:
    """We do not know which of its files are needed."""
    assert fetch_command("somebody/finetuned") == "uv run --extra neural hf download somebody/finetuned"


@pytest.mark.parametrize("setting", USES)
def test_every_setting_that_names_a_model_is_listed(tmp_path: Path, setting: str) -> None:
    """With a folder of one's own, and with a model of the hub that nobody has heard of."""
    (tmp_path / "mine").mkdir()
    for named in (str(tmp_path / "mine"), "somebody/tuned"):
        (held,) = [h for h in take_stock(settings(tmp_path, **{setting: named})) if h.chosen == setting]
        assert (held.model.name, held.state) == (named, "absent") and held.remedy
        assert held.model.licence.startswith("unknown") and not held.model.commercial


def test_a_text_model_and_a_file_of_multiband_diffusion(tmp_path: Path) -> None:
    """The helpers of a musician are looked at like any model."""
    cached(tmp_path, "google-t5/t5-base", MUSICGEN)
    held = stock(tmp_path, "google-t5/t5-base", check=True, text_model="google-t5/t5-base")
    assert (held.state, held.chosen) == ("verified", "text_model")
    file = write(tmp_path / "own", {"mbd_musicgen_32khz.th": pytorch()[:-9]}) / "mbd_musicgen_32khz.th"
    held = stock(tmp_path, str(file), "file", multiband_model=str(file))
    assert (held.state, held.model.licence) == ("damaged", "CC-BY-NC-4.0") and "Copy it anew" in held.remedy
    held = stock(tmp_path, str(file.parent), "file", multiband_model=str(file.parent))
    assert held.state == "damaged"


def test_a_pinned_revision_is_the_one_looked_at(tmp_path: Path) -> None:
    """Another one that is here does not count, and the command fetches the pinned one."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    cached(tmp_path, SMALL, MUSICGEN)
    pinned = {"musicgen_model": f"{SMALL}@{commit}"}
    held = stock(tmp_path, **pinned)
    assert (held.state, held.chosen, held.revision) == ("absent", "musicgen_model", commit)
    assert held.remedy == f"{held.model.fetch} --revision {commit}"
    snapshot = cached(tmp_path, SMALL, {**MUSICGEN, "model.safetensors": safetensors(8)}, commit)
    held = stock(tmp_path, check=True, **pinned)
    assert (held.state, held.place) == ("verified", snapshot)
    other = stock(tmp_path, "somebody/tuned", musicgen_model=f"somebody/tuned@{commit}")
    assert other.remedy.endswith(f"hf download somebody/tuned --revision {commit}")


def test_what_is_not_loaded_is_neither_checked_nor_compared(tmp_path: Path) -> None:
    """A page's old formats and other precisions may be broken, cut or absent."""
    name = "somebody/tuned"
    snapshot = cached(tmp_path, name, {**MUSICGEN, "pytorch_model.bin": pytorch(), "model.fp16.safetensors": b"?"})
    (snapshot / "pytorch_model.bin").resolve().write_bytes(b"cut")
    held = stock(tmp_path, name, check=True, musicgen_model=name)
    assert (held.state, held.checked) == ("verified", 3)


def test_the_licence_of_a_model_of_ones_own_is_its_cards(tmp_path: Path) -> None:
    """As in what it makes; without a card it is unknown, and that is not for sale."""
    folder = write(tmp_path / "mine", {**MUSICGEN, "README.md": b"---\nlicense: mit\n---\n"})
    held = stock(tmp_path, str(folder), musicgen_model=str(folder))
    assert held.model.licence == "MIT" and held.model.commercial
    (folder / "README.md").unlink()
    assert not stock(tmp_path, str(folder), musicgen_model=str(folder)).model.commercial


def test_demucs_is_looked_for_where_its_command_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not on the hub; the start of its hash is in its name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    held = stock(tmp_path, "htdemucs", "file")
    assert held.state == "absent" and held.remedy.startswith("curl ") and "~/.cache/torch" in held.remedy
    write(tmp_path / ".cache/torch/hub/checkpoints", {"955717e8-8726e21a.th": pytorch()})
    assert stock(tmp_path, "htdemucs", "file").state == "whole"
    held = stock(tmp_path, "htdemucs", "file", check=True)
    assert held.state == "damaged" and "force" not in held.remedy
