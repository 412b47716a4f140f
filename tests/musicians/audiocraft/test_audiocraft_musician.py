"""The musician audiocraft as an album meets it: takes, codes, MultiBand Diffusion, and what it says beforehand."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from audiocraft_orders import order
from where import DEVICE

from pipeline.domain import Controls, Heard
from pipeline.errors import BackendUnavailable, Damaged
from pipeline.models import META_USUAL, MUSICGEN_USUAL, T5_USUAL
from pipeline.roles import Booth

pytestmark = pytest.mark.neural


@pytest.fixture
def folder(tiny_model, tmp_path):
    """Return a checkpoint folder of one's own to spoil, without its text model."""
    own = tmp_path / "models" / "own"
    own.mkdir(parents=True)
    for file in tiny_model("audiocraft").iterdir():
        (own / file.name).write_bytes(file.read_bytes())
    return own


@pytest.fixture
def refused(folder, no_hub, tiny_model):
    """Return what the constructor says of the spoiled folder."""

    def construct(kind=LookupError, **settings):
        from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen

        with pytest.raises(kind) as error:
            AudiocraftMusicGen(str(folder), no_hub, **{"device": DEVICE, **settings})
        assert "\n" not in str(error.value) and error.value.remedy
        return str(error.value)

    return construct


def configure(folder, **changes):
    """Change the configuration in a checkpoint."""
    import torch
    from omegaconf import OmegaConf

    package = torch.load(folder / "state_dict.bin", weights_only=True)
    config = OmegaConf.create(package["xp.cfg"])
    for key, value in changes.items():
        OmegaConf.update(config, key.replace("__", "."), value, force_add=True)
    torch.save({**package, "xp.cfg": OmegaConf.to_yaml(config)}, folder / "state_dict.bin")


def test_takes_are_rendered_with_their_codes(musician):
    """A take comes dry, as long as planned, with the tokens it can be decoded from again."""
    player = musician()
    (take,) = player.render([order(seconds=10.0)])
    assert take.clip.rate == 32000 and take.clip.seconds == pytest.approx(10.0, abs=3.5)
    assert take.codes.shape[0] == 4
    again = player.decode_codes(take.codes)
    assert again.rate == 32000 and again.seconds == pytest.approx(take.codes.shape[1] / 50)


def test_a_take_beyond_one_window_is_one_take(musician):
    """Half a minute from a model that holds twenty seconds, with progress to the end."""
    shares = []
    (take,) = musician().render([order(seconds=30.0)], Booth(progress=lambda _, share: shares.append(share)))
    assert take.clip.seconds == pytest.approx(30.0, abs=3.5)
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) > 50


def test_every_model_is_credited_with_its_licence(musician, tiny_model):
    """MusicGen's weights, the text model's, and MultiBand Diffusion's where it is here."""
    backend = musician(multiband_model=str(tiny_model("multiband"))).backend
    assert backend.name == "audiocraft" and backend.licence == backend.weights[0].licence
    # Of folders without a model card nothing is known.
    usual = (MUSICGEN_USUAL, T5_USUAL, META_USUAL)
    assert [weights.licence for weights in backend.weights] == [f"unknown: {said}" for said in usual]


def test_multiband_diffusion_decodes_the_same_tokens_otherwise(musician, tiny_model):
    """The same tokens, another sound of the same length; it too comes from the take's seed."""
    player = musician(multiband_model=str(tiny_model("multiband")))
    plain, diffused, again = player.render(
        [order(), order(controls=Controls(multiband=True)), order(controls=Controls(multiband=True))]
    )
    assert diffused.clip.samples.shape == plain.clip.samples.shape
    assert np.isfinite(diffused.clip.samples).all()
    assert not np.array_equal(diffused.clip.samples, plain.clip.samples)
    assert diffused.clip.samples.tobytes() == again.clip.samples.tobytes()


def test_a_take_can_be_decoded_again_with_multiband_diffusion(musician, tiny_model):
    """The codes beside a take are enough; each channel of a stereo take is decoded by itself."""
    player = musician("audiocraft-stereo", multiband_model=str(tiny_model("multiband")))
    codes = np.random.default_rng(0).integers(0, 400, (8, 50)).astype(np.int16)
    clip = player.decode_codes(codes, multiband=True)
    assert clip.samples.shape == (32000, 2)
    assert not np.array_equal(clip.samples[:, 0], clip.samples[:, 1])


def test_without_multiband_diffusion_its_takes_alone_fail(musician):
    """The line that fetches it, and every other take is played; if all want it, nothing begins."""
    player = musician()
    wants = order(controls=Controls(multiband=True))
    plain, failed = player.render([order(), wants])
    assert plain.clip.frames and isinstance(failed, BackendUnavailable)
    assert "hf download facebook/multiband-diffusion mbd_musicgen_32khz.th" in failed.remedy
    with pytest.raises(BackendUnavailable, match="MultiBand Diffusion is not on this machine"):
        list(player.render([wants]))


