"""`uv run --extra neural python -m benchmarks.clap`: how fast the CLAP judge is, and what two takes are alike to it.

Without --model it builds random checkpoints of the published HTSAT-base size in both layouts: as fast as the real
ones, and deaf. With --likeness it prints cosines of takes, from which the duplicate check's threshold is set.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from statistics import median

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy.signal import butter, sosfilt

from pipeline.audio.clip import Clip
from pipeline.audio.embedding import SAME, Vector
from pipeline.domain import RenderOrder, TrackPlan, read_brief
from pipeline.judges.clap.judge import ClapJudge
from pipeline.judges.signal import SignalJudge
from pipeline.settings import Settings
from pipeline.studio import open_studio

TARGET = "<= 20 s"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a checkpoint of your own: a folder, a .pt file or a name on the hub")
    parser.add_argument("--seconds", type=float, default=120, help="length of the takes")
    parser.add_argument("--rounds", type=int, default=3, help="takes that are judged; the median is printed")
    parser.add_argument("--threads", type=int, default=2, help="cores that PyTorch may use")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--likeness", action="store_true", help="print how alike takes are, instead of speed")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    console = Console(width=120)
    with _models(given.model) as models:
        for model in models:
            judge = ClapJudge(str(model), Settings().hub, given.device, given.precision, SignalJudge())
            work = likeness if given.likeness else speed
            console.print(work(judge, given.seconds, given.rounds, given.threads))


def speed(judge: ClapJudge, seconds: float, rounds: int, threads: int) -> Table:
    """Measure loading, and judging takes one after the other."""
    start = time.monotonic()
    judge.rehearse()
    loaded = time.monotonic() - start
    times = []
    for track in _tracks(rounds, seconds):
        clip = _play(track)
        start = time.monotonic()
        judge.judge(clip, track)
        times.append(time.monotonic() - start)
    table = Table("What", "Measured", "Target", title=f"{_name(judge)}, {threads} threads", title_justify="left")
    table.add_row("load, try and calibrate, once a process", f"{loaded:.1f} s", "")
    table.add_row(f"judge a take of {seconds:.0f} s", f"{median(times):.1f} s", TARGET if seconds == 120 else "")
    return table


def likeness(judge: ClapJudge, seconds: float, rounds: int, threads: int) -> Table:
    """Measure the cosines of a take with itself, changed as a file may be, and with takes that are others."""
    del threads
    tracks = _tracks(rounds, seconds)
    takes = [_play(track) for track in tracks]
    mean = [_heard(judge, clip, track) for clip, track in zip(takes, tracks, strict=True)]
    table = Table("Two takes", "Least", "Most", title=_name(judge), title_justify="left")
    changes = {"6 dB quieter": _quieter, "half a second later": _later, "without what is over 9 kHz": _duller}
    for name, change in changes.items():
        same = [m @ _heard(judge, change(c), t) for m, c, t in zip(mean, takes, tracks, strict=True)]
        table.add_row(f"one, and itself {name}", f"{min(same):.4f}", f"{max(same):.4f}")
    again = [m @ _heard(judge, _play(t, 99), t) for m, t in zip(mean, tracks, strict=True)]
    table.add_row("two of one plan", f"{min(again):.4f}", f"{max(again):.4f}")
    others = [a @ b for a, b in combinations(mean, 2)]
    table.add_row("two of two plans of an album", f"{min(others):.4f}", f"{max(others):.4f}")
    table.add_row("refused as the same", f"{SAME:.4f}", "")
    return table


def _heard(judge: ClapJudge, clip: Clip, track: TrackPlan) -> Vector:
    from pipeline.audio.embedding import unpack

    vector = unpack(judge.judge(clip, track).embedding or "")
    return vector / np.linalg.norm(vector)


def _quieter(clip: Clip) -> Clip:
    return Clip(clip.samples / 2, clip.rate)


def _later(clip: Clip) -> Clip:
    return Clip(np.roll(clip.samples, clip.rate // 2, axis=0), clip.rate)


def _duller(clip: Clip) -> Clip:
    low = butter(4, 9000, fs=clip.rate, output="sos")
    return Clip(sosfilt(low, clip.samples, axis=0).astype(np.float32), clip.rate)


def _tracks(count: int, seconds: float) -> tuple[TrackPlan, ...]:
    studio = open_studio(Settings())
    brief = read_brief(theme="rainy library at night", seed=1, tracks=max(count, 2), seconds=seconds)
    return studio.writer.write(brief, frozenset()).plan.tracks[:count]


def _play(track: TrackPlan, seed: int = 1) -> Clip:
    order = RenderOrder(track=track, index=1, seed=seed)
    return next(iter(open_studio(Settings()).musician.render([order]))).clip


def _name(judge: ClapJudge) -> str:
    return Path(judge.backend.weights[0].name).name


@contextmanager
def _models(asked: str | None) -> Iterator[list[str | Path]]:
    if asked is not None:
        yield [asked]
        return
    with tempfile.TemporaryDirectory() as folder:
        yield [_laion(Path(folder) / "laion-clap"), _transformers(Path(folder) / "transformers")]


def _laion(out: Path) -> Path:
    """Write a .pt file the size of music_audioset_epoch_15_esc_90.14.pt."""
    from transformers import RobertaConfig

    from pipeline.judges.clap.laion import LaionModel

    config = RobertaConfig(vocab_size=50_265, max_position_embeddings=514, type_vocab_size=1)
    words = _words(out / "roberta-base")
    config.save_pretrained(out / "roberta-base")
    model = LaionModel("base", config).eval()
    with torch.no_grad():
        _centre(model.text_projection[0], model.text_branch(**words).pooler_output)
    torch.save({"state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}}, out / "random-htsat-base.pt")
    return out / "random-htsat-base.pt"


def _transformers(out: Path) -> Path:
    """Write a folder the size of laion/larger_clap_general."""
    from transformers import AutoTokenizer, ClapConfig, ClapFeatureExtractor, ClapModel, ClapProcessor

    words = _words(out)
    audio = {"patch_embeds_hidden_size": 128, "hidden_size": 1024, "depths": [2, 2, 12, 2]}
    model = ClapModel(ClapConfig(audio_config={**audio, "num_attention_heads": [4, 8, 16, 32]})).eval()
    with torch.no_grad():
        _centre(model.text_projection.linear1, model.text_model(**words).pooler_output)
    model.save_pretrained(out)
    features = ClapFeatureExtractor(truncation="rand_trunc", frequency_min=50)
    ClapProcessor(feature_extractor=features, tokenizer=AutoTokenizer.from_pretrained(out)).save_pretrained(out)
    return out


def _words(out: Path) -> dict[str, torch.Tensor]:
    """Write a small vocabulary and return some sentences in it."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaTokenizer

    from pipeline.judges.clap.sounds import UNRELATED

    out.mkdir(parents=True)
    trained = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train([str(Path(__file__).parent.parent / "README.md")], vocab_size=2000, special_tokens=special)
    trained.save_model(str(out))
    RobertaTokenizer.from_pretrained(out).save_pretrained(out)
    read = RobertaTokenizer.from_pretrained(out)(list(UNRELATED), padding=True, return_tensors="pt")
    return {"input_ids": read["input_ids"], "attention_mask": read["attention_mask"]}


def _centre(layer: torch.nn.Linear, features: torch.Tensor) -> None:
    """Tell sentences apart by a layer as a trained one does: random towers are collapsed, and would be refused."""
    made = features @ layer.weight.T
    layer.weight /= made.std(0)[:, None] + 1e-6
    layer.bias.copy_(-made.mean(0) / (made.std(0) + 1e-6))


if __name__ == "__main__":
    main()
