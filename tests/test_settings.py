"""What the environment sets, and what counts as not set."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import BadSettings
from pipeline.settings import Settings, read_settings


@pytest.mark.parametrize("name", Settings.model_fields)
def test_an_empty_variable_counts_as_unset(name: str) -> None:
    """A shell that exports nothing under a name changes nothing, whatever the name."""
    assert read_settings({f"LOFI_{name.upper()}": ""}) == read_settings({})


def test_an_empty_variable_leaves_the_say_to_the_next() -> None:
    """Those of other programs count where ours are empty, and theirs may be empty too."""
    settings = read_settings({"LOFI_HUB": "", "HF_HUB_CACHE": "", "HF_HOME": "/models", "OPENAI_BASE_URL": ""})
    assert (settings.hub, settings.openai_base_url) == (Path("/models/hub"), None)
    named = read_settings({"LOFI_OPENAI_BASE_URL": "", "OPENAI_BASE_URL": "http://localhost:1/v1"})
    assert named.openai_base_url == "http://localhost:1/v1"


def test_a_mistyped_variable_is_refused_also_when_it_is_empty() -> None:
    """It would be set one day, and do nothing."""
    with pytest.raises(BadSettings, match="LOFI_ARTSIT"):
        read_settings({"LOFI_ARTSIT": ""})