def test_a_melody_needs_a_melody_checkpoint_and_demucs(musician, tmp_path):
    """One line says which is missing."""
    tune = order(melody=Heard(path=str(tmp_path / "tune.wav"), sha256="0" * 64))
    with pytest.raises(BackendUnavailable, match=r"cannot follow a melody.*facebook/musicgen-melody"):
        list(musician().render([tune]))
    with pytest.raises(BackendUnavailable, match=r"Demucs.*dl\.fbaipublicfiles\.com"):
        list(musician("audiocraft-melody").render([tune]))


def test_it_travels_to_a_worker_and_loads_there(musician):
    """Pickled it is a few paths; the checkpoint is opened where it is played."""
    data = pickle.dumps(musician())
    assert len(data) < 20_000
    (take,) = pickle.loads(data).render([order()])
    assert take.clip.frames


def test_checking_a_checkpoint_loads_no_model_library(tiny_model, no_hub):
    """The studio opens without PyTorch, audiocraft, transformers or the working directory being touched."""
    script = f"""
import sys, os
from pathlib import Path
before = os.getcwd()
from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen
AudiocraftMusicGen({str(tiny_model("audiocraft"))!r}, Path({str(no_hub)!r}), device="cpu").backend
assert os.getcwd() == before
print([name for name in ("audiocraft", "transformers", "demucs", "laion_clap", "torch") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_loading_asks_nobody_and_says_nothing(tiny_model, no_hub):
    """Without HF_HUB_OFFLINE in the environment too, in a process where the hub's library was loaded before."""
    script = f"""
import huggingface_hub
from pathlib import Path
import socket
def connect(*a): raise SystemExit("asked the network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = connect
from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen
AudiocraftMusicGen({str(tiny_model("audiocraft"))!r}, Path({str(no_hub)!r}), device="cpu")._model()
print("loaded")
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "loaded\n", "")


def test_the_text_model_is_found_beside_the_checkpoint_or_on_the_hub(folder, no_hub, tiny_model):
    """In the checkpoint, beside it, in the hub's cache by either of its names, or where a setting says."""
    from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen

    def found(**settings):
        return AudiocraftMusicGen(str(folder), no_hub, device=DEVICE, **settings).backend.weights[1]

    text = tiny_model("t5-small")
    assert (found(text_model=str(text)).name, found(text_model=str(text)).revision) == ("t5-small", "")
    for name in ("google-t5--t5-small", "t5-small"):
        cache = no_hub / f"models--{name}"
        (cache / "refs").mkdir(parents=True)
        (cache / "refs" / "main").write_text("abc")
        (cache / "snapshots").mkdir()
        (cache / "snapshots" / "abc").symlink_to(text)
        assert found().name == name.replace("--", "/") and found().revision == "abc"
    for place in (folder.parent, folder):
        (place / "t5-small").symlink_to(text)
        assert (found().name, found().revision) == ("t5-small", "")


def test_old_formats_beside_the_text_model_do_no_harm(musician, tiny_model, tmp_path):
    """The hub's t5-base brings a bare pickle as well: it is neither opened nor a reason to refuse."""
    text = tmp_path / "t5-base"
    text.mkdir()
    for file in tiny_model("t5-small").iterdir():
        (text / file.name).write_bytes(file.read_bytes())
    plain = musician(text_model=str(text)).backend.weights[1].sha256
    (text / "pytorch_model.bin").write_bytes(pickle.dumps({"not": "opened"}))
    assert musician(text_model=str(text)).backend.weights[1].sha256 == plain


def test_a_missing_text_model_is_one_line(refused):
    """With the line that fetches it."""
    line = refused(BackendUnavailable)
    assert "t5-small" in line and "hf download google-t5/t5-small" in line and "LOFI_TEXT_MODEL" in line


def test_a_text_model_of_another_size_is_refused(refused, tiny_model, tmp_path):
    """Before anything is queued, naming the one it wants."""
    other = tmp_path / "t5-large"
    other.mkdir()
    for file in tiny_model("t5-small").iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    settings = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**settings, "d_model": 1024}))
    assert "vectors of 1024, and the checkpoint wants 512" in refused(BackendUnavailable, text_model=str(other))
    (other / "tokenizer.json").unlink()
    assert "no tokenizer" in refused(BackendUnavailable, text_model=str(other))


