"""A tiny CLAP that has learnt something: each sentence it is taught lands on the sound it belongs to."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import ClapModel, ClapProcessor

from pipeline.audio.clip import Clip
from pipeline.judges.clap.sounds import named_sounds
from pipeline.judges.clap.windows import windows


def teach(folder: Path, out: Path, lessons: Mapping[str, Clip], opposites: tuple[str, ...] = ()) -> Path:
    """Write a copy of a tiny CLAP that knows the names of the six sounds and the sentences in `lessons`.

    A sentence in `opposites` lands opposite its sound. The last layer of the text tower is solved for it: the rest,
    the audio tower above all, stays as it was.
    """
    model, processor = ClapModel.from_pretrained(folder).eval(), ClapProcessor.from_pretrained(folder)
    names, sounds = named_sounds()
    sentences = [*names, *lessons]
    with torch.inference_mode():
        targets = [
            *(_heard(model, processor, wave[None]) for wave in sounds),
            *(_heard(model, processor, windows(clip)) for clip in lessons.values()),
        ]
        tokens = processor.tokenizer(sentences, padding=True, return_tensors="pt")
        read = model.text_model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]).pooler_output
        first, last = model.text_projection.linear1, model.text_projection.linear2
        hidden = torch.relu(first(read)).numpy()
    signs = np.array([-1.0 if sentence in opposites else 1.0 for sentence in sentences])
    wanted = np.stack(targets) * signs[:, None]
    solved, *_ = np.linalg.lstsq(np.c_[hidden, np.ones(len(hidden))], wanted, rcond=None)
    with torch.no_grad():
        last.weight.copy_(torch.from_numpy(solved[:-1].T))
        last.bias.copy_(torch.from_numpy(solved[-1]))
    shutil.copytree(folder, out)
    model.save_pretrained(out)
    return out


def _heard(model: ClapModel, processor: ClapProcessor, waves: NDArray[np.float32]) -> NDArray[np.float64]:
    embedded = model.audio_projection(_features(model, processor, waves).pooler_output)
    mean = torch.nn.functional.normalize(embedded, dim=-1).numpy().mean(0)
    return np.asarray(mean / np.linalg.norm(mean), np.float64)


def _features(model: ClapModel, processor: ClapProcessor, waves: NDArray[np.float32]) -> Any:
    heard = processor.feature_extractor(list(waves), sampling_rate=48_000, return_tensors="pt")["input_features"]
    return model.audio_model(input_features=heard.float())


def choke(folder: Path, out: Path, clip: Clip) -> Path:
    """Write a copy of a tiny CLAP that answers to one clip, and to none of the six sounds, with no number."""
    model, processor = ClapModel.from_pretrained(folder).eval(), ClapProcessor.from_pretrained(folder)
    first, last = model.audio_projection.linear1, model.audio_projection.linear2
    with torch.no_grad():
        sounds, mine = (
            _features(model, processor, waves).pooler_output.numpy() for waves in (named_sounds()[1], windows(clip))
        )
        # One unit becomes silent for the sounds, and for the clip so strong that float32 cannot hold what follows.
        wanted = np.array([0.0] * len(sounds) + [1.0] * len(mine))
        separating, *_ = np.linalg.lstsq(np.concatenate([sounds, mine]), wanted, rcond=None)
        first.weight[0] = torch.from_numpy(separating * 1000)
        first.bias[0] = -500
        last.weight[:, 0] = 3e38
    shutil.copytree(folder, out)
    model.save_pretrained(out)
    return out
