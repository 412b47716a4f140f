"""Pictures from the model: each by its own seed, whole or left out, and never a reason to give up at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diffusion_files import edit_weights

from pipeline.domain import AlbumPlan
from pipeline.errors import BackendFailed, Damaged

pytestmark = pytest.mark.neural

TinyModel = Callable[[str], Path]
Open = Callable[..., Any]
MakePlan = Callable[..., AlbumPlan]
VAE = "vae/diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize("model", ["stable-diffusion", "stable-diffusion-turbo", "stable-diffusion-xl"])
def test_every_kind_of_checkpoint_paints(model: str, open_easel: Open) -> None:
    """Generation 1, a few-step one and XL give a picture of the size they were made for, the same for a seed."""
    easel = open_easel(model)
    first, again, other = (easel.paint("a roof in the rain", "text", seed).picture for seed in (1, 1, 2))
    assert first.shape == (32, 32, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert easel.notes == ()


def test_the_prompt_matters(open_easel: Open) -> None:
    """Other words give another picture, and so does what is to be avoided."""
    easel = open_easel("stable-diffusion")
    one, two, three = (
        easel.paint(prompt, avoid, 1).picture
        for prompt, avoid in (("rainy night", "text"), ("pastel sunset", "text"), ("rainy night", "anime cat"))
    )
    assert not np.array_equal(one, two) and not np.array_equal(one, three)


def test_a_candidate_does_not_depend_on_how_many_were_asked_for(open_easel: Open, make_plan: MakePlan) -> None:
    """The second of two is the second of three."""
    from pipeline.painters.diffusion.painter import _usable
    from pipeline.painters.diffusion.words import load_phrases

    easel, words = open_easel("stable-diffusion-turbo"), load_phrases().for_cover(make_plan())
    two, three = (_usable(easel, words, 9, count)[0] for count in (2, 3))
    assert [number for number, _ in three] == [1, 2, 3]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(two, three, strict=False))


def test_flagged_pictures_are_left_out_and_more_are_painted_once(open_painter: Open, tiny_model: TinyModel) -> None:
    """When the safety checker flags all, twice as many are tried, and then it is said plainly."""
    painter = open_painter(tiny_model("stable-diffusion-flagging"), candidates=2)
    with pytest.raises(BackendFailed, match=r"None of 4 pictures could be used: 4 flagged") as caught:
        painter.paint(_plan(), 1)
    assert "--seed" in caught.value.remedy


def test_one_flagged_picture_does_not_spoil_the_rest(copy_of: TinyModel, open_easel: Open, make_plan: MakePlan) -> None:
    """The others stay in the running, and the reason is counted."""
    import torch

    from pipeline.painters.diffusion.painter import _usable
    from pipeline.painters.diffusion.words import load_phrases

    folder = copy_of("stable-diffusion-flagging")
    words = load_phrases().for_cover(make_plan())
    scores: list[float] = []
    easel = open_easel(folder)
    checker = easel._pipe.safety_checker
    projection = checker.visual_projection.register_forward_hook(
        lambda _module, _given, out: scores.append(
            float(torch.nn.functional.cosine_similarity(out, checker.concept_embeds).max())
        )
    )
    assert not _usable(easel, words, 3, 4)[0]
    projection.remove()
    # A threshold between the pictures' own scores: some of the four are flagged now, some are not.
    ordered = sorted(scores[:4])
    checker.concept_embeds_weights.data.fill_((ordered[1] + ordered[2]) / 2)
    pictures, dropped = _usable(easel, words, 3, 4)
    assert 1 <= len(pictures) <= 3
    assert len(pictures) + len(dropped) == 4 and set(dropped) == {"flagged by the checkpoint's safety checker"}


def test_a_flat_picture_is_left_out(copy_of: TinyModel, open_painter: Open) -> None:
    """One colour all over, black or grey, is no cover."""
    folder = copy_of("stable-diffusion-turbo")
    edit_weights(folder / VAE, decoder__conv_out__weight=lambda old: old * 0)
    with pytest.raises(BackendFailed, match="2 flat"):
        open_painter(folder, candidates=1).paint(_plan(), 1)


def test_numbers_that_overflow_in_half_precision_are_painted_in_float32(copy_of: TinyModel, open_easel: Open) -> None:
    """A decoder too loud for float16 gives the picture float32 gives, and a note that says so."""
    folder = copy_of("stable-diffusion-turbo")
    edit_weights(folder / VAE, decoder__conv_in__weight=lambda old: old * 1e5)
    easel = open_easel(folder, "float16")
    whole = open_easel(folder).paint("a roof", "", 1).picture
    assert np.abs(easel.paint("a roof", "", 1).picture.astype(int) - whole).mean() < 1
    assert easel.notes == ("painted in float32, for float16 gave no numbers",)


def test_numbers_that_are_none_in_float32_either_are_left_out(copy_of: TinyModel, open_easel: Open) -> None:
    """NaN in the weights is no picture."""
    folder = copy_of("stable-diffusion-turbo")
    edit_weights(folder / VAE, decoder__conv_in__weight=lambda old: old * float("nan"))
    assert open_easel(folder, "bfloat16").paint("a roof", "", 1).fault == "not numbers"


def _short_of_memory(easel: Any, above: int) -> None:
    """Let the real network run out of memory for latents wider than `above`."""
    import torch

    def gasp(_module: Any, given: tuple[Any, ...]) -> None:
        if given[0].shape[-1] > above:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    easel._pipe.unet.register_forward_pre_hook(gasp)


def test_out_of_memory_is_answered_with_a_smaller_picture_once(open_easel: Open) -> None:
    """Three quarters of the side as far as the grid allows; the note says which."""
    easel = open_easel("stable-diffusion-turbo")
    _short_of_memory(easel, above=8)
    assert easel.paint("a roof", "", 1).picture.shape == (16, 16, 3)
    assert easel.notes == ("painted 16 pixels wide, for memory ran out at 32",)


def test_out_of_memory_again_is_said_plainly(open_easel: Open) -> None:
    """No third try, and a remedy."""
    easel = open_easel("stable-diffusion-turbo")
    _short_of_memory(easel, above=0)
    with pytest.raises(BackendFailed, match="again at 16 pixels") as caught:
        easel.paint("a roof", "", 1)
    assert "LOFI_DIFFUSION_MODEL" in caught.value.remedy


def test_sparing_memory_paints_the_same_picture(open_easel: Open) -> None:
    """Slices and tiles change the last bits, not what is seen."""
    easel = open_easel("stable-diffusion-turbo")
    plain = easel.paint("a roof", "", 1).picture
    easel._spare()
    assert np.abs(easel.paint("a roof", "", 1).picture.astype(int) - plain).max() <= 2


def test_weights_of_another_model_are_damage(copy_of: TinyModel, open_easel: Open) -> None:
    """A checkpoint whose weights do not fit its configuration is named, in one line."""
    folder = copy_of("stable-diffusion")
    edit_weights(folder / VAE, decoder__conv_in__weight=lambda old: old[:5])
    with pytest.raises(Damaged, match="cannot be loaded") as caught:
        open_easel(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["vae/diffusion_pytorch_model", "text_encoder/model", "safety_checker/model"])
def test_weights_with_a_tensor_missing_are_damage(part: str, copy_of: TinyModel, open_easel: Open) -> None:
    """What the file does not hold is not made up at random."""
    folder = copy_of("stable-diffusion-checked")
    edit_weights(folder / f"{part}.safetensors", drop=1)
    with pytest.raises(Damaged, match=f"{part.partition('/')[0]} lacks"):
        open_easel(folder)


def _plan() -> AlbumPlan:
    import papers

    return papers.plan()
