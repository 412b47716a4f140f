"""`uv run --extra neural python -m benchmarks.musicgen`: how fast MusicGen's language model is, beside its peers.

The published musicgen-small decoder with random weights, 16 words of text, guidance 3, top-k 250: speed does not depend
on what the weights are. Every case runs in a process of its own, peers and ours in turn; T5 and EnCodec are left out,
and EnCodec's decoder is measured by itself. `--same` compares greedy tokens and logits instead of speed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

STEPS_A_SECOND = 50
TEXT = 16
PEERS = {"transformers": "bfloat16", "audiocraft": "bfloat16"}
SIZES = {"small": (24, 1024, 16), "medium": (48, 1536, 24), "large": (48, 2048, 32)}
"""Layers, width and heads of the published decoders."""


@dataclass(frozen=True)
class Case:
    """So many takes side by side, so many steps each; what is asked of each of our formats, in seconds a second."""

    batch: int
    steps: int
    targets: dict[str, float]
    times: dict[str, float]
    """How many times as fast as the best peer each of our formats should be."""


CASES = (
    Case(1, 100, {"bfloat16": 2.4, "int8": 1.0}, {"bfloat16": 1.4, "int8": 3.4}),
    Case(8, 100, {"bfloat16": 0.55, "int8": 0.3}, {}),
    Case(1, 1500, {"int8": 1.3}, {"int8": 4}),
    Case(8, 1500, {"int8": 0.5}, {"int8": 2.5}),
)
OURS = ("float32", "float16", "bfloat16", "int8")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="times each case is measured; the median is printed")
    parser.add_argument("--threads", type=int, default=2, help="cores that PyTorch may use")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--cases", default="1x100,8x100,1x1500,8x1500", help="takes x steps")
    parser.add_argument("--peers", default="transformers,audiocraft", help="whom to measure beside us")
    parser.add_argument(
        "--longest-peer", type=int, default=1500, help="most takes times steps that peers are asked for"
    )
    parser.add_argument("--same", action="store_true", help="compare tokens and logits with transformers'")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(_child(given.child, given.threads, given.device, given.size)))
        return
    console = Console(width=130)
    if given.same:
        console.print(_same_table(given))
        return
    for case in CASES:
        if f"{case.batch}x{case.steps}" in given.cases.split(","):
            console.print(_table(case, given))
    if given.device == "cpu":
        codec = _run("codec", given)
        console.print(f"EnCodec decoding: {codec['seconds']:.3f} s per second of audio (<= 0.15)")


def _table(case: Case, given: argparse.Namespace) -> Table:
    title = f"{case.batch} x {case.steps} steps, musicgen-{given.size}, {given.threads} threads on {given.device}"
    table = Table(
        "Who", "ms a step", "s per s of audio", "best peer", "asked for", "peak MB", title=title, title_justify="left"
    )
    peers = [peer for peer in given.peers.split(",") if peer and case.batch * case.steps <= given.longest_peer]
    who = [(peer, PEERS[peer]) for peer in peers] + [
        ("ours", form)
        for form in OURS
        if case.steps < 1000 or form == "int8" or (form == "float32" and case.batch == 1)
    ]
    rounds: dict[tuple[str, str], list[dict[str, float]]] = {each: [] for each in who}
    for _ in range(given.rounds if case.steps < 1000 else 1):
        for name, form in who:  # in turn, so that noise meets all of them
            rounds[name, form].append(_run(f"{name}:{form}:{case.batch}:{case.steps}", given))
    speeds = {each: median(one["seconds"] for one in made) for each, made in rounds.items()}
    best = min((speed for (name, _), speed in speeds.items() if name != "ours"), default=None)
    for (name, form), speed in speeds.items():
        ours = name == "ours"
        asked = [f"<= {case.targets[form]}"] if ours and form in case.targets else []
        asked += [f">= {case.times[form]} x"] if ours and form in case.times else []
        table.add_row(
            f"{name} {form}",
            f"{1000 * speed * case.batch / STEPS_A_SECOND:.1f}",
            f"{speed:.2f}",
            f"{best / speed:.1f} x" if best and ours else "",
            ", ".join(asked),
            f"{max(one['peak'] for one in rounds[name, form]):.0f}",
        )
    return table


def _run(child: str, given: argparse.Namespace) -> dict[str, Any]:
    """Measure one case in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.musicgen", "--child", child]
    command += ["--threads", str(given.threads), "--device", given.device, "--size", given.size]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _child(case: str, threads: int, device: str, size: str) -> dict[str, float]:
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if case == "codec":
        return {"seconds": _codec()}
    if case == "same":
        return _same(size)
    who, form, batch, steps = case.split(":")
    make = {"ours": _ours, "transformers": _transformers, "audiocraft": _audiocraft}[who]
    with torch.inference_mode():
        write = make(form, int(batch), device, size)
        write(5)
        start = time.perf_counter()
        write(int(steps))
        if device == "cuda":
            torch.cuda.synchronize()
        spent = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": spent * STEPS_A_SECOND / (int(batch) * int(steps)), "peak": peak}


