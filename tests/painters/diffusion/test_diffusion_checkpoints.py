"""What is wrong with a checkpoint is said in one line before anything is painted; what it is decides how it paints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from diffusion_files import edit_json

from pipeline.errors import BackendUnavailable, Damaged
from pipeline.painters.diffusion.checkpoint import CONSISTENCY, FIRST, LARGE, SECOND, TURBO, Kind, read_checkpoint

TinyModel = Callable[[str], Path]
Open = Callable[..., Any]
neural = pytest.mark.neural

SD, XL, LCM = "StableDiffusionPipeline", "StableDiffusionXLPipeline", "LatentConsistencyModelPipeline"
PUBLISHED: dict[str, tuple[str, int, int, dict[str, Any], Kind, int]] = {
    # What the published files say: pipeline, sample size, width of the text encoder, scheduler; kind and side.
    "stable-diffusion-v1-5": (SD, 64, 768, {"_class_name": "PNDMScheduler", "steps_offset": 1}, FIRST, 512),
    "stable-diffusion-2-1-base": (SD, 64, 1024, {"_class_name": "PNDMScheduler"}, SECOND, 512),
    "stable-diffusion-2-1": (
        SD, 96, 1024, {"_class_name": "DDIMScheduler", "prediction_type": "v_prediction"}, SECOND, 768,
    ),
    "sd-turbo": (SD, 64, 1024, {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "trailing"}, TURBO, 512),
    "sdxl-base": (XL, 128, 2048, {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"}, LARGE, 1024),
    "a-model": (
        XL, 64, 2048, {"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}, TURBO, 512,
    ),
    "dreamshaperXL-Turbo-v2": (XL, 128, 2048, {"_class_name": "DPMSolverSinglestepScheduler"}, TURBO, 1024),
    "lcm-merge": (SD, 64, 768, {"_class_name": "LCMScheduler"}, TURBO, 512),
    "LCM_Dreamshaper_v7": (LCM, 96, 768, {"_class_name": "LCMScheduler"}, CONSISTENCY, 768),
    "zero-snr": (
        SD, 64, 1024,
        {"_class_name": "DDIMScheduler", "timestep_spacing": "trailing", "rescale_betas_zero_snr": True}, SECOND, 512,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_checkpoint_is_known_by_its_configuration(name: str, tmp_path: Path) -> None:
    """Side, steps and guidance follow from the files; few-step models are painted without guidance."""
    pipeline, sample, width, scheduler, kind, side = PUBLISHED[name]
    for part, values in {
        "unet/config.json": {"sample_size": sample, "cross_attention_dim": width, "in_channels": 4},
        "vae/config.json": {"block_out_channels": [128, 256, 512, 512]},
        "scheduler/scheduler_config.json": scheduler,
        "model_index.json": {"_class_name": pipeline},
    }.items():
        (tmp_path / part).parent.mkdir(exist_ok=True)
        (tmp_path / part).write_text(json.dumps(values))
    (tmp_path / "unet" / "diffusion_pytorch_model.safetensors").touch()
    found = read_checkpoint(tmp_path, f"someone/{name}")
    assert (found.kind, found.side, found.cell) == (kind, side, 8)
    if kind is TURBO:
        assert found.kind.steps <= 8 and found.kind.guidance == 0


@neural
def test_both_models_are_credited_with_their_licences(open_painter: Open) -> None:
    """The manifest can say which weights, by hash, under which licence."""
    painter, clip = open_painter().backend.weights
    assert "CreativeML OpenRAIL" in painter.licence and "MIT" in clip.licence  # as far as is known of folders
    assert len(painter.sha256) == len(clip.sha256) == 64 and painter.sha256 != clip.sha256


@neural
def test_a_model_of_the_hub_is_found_in_its_cache_with_its_commit(
    open_painter: Open, tiny_model: TinyModel, tmp_path: Path
) -> None:
    """A name on the hub is looked up offline, and the commit is recorded."""
    commit = "451f4fe16113bff5a5d2269ed5ad43b0592e9a14"
    cache = tmp_path / "hub" / "models--someone--pictures"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text(commit)
    (cache / "snapshots").mkdir()
    (cache / "snapshots" / commit).symlink_to(tiny_model("stable-diffusion"))
    assert open_painter("someone/pictures").backend.weights[0].revision == commit


def _missing(folder: Path) -> None:
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()


def _cut_short(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def _no_checker(folder: Path) -> None:
    (folder / "safety_checker" / "model.safetensors").unlink()
    (folder / "safety_checker" / "config.json").unlink()
    (folder / "safety_checker").rmdir()


def _pickles(folder: Path) -> None:
    path = folder / "text_encoder" / "model.safetensors"
    path.rename(path.with_name("pytorch_model.txt"))


def _own_code(folder: Path) -> None:
    edit_json(folder / "model_index.json", unet=["my_unet", "UNet"])


def _inpainting(folder: Path) -> None:
    edit_json(folder / "model_index.json", _class_name="StableDiffusionInpaintPipeline")


def _empty_words(folder: Path) -> None:
    path = folder / "tokenizer" / "tokenizer.json"
    whole = json.loads(path.read_text())
    whole["model"]["vocab"] = {"<|endoftext|>": 0}
    path.write_text(json.dumps(whole))


def _part_of_weights(folder: Path) -> None:
    listing = {"metadata": {}, "weight_map": {"conv_in.weight": "diffusion_pytorch_model-00002-of-00002.safetensors"}}
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(listing))


def _garbled(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text("{")


FAULTS: dict[str, tuple[Callable[[Path], None], type[Exception], str]] = {
    "a file is missing": (_missing, BackendUnavailable, "vae/"),
    "a file is cut short": (_cut_short, Damaged, "cut short"),
    "the safety checker is missing": (_no_checker, Damaged, "safety_checker"),
    "weights are pickles": (_pickles, BackendUnavailable, "safetensors"),
    "it brings code": (_own_code, BackendUnavailable, "code of its own"),
    "it is for inpainting": (_inpainting, BackendUnavailable, "StableDiffusionInpaintPipeline"),
    "its tokenizer is empty": (_empty_words, Damaged, "knows no words"),
    "a part of the weights is missing": (_part_of_weights, Damaged, "00002-of-00002"),
    "its configuration is garbled": (_garbled, Damaged, "config.json"),
}


@neural
@pytest.mark.parametrize("fault", FAULTS)
def test_a_checkpoint_that_cannot_work_is_refused_at_once(fault: str, copy_of: TinyModel, open_painter: Open) -> None:
    """One clear line with a remedy, before any model is loaded."""
    damage, kind, said = FAULTS[fault]
    folder = copy_of("stable-diffusion-checked")
    damage(folder)
    with pytest.raises(kind, match=said) as caught:
        open_painter(folder)
    assert caught.value.remedy  # type: ignore[attr-defined]
    assert "\n" not in str(caught.value)


@neural
def test_the_two_models_cannot_be_mixed_up(open_painter: Open, tiny_model: TinyModel) -> None:
    """A CLIP model in place of the painter, or the reverse, is named as what it is."""
    with pytest.raises(BackendUnavailable, match="open_clip layout"):
        open_painter(tiny_model("open-clip"))
    with pytest.raises(BackendUnavailable, match="diffusers layout"):
        open_painter(clip=tiny_model("stable-diffusion"))


@neural
def test_a_device_that_is_not_there_is_said_at_once(open_painter: Open) -> None:
    """Asking for a device without having one is no crash in the middle of the night."""
    with pytest.raises(BackendUnavailable, match="mps"):
        open_painter(device="mps")


@neural
def test_files_in_half_precision_alone_are_enough(copy_of: TinyModel, open_easel: Open) -> None:
    """A checkpoint fetched as its fp16 variant loads like the full one."""
    folder = copy_of("stable-diffusion")
    for path in folder.rglob("*.safetensors"):
        path.rename(path.with_suffix(".fp16.safetensors"))
    assert read_checkpoint(folder, "x").variant == "fp16"
    assert open_easel(folder).paint("a roof", "", 1).picture is not None
