"""The two towers of CLAP behind one small role, whatever the layout of the checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.device import out_of_memory
from pipeline.errors import BackendFailed, BackendUnavailable
from pipeline.judges.clap.checkpoint import refuse_empty_tokenizer
from pipeline.weights import again

T = TypeVar("T")

BATCH = 8
"""Windows or sentences that go through a tower together."""

TOKENS = 77
"""What CLAP reads of a sentence; the rest is cut."""

_LIGHTER = (
    "Close other programs, or do without CLAP (--judge signal); LOFI_DEVICE=cpu helps too, but it moves every part of "
    "the studio to the processor."
)

Vectors = NDArray[np.float32]
"""Embeddings, L2-normalised float32 [count, dimensions]."""


class Towers(Protocol):
    """An audio tower and a text tower with one space between them."""

    def embed_audio(self, waves: Sequence[NDArray[np.float32]]) -> Vectors:
        """Embed mono windows of ten seconds at 48 kHz, each float32 [480000]."""
        ...

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """Embed sentences, of which `TOKENS` tokens each are read."""
        ...


def embed(model: torch.nn.Module, items: Sequence[T], forward: Callable[[Sequence[T]], torch.Tensor]) -> Vectors:
    """Return `forward` of the items in batches, L2-normalised.

    What is not a number in half precision is computed again in float32, and so is everything after it. Raises
    BackendFailed, which a smaller batch cannot help, when memory runs out.
    """
    parts: list[Vectors] = []
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        try:
            with torch.inference_mode():
                found = forward(batch).float()
                if not bool(torch.isfinite(found).all()) and any(p.dtype != torch.float32 for p in model.parameters()):
                    model.float()
                    found = forward(batch)
                parts.append(torch.nn.functional.normalize(found, dim=-1).cpu().numpy())
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise BackendFailed("CLAP ran out of memory.", _LIGHTER) from None
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def check_tokenizer(folder: Path, tokenizer: Any, texts: Sequence[str], rows: int) -> None:
    """Raise BackendUnavailable unless a folder's tokenizer tells sentences apart and fits a tower of `rows` words."""
    refuse_empty_tokenizer(folder, len(tokenizer) - len(tokenizer.all_special_tokens))
    numbers = [tuple(tokenizer(text, truncation=True, max_length=TOKENS)["input_ids"]) for text in texts]
    unknown = [number == tokenizer.unk_token_id for sentence in numbers for number in sentence]
    if len(set(numbers)) < len(texts) or sum(unknown) > len(unknown) / 2:
        raise BackendUnavailable(f"The tokenizer of {folder} does not know common English words.", again(folder))
    if max(max(sentence) for sentence in numbers) >= rows:
        raise BackendUnavailable(
            f"The tokenizer of {folder} has more words than its text tower.",
            "Name a checkpoint whose files are its own.",
        )


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn what a model library raises about a checkpoint into one line."""
    try:
        yield
    except (RuntimeError, ValueError, KeyError, TypeError, OSError, AttributeError) as error:
        reason = " ".join(str(error).split()[:40]) or type(error).__name__
        remedy = f"Name another with LOFI_CLAP_MODEL, or mend this one. {again(path)}"
        raise BackendUnavailable(f"{path} cannot be loaded: {reason}", remedy) from error