def random_weights(size: str, sure: float = 1.0) -> Any:
    """Return the weights of a decoder of a published size, random, under transformers' names; the same each time.

    `sure` makes the heads more decided, so that the likeliest token is so by more than rounding.
    """
    import torch

    from pipeline.musicians.musicgen.anatomy import TRANSFORMERS, Anatomy, Weights

    layers, width, heads = SIZES[size]
    anatomy = Anatomy(layers, width, heads, 4 * width, 4, 2048, crossed=True)
    shapes = {"embed": (2049, width), "lm_heads": (2048, width), "fc1": (4 * width, width), "fc2": (width, 4 * width)}

    def tensor(name: str) -> torch.Tensor:
        if f"layers.{layers}." in name:
            raise KeyError(name)
        if "norm" in name:
            return torch.ones(width) if name.endswith("weight") else torch.zeros(width)
        shape = next((shape for part, shape in shapes.items() if part in name), (width, width))
        chance = torch.Generator().manual_seed(sum(ord(sign) * 31**place for place, sign in enumerate(name)) % 2**31)
        drawn = torch.randn(shape, generator=chance) * (0.02 * sure if "lm_heads" in name else 0.02)
        return drawn.half().float()  # as published: in float32, and of float16

    return Weights(tensor, TRANSFORMERS, anatomy, Path("random"), "")


def _ours(form: str, batch: int, device: str, size: str) -> Callable[[int], object]:
    import torch

    from pipeline.domain import Controls
    from pipeline.memory import giving_back, use_huge_pages
    from pipeline.musicians.musicgen.batcher import Batcher, Passage, Steering
    from pipeline.musicians.musicgen.decoder import Decoder

    with giving_back():
        decoder = Decoder(random_weights(size), form, torch.device(device))
    if device == "cpu":
        use_huge_pages()  # as a Player does
    words = torch.randn(TEXT, decoder.anatomy.width, device=device)
    nothing, none_yet = words[:0], torch.zeros(4, 0, dtype=torch.int64)
    batcher: Batcher[int] = Batcher(decoder, (0, 1, 2, 3), batch, 1504)

    def write(steps: int) -> object:
        # The delays of the codebooks are steps too: all of them are counted, as the peers count them.
        lines = [
            (take, Passage(none_yet, steps - 3, Steering(words, nothing), Steering(None, nothing), Controls(), take))
            for take in range(batch)
        ]
        return list(batcher.write(lambda: lines.pop() if lines else None, lambda _, __: None))

    return write