def test_an_empty_tokenizer_is_refused(folder, no_hub, tiny_model, tmp_path):
    """transformers makes one without an error; a prompt would mean nothing."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen

    empty = tmp_path / "empty"
    empty.mkdir()
    for file in ("config.json", "model.safetensors"):
        (empty / file).write_bytes((tiny_model("t5-small") / file).read_bytes())
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    special = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.Unigram(vocabulary, 2)), **special)
    tokenizer.save_pretrained(empty)
    player = AudiocraftMusicGen(str(folder), no_hub, device=DEVICE, text_model=str(empty))
    with pytest.raises(BackendUnavailable, match="is empty"):
        list(player.render([order()]))


def test_a_very_long_prompt_is_played(musician):
    """As long as a plan allows; of what is longer than T5's own limit it reads the beginning."""
    long = order().track.but(prompt="warm rain " * 200)
    (take,) = musician().render([order().but(track=long)])
    assert take.clip.frames


class _Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("file", ["state_dict.bin", "compression_state_dict.bin"])
def test_a_checkpoint_that_brings_code_is_not_opened(folder, refused, tmp_path, file):
    """It is refused before anything is queued, and nothing of it runs."""
    import torch

    package = torch.load(folder / file, weights_only=True)
    torch.save({**package, "extra": _Evil(tmp_path / "ran")}, folder / file)
    assert "holds more than weights" in refused(Damaged)
    assert not (tmp_path / "ran").exists()


def test_multiband_diffusion_that_brings_code_is_not_opened(musician, tmp_path):
    """Its configuration may be of OmegaConf's records; nothing else may be in it."""
    import torch

    path = tmp_path / "mbd_musicgen_32khz.th"
    torch.save({"n_bands": 1, "sample_rate": 32000, 0: _Evil(tmp_path / "ran")}, path)
    with pytest.raises(Damaged, match="holds more than weights"):
        musician(multiband_model=str(tmp_path)).decode_codes(np.zeros((4, 50), np.int16), multiband=True)
    assert not (tmp_path / "ran").exists()


def test_a_checkpoint_cut_short_is_refused(folder, refused):
    """Half a download is no checkpoint."""
    path = folder / "state_dict.bin"
    path.write_bytes(path.read_bytes()[:-2000])
    assert "cut short" in refused(Damaged)


def test_a_checkpoint_of_the_other_layout_is_refused(tiny_model, no_hub):
    """What transformers reads is for the musician musicgen."""
    from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen

    with pytest.raises(BackendUnavailable, match="not a checkpoint in the audiocraft layout"):
        AudiocraftMusicGen(str(tiny_model("musicgen")), no_hub, device=DEVICE)


def test_a_missing_checkpoint_is_one_line(no_hub):
    """With the line that fetches it."""
    from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen

    with pytest.raises(BackendUnavailable, match="hf download facebook/musicgen-small"):
        AudiocraftMusicGen("facebook/musicgen-small", no_hub, device=DEVICE)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lm_model": "transformer_lm_magnet"}, "transformer_lm_magnet"),
        ({"conditioners__description__t5__normalize_text": True}, "spaCy"),
        ({"conditioners__genre": {"model": "lut", "lut": {}}}, r"genre (lut)"),
        ({"conditioners": None}, "configuration"),
        ({"transformer_lm__dim": "wide"}, "configuration"),
        ({"dataset__segment_duration": None}, "configuration"),
    ],
    ids=["magnet", "spacy", "genre", "nothing", "wide", "no length"],
)
def test_a_model_of_another_kind_is_refused(folder, refused, changes, says):
    """Before anything is queued, saying what it is."""
    configure(folder, **changes)
    assert says in refused((BackendUnavailable, Damaged))


def test_weights_that_do_not_fit_their_configuration_are_damaged(folder, no_hub, tiny_model):
    """Found when they are loaded, and said in one line."""
    from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen

    configure(folder, transformer_lm__num_layers=3)
    player = AudiocraftMusicGen(str(folder), no_hub, device=DEVICE, text_model=str(tiny_model("t5-small")))
    with pytest.raises(Damaged, match="has no tensor transformer") as error:
        list(player.render([order()]))
    assert "\n" not in str(error.value)


def test_a_demucs_that_is_not_what_its_name_says_is_refused(tiny_model, no_hub, tmp_path):
    """Its name ends in the start of its hash."""
    from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen

    own = tmp_path / "melody"
    own.mkdir()
    for file in tiny_model("audiocraft-melody").iterdir():
        (own / file.name).symlink_to(file)
    (demucs,) = tiny_model("htdemucs").iterdir()
    (own / "955717e8-00000000.th").symlink_to(demucs)
    with pytest.raises(Damaged, match="not what its name says"):
        AudiocraftMusicGen(str(own), no_hub, device=DEVICE, text_model=str(tiny_model("t5-small")))
