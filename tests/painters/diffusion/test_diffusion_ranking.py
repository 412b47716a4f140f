"""Which candidate becomes the cover, and what CLIP must be able to do to have a say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diffusion_files import edit_json, edit_weights
from where import DEVICE

from pipeline.domain import AlbumPlan
from pipeline.errors import BackendUnavailable, Damaged, PromptError
from pipeline.painters.colour import encode
from pipeline.painters.diffusion.candidate import candidate
from pipeline.painters.diffusion.choice import rank, why
from pipeline.painters.diffusion.words import load_phrases, parted
from pipeline.painters.layout import designed, measured
from pipeline.painters.legibility import LEAST_CONTRAST
from pipeline.painters.palettes import PALETTES, Palette, distance

TinyModel = Callable[[str], Path]
Open = Callable[..., Any]
MakePlan = Callable[..., AlbumPlan]
neural = pytest.mark.neural


def in_colours(palette: Palette, seed: int = 1) -> np.ndarray:
    """Soft patches in a palette's large colours, uint8 [64, 64, 3]."""
    colours = np.stack([palette.high, palette.middle, palette.low, palette.far, palette.near, palette.ink])
    patches = np.random.default_rng(seed).integers(0, len(colours), (8, 8))
    return np.round(encode(colours[patches]) * 255).astype(np.uint8).repeat(8, 0).repeat(8, 1)