def _transformers_model(size: str) -> Any:
    import torch
    from transformers import (
        EncodecConfig,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForConditionalGeneration,
        T5Config,
    )

    layers, width, heads = SIZES[size]
    text = T5Config(d_model=768, d_kv=64, d_ff=64, num_layers=1, num_heads=12, vocab_size=1000)
    sound = EncodecConfig(
        sampling_rate=32_000, num_filters=4, hidden_size=128, codebook_size=2048, codebook_dim=128,
        upsampling_ratios=[8, 5, 4, 4], target_bandwidths=[2.2], normalize=False, use_causal_conv=False,
    )  # fmt: skip
    decoder = MusicgenDecoderConfig(
        vocab_size=2048, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, ffn_dim=4 * width,
        num_codebooks=4, pad_token_id=2048, bos_token_id=2048,
    )  # fmt: skip
    config = MusicgenConfig(text_encoder=text.to_dict(), audio_encoder=sound.to_dict(), decoder=decoder.to_dict())
    model = MusicgenForConditionalGeneration(config).eval()
    generation = model.generation_config
    generation.decoder_start_token_id = generation.pad_token_id = generation.bos_token_id = 2048
    assert isinstance(model, torch.nn.Module)
    return model


def _transformers(form: str, batch: int, device: str, size: str) -> Callable[[int], object]:
    import torch

    model = _transformers_model(size).to(device, getattr(torch, form))
    ids = torch.randint(5, 900, (batch, TEXT), device=device)
    return lambda steps: model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        do_sample=True,
        top_k=250,
        guidance_scale=3.0,
        max_new_tokens=steps,
    )


def _audiocraft(form: str, batch: int, device: str, size: str) -> Callable[[int], object]:
    import torch
    from audiocraft.models.lm import LMModel
    from audiocraft.modules.codebooks_patterns import DelayedPatternProvider
    from audiocraft.modules.conditioners import ConditionFuser, ConditioningAttributes

    layers, width, heads = SIZES[size]
    dtype = getattr(torch, form)

    class Words(torch.nn.Module):
        """Stands where the text conditioner does, which is not measured."""

        def tokenize(self, conditions: Any) -> Any:
            return conditions

        def forward(self, conditions: Any) -> Any:
            shape = (len(conditions), TEXT)
            states = torch.randn(*shape, width, dtype=dtype, device=device)
            return {"description": (states, torch.ones(shape, dtype=torch.long, device=device))}

    fuser = ConditionFuser({"sum": [], "prepend": [], "cross": ["description"], "input_interpolate": []})
    model = LMModel(
        DelayedPatternProvider(4, delays=[0, 1, 2, 3]), Words(), fuser, n_q=4, card=2048, dim=width, num_heads=heads,
        num_layers=layers, norm="layer_norm", norm_first=True, bias_proj=False, activation="gelu", bias_ff=False,
        bias_attn=False, causal=True, custom=False, memory_efficient=True, attention_as_float32=False,
        cross_attention=True, positional_embedding="sin", cfg_coef=3.0,
    ).eval().to(device, dtype)  # fmt: skip
    asked = [ConditioningAttributes(text={"description": "x"}) for _ in range(batch)]
    return lambda steps: model.generate(None, asked, num_samples=batch, max_gen_len=steps, use_sampling=True, top_k=250)


def _codec() -> float:
    """Return how long decoding takes, in seconds a second of sound: EnCodec of the published size, windows of 30 s."""
    import torch
    from transformers import EncodecConfig, EncodecModel

    config = EncodecConfig(
        sampling_rate=32_000, num_filters=64, hidden_size=128, codebook_size=2048, codebook_dim=128,
        upsampling_ratios=[8, 5, 4, 4], target_bandwidths=[2.2], norm_type="weight_norm", normalize=False,
        use_causal_conv=False, num_lstm_layers=2,
    )  # fmt: skip
    from pipeline.musicians.musicgen.codec import InPieces

    model = EncodecModel(config).eval()
    model.decoder = InPieces(model.decoder.layers)
    codes = torch.randint(0, 2048, (1, 1, 4, 30 * STEPS_A_SECOND))
    times = []
    with torch.inference_mode():
        for _ in range(3):
            start = time.perf_counter()
            model.decode(codes, [None])
            times.append(time.perf_counter() - start)
    return median(times) / 30


