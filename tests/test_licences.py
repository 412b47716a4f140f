"""What a model card says of a licence, and whether what a model makes may be sold."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.domain import Backend, Weights
from pipeline.licences import in_words, licence_on_card, may_be_sold, not_for_sale
from pipeline.models import MODELS

SOLD = [
    "Apache-2.0",
    "apache-2.0",
    "MIT",
    "CC0-1.0",
    "CreativeML OpenRAIL-M",
    "CreativeML-OpenRAIL++-M",
    "openrail++",
    "Apache-2.0 (synthesised by this software)",
]
NOT_SOLD = [
    "CC-BY-NC-4.0",
    "cc-by-nc-4.0",
    "unknown",
    "unknown: T5's own weights are Apache-2.0",
    "",
    "other: stabilityai-ai-community",
    "Stability AI NC Community",
    "MIT and others",
    "not MIT",
    "Text by gpt-5-mini, under its provider's terms",
]


@pytest.mark.parametrize("licence", SOLD)
def test_what_may_be_sold(licence: str) -> None:
    """However it is spelled."""
    assert may_be_sold(licence)


@pytest.mark.parametrize("licence", NOT_SOLD)
def test_what_may_not(licence: str) -> None:
    """Also what nobody knows: not knowing is no permission."""
    assert not may_be_sold(licence)


def test_metas_music_models_are_not_for_sale() -> None:
    """MusicGen, AudioGen, their codec and MultiBand Diffusion; the offline studio's and Stable Diffusion's are."""
    assert not any(model.commercial for model in MODELS if model.name.startswith("facebook/"))
    assert all(model.commercial for model in MODELS if "stable-diffusion" in model.name)


CARDS = {
    "plain": ("---\nlicense: apache-2.0\n---\n", "Apache-2.0"),
    "spelled by the hub": ("---\ntags: [x]\nlicense: cc-by-nc-4.0 # see below\n---\nText", "CC-BY-NC-4.0"),
    "in quotes": ('---\nlicense: "mit"\n---\n', "MIT"),
    "of Windows": ("\ufeff---\r\nlicense: mit\r\n---\r\n", "MIT"),
    "unheard of": ("---\nlicense: my-own\n---\n", "my-own"),
    "other": ("---\nlicense: other\nlicense_name: stability-nc\n---\n", "other: stability-nc"),
    "other without a name": ("---\nlicense: other\n---\n", "other: see its model card"),
    "none named": ("---\ntags: [x]\n---\nlicense: mit\n", None),
    "no front matter": ("# Mine\nlicense: mit\n", None),
    "below another key": ("---\nbase:\n  license: mit\n---\n", None),
    "several": ("---\nlicense: [mit, other]\n---\n", None),
    "a story": ("---\nlicense: mit, or whatever you like; rm -rf\n---\n", None),
    "very long": (f"---\nlicense: {'x' * 61}\n---\n", None),
    "never closed": ("---\nlicense: mit\n", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("card", "licence"), CARDS.values(), ids=CARDS.keys())
def test_a_model_card_names_its_licence_or_none(tmp_path: Path, card: str, licence: str | None) -> None:
    """One plain identifier at the top is taken, and nothing else: a card is written by anybody."""
    (tmp_path / "README.md").write_bytes(card.encode())
    assert licence_on_card(tmp_path) == licence


def test_no_card_and_one_that_is_no_text(tmp_path: Path) -> None:
    """Neither is a mistake."""
    assert licence_on_card(tmp_path) is None
    (tmp_path / "README.md").write_bytes(b"---\nlicense: \xff\n---\n")
    assert licence_on_card(tmp_path) is None


def test_a_part_stands_under_its_own_licence_and_those_of_all_its_models() -> None:
    """Each once, its own first."""
    models = [
        Weights(name=name, revision="", sha256="0" * 64, licence=licence)
        for name, licence in (("a", "MIT"), ("b", "CC0-1.0"), ("c", "MIT"))
    ]
    assert Backend(name="x", version="1", licence="MIT", weights=tuple(models)).licences == ("MIT", "CC0-1.0")
    assert Backend(name="x", version="1", licence="Apache-2.0").licences == ("Apache-2.0",)


def maker(licence: str, *models: tuple[str, str]) -> Backend:
    weights = tuple(Weights(name=name, revision="", sha256="0" * 64, licence=under) for name, under in models)
    return Backend(name="player", version="1", licence=licence, weights=weights)


def test_music_that_may_not_be_sold_says_under_which_licence_of_what() -> None:
    """Each licence once, with every model under it; what may be sold has nothing to say."""
    small, codec = ("facebook/musicgen-small", "CC-BY-NC-4.0"), ("facebook/encodec_32khz", "CC-BY-NC-4.0")
    assert not_for_sale([maker("CC-BY-NC-4.0", small)]) == "CC-BY-NC-4.0 (facebook/musicgen-small): not for sale"
    both = [maker("CC-BY-NC-4.0", small, codec), maker("CC-BY-NC-4.0", small), maker("MIT", ("t5", "Apache-2.0"))]
    assert not_for_sale(both) == "CC-BY-NC-4.0 (facebook/musicgen-small, facebook/encodec_32khz): not for sale"
    assert not_for_sale([maker("CC-BY-NC-4.0")]) == "CC-BY-NC-4.0 (player): not for sale"
    assert not_for_sale([maker("Apache-2.0", ("t5", "Apache-2.0"))]) == ""


def test_an_unknown_licence_reads_as_a_sentence_does() -> None:
    """The record of a take keeps its text; a person reads words."""
    said = "unknown licence, while MusicGen's own weights are CC-BY-NC-4.0"
    assert in_words("unknown: MusicGen's own weights are CC-BY-NC-4.0") == said
    assert (in_words("MIT"), in_words("unknown")) == ("MIT", "unknown")
    mine = maker("MIT", ("mine", "unknown: MusicGen's own weights are CC-BY-NC-4.0"))
    assert not_for_sale([mine]) == f"{said} (mine): not for sale"