def noise(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_a_picture_in_a_palettes_colours_is_nearest_to_that_palette(palette: Palette) -> None:
    """The distance knows one palette from another, and noise from all."""
    picture = in_colours(palette)
    assert min(PALETTES, key=lambda other: distance(picture, other)) is palette
    assert distance(picture, palette) < 0.03 < distance(noise(), palette)


def _ranked(plan: AlbumPlan, pictures: list[np.ndarray], likeness: list[list[float]]) -> list[Any]:
    made = [candidate(number, picture, [PALETTES[0]], 1) for number, picture in enumerate(pictures, 1)]
    return rank(measured(plan, made), np.array(likeness, np.float32))


def test_clip_decides_between_pictures_that_are_otherwise_alike(make_plan: MakePlan) -> None:
    """The same picture three times: the one CLIP likes best wins, and the sentence has its figures."""
    order = _ranked(make_plan(), [noise()] * 3, [[0.20, 0.21], [0.26, 0.25], [0.22, 0.20]])
    assert order[0].candidate.number == 2
    said = why(order, ["flat", "flat"], ["painted in float32"])
    assert said.startswith("Picture 2 scored highest of 3: CLIP finds it 0.255 like")
    assert "(the others 0.208 on average)" in said
    assert "Left out: 2 flat." in said and said.endswith("Painted in float32.")


def test_a_caption_with_large_cosines_does_not_outvote_the_others(make_plan: MakePlan) -> None:
    """Cosines are compared within a caption: where they lie for it says nothing."""
    order = _ranked(make_plan(), [noise()] * 2, [[0.90, 0.10, 0.10], [0.80, 0.20, 0.20]])
    assert order[0].candidate.number == 2


def test_the_palette_decides_where_clip_sees_no_difference(make_plan: MakePlan) -> None:
    """Of two pictures CLIP finds equal, the one in the album's colours wins."""
    order = _ranked(make_plan(), [noise(), in_colours(PALETTES[0])], [[0.2], [0.2]])
    assert order[0].candidate.number == 2


def test_one_candidate_alone_is_chosen_and_said_to_be(make_plan: MakePlan) -> None:
    """Nothing to compare with is no error."""
    assert "was the only one" in why(_ranked(make_plan(), [noise()], [[0.2]]), [], [])


def test_what_draws_the_eye_stays_in_the_thumbnail_and_clear_of_the_type() -> None:
    """A lamp low in a dark picture: the crop keeps it, and the box around it is known."""
    picture = np.full((300, 300, 3), (20, 24, 40), np.uint8)
    picture[225:265, 200:240] = (255, 220, 120)
    sheet = candidate(1, picture, [PALETTES[0]], 1).painted(180, 320)
    light = sheet.picture.min(-1) > 90
    assert light.mean() > 0.5 * 40 * 40 / (300 * 169)
    x0, y0, x1, y1 = sheet.subjects[0]
    ys, xs = np.nonzero(light)
    assert x0 <= np.median(xs) <= x1 and y0 <= np.median(ys) <= y1


@pytest.mark.parametrize("seed", range(12))
def test_type_can_be_read_on_noise(seed: int, make_plan: MakePlan) -> None:
    """Whatever a model paints, framed or not, cover and thumbnail have a contrast of 4.5 and stay inside."""
    plan = make_plan(title="Paper Lanterns Drifting Over Kyoto")
    ((made, measure),) = measured(plan, [candidate(1, noise(seed)[:32, :32], list(PALETTES), seed)])
    design = designed(plan, seed, made, measure, borders=0.5)
    for picture, lettered in (design.cover(300), design.thumbnail(180, 320)):
        x0, y0, x1, y1 = lettered.box
        assert lettered.contrast >= LEAST_CONTRAST
        assert 0 < x0 < x1 < picture.shape[1] and 0 < y0 < y1 < picture.shape[0]


def test_what_a_prompt_says_no_to_is_avoided_and_not_asked_for(make_plan: MakePlan) -> None:
    """A model paints the nouns it reads: "no people" goes where people are kept out."""
    assert parted("a harbour, no people, grain, without text.") == ("a harbour, grain", ("people", "text"))
    assert parted("no text") == ("no text", ("text",))
    words = load_phrases().for_cover(make_plan(cover_prompt="a harbour, no boats", title="Old Clocks"))
    assert all("lo-fi" in prompt and "a harbour" in prompt for prompt in words.prompts)
    assert not any(banned in prompt for prompt in words.prompts for banned in ("text", "boats", "Old Clocks"))
    assert "letters" in words.avoid and "boats" in words.avoid
    assert "Old Clocks" in words.compare


def test_edited_prompts_are_used_and_mistakes_in_them_are_explained(tmp_path: Path, make_plan: MakePlan) -> None:
    """A folder of one's own is read; a gap nobody fills is an error with its line."""
    own = tmp_path / "diffusion.md"
    own.write_text("## cover\n- {{scene}} in oil\n## track\n- x\n## avoid\n- ink\n## compare\n- {{title}}\n")
    assert load_phrases(tmp_path).for_cover(make_plan(cover_prompt="a roof")).prompts == ("a roof in oil",)
    own.write_text("## cover\n- {{scenery}}\n")
    with pytest.raises(PromptError, match=r"line 2: nothing fills \{\{scenery"):
        load_phrases(tmp_path)
    own.write_text("## cover\n- x\n")
    with pytest.raises(PromptError, match="track"):
        load_phrases(tmp_path)


@pytest.fixture
def open_eye(tiny_model: TinyModel) -> Open:
    def open_(folder: Path | None = None) -> Any:
        import torch

        from pipeline.painters.diffusion.eye import Eye

        return Eye(folder or tiny_model("open-clip"), torch.device(DEVICE))

    return open_


@neural
def test_clip_compares_every_picture_with_every_caption(open_eye: Open) -> None:
    """Cosines for every pair, whatever else is compared beside them, also for words far too long."""
    eye = open_eye()
    pictures, words = [noise(1), in_colours(PALETTES[0])], ["a roof", "rain " * 2000, "雨の図書館"]
    likeness = eye.similarity(pictures, words)
    assert likeness.shape == (2, 3) and likeness.dtype == np.float32
    assert (np.abs(likeness) <= 1.0001).all()
    assert eye.similarity(pictures[1:], words[:1])[0, 0] == pytest.approx(likeness[1, 0], abs=1e-6)


@neural
@pytest.mark.parametrize(("tower", "layer"), [("text", "ln_final"), ("picture", "visual__ln_post")])
def test_a_collapsed_tower_is_refused(tower: str, layer: str, copy_of: TinyModel, open_eye: Open) -> None:
    """A model to which everything is alike cannot rank."""
    import torch

    folder = copy_of("open-clip")
    weights = folder / "open_clip_model.safetensors"
    edit_weights(weights, **{f"{layer}__weight": lambda old: old * 0, f"{layer}__bias": torch.ones_like})
    with pytest.raises(BackendUnavailable, match=f"The {tower} tower of .* has collapsed") as caught:
        open_eye(folder)
    assert "LOFI_CLIP_MODEL" in caught.value.remedy


@neural
def test_an_empty_tokenizer_is_refused(copy_of: TinyModel, open_eye: Open) -> None:
    """A model whose tokenizer files are not there is not compared with nonsense."""
    folder = copy_of("open-clip")
    path = folder / "open_clip_config.json"
    model = json.loads(path.read_text())["model_cfg"]
    model["text_cfg"]["hf_tokenizer_name"] = "someone/words"
    edit_json(path, model_cfg=model)
    with pytest.raises(Damaged):
        open_eye(folder)
    # And where the files are there, but hold next to nothing, as the libraries themselves write them:
    from transformers import CLIPTokenizer

    CLIPTokenizer().save_pretrained(folder)
    with pytest.raises(Damaged, match="knows no words"):
        open_eye(folder)