def _same(size: str) -> dict[str, float]:
    """Compare 200 greedy steps with transformers', and the logits of every format on the same tokens."""
    import torch

    from pipeline.domain import Controls
    from pipeline.musicians.musicgen.batcher import Batcher, Passage, Steering
    from pipeline.musicians.musicgen.decoder import Decoder
    from pipeline.musicians.musicgen.hearing import Hearing

    steps, weights = 200, random_weights(size, sure=10)
    model = _transformers_model(size)
    state = model.state_dict()
    names = [name for name in state if name.startswith("decoder.") and "embed_positions" not in name]
    with torch.inference_mode():
        for name in names:
            state[name].copy_(weights._tensors(name))
        words = torch.randn(TEXT, weights.anatomy.width)
        # The words as they come out of the text encoder, which is another size here.
        model.text_encoder.forward = lambda **_: type("Out", (dict,), {"__getattr__": dict.get})(
            last_hidden_state=words[None]
        )
        model.enc_to_dec_proj = torch.nn.Identity()
        result: dict[str, float] = {}
        hidden, mask = words[None], torch.ones(1, TEXT, dtype=torch.long)
        decoder = Decoder(weights, "float32")
        line = Passage(
            torch.zeros(4, 0, dtype=torch.int64), steps, Steering(words, words[:0]), Steering(None, words[:0]),
            Controls(use_sampling=False), 0,
        )  # fmt: skip
        waiting = [(0, line)]
        (written,) = Batcher[int](decoder, (0, 1, 2, 3), 1, 1504).write(
            lambda: waiting.pop() if waiting else None, lambda _, __: None
        )
        theirs = _greedy(model.decoder, hidden, mask, steps)
        result["tokens"] = float((written.codes != theirs).sum())
        tokens = torch.full((4, steps), 2048)
        for codebook in range(4):
            tokens[codebook, 1 + codebook :] = theirs[codebook, : steps - 1 - codebook]
        wanted = model.decoder(input_ids=tokens, encoder_hidden_states=hidden, encoder_attention_mask=mask).logits.view(
            4, steps, -1
        )
        for form in OURS:
            hearing = Hearing(decoder if form == "float32" else Decoder(weights, form), 1, steps)
            hearing.begin(0, words, words[:0])
            given = torch.stack([hearing.step(tokens[None, :, step])[0] for step in range(steps)], dim=1)
            result[f"{form} largest"] = float((given - wanted).abs().max())
            result[f"{form} relative"] = float((given - wanted).norm() / wanted.norm())
            result[f"{form} likeliest"] = float((given.argmax(-1) == wanted.argmax(-1)).float().mean())
    return result


def _greedy(decoder: Any, hidden: Any, mask: Any, steps: int) -> Any:
    """Write greedily with transformers' own decoder and its cache, guided as MusicGen is; codes [4, steps]."""
    import torch

    both = torch.cat([hidden, torch.zeros_like(hidden)]), torch.cat([mask, mask])
    tokens = torch.full((4, steps + 4), 2048)
    cache = None
    for position in range(1, steps + 4):
        made = decoder(
            input_ids=tokens[:, position - 1 : position].repeat(2, 1),
            encoder_hidden_states=both[0],
            encoder_attention_mask=both[1],
            past_key_values=cache,
            use_cache=True,
        )
        cache = made.past_key_values
        given, away = made.logits[:, -1].view(2, 4, -1)
        drawn = (away + (given - away) * 3).argmax(-1)
        for codebook in range(4):
            if codebook < position <= codebook + steps:
                tokens[codebook, position] = drawn[codebook]
    return torch.stack([tokens[codebook, 1 + codebook : 1 + codebook + steps] for codebook in range(4)])


def _same_table(given: argparse.Namespace) -> Table:
    found = _run("same", given)
    title = f"musicgen-{given.size}, random weights, 200 steps: {found['tokens']:.0f} greedy tokens of 800 differ"
    table = Table(
        "Weights", "Largest logit error", "Relative", "Same likeliest token", title=title, title_justify="left"
    )
    for form in OURS:
        table.add_row(
            form,
            f"{found[f'{form} largest']:.2g}",
            f"{found[f'{form} relative']:.2%}",
            f"{found[f'{form} likeliest']:.1%}",
        )
    return table


if __name__ == "__main__":
    main()
