"""Our own decoder says what the libraries say, in every layout, and a row depends on nothing but itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipeline.domain import Controls
from pipeline.errors import DamagedModel

pytestmark = pytest.mark.neural

STEPS = 200
CLOSE = {"float32": 1e-5, "float16": 1e-3, "bfloat16": 1e-2, "int8": 2e-2}
"""How far logits may lie from the library's, whose largest is 0.5."""


@pytest.fixture
def published(tiny_model, tmp_path):
    from pipeline.musicians.musicgen.checkpoint import find_checkpoint
    from pipeline.musicians.musicgen.published import open_published

    return lambda name="musicgen": open_published(find_checkpoint(str(tiny_model(name)), tmp_path))


@pytest.fixture
def decoder(published):
    from pipeline.musicians.musicgen.decoder import Decoder

    return lambda form="float32": Decoder(published().weights, form)


def line(steps, seed=0, words=None, opening=None, **controls):
    import torch

    from pipeline.musicians.musicgen.batcher import Passage, Steering

    before = torch.zeros(0, 32)
    chosen = Controls(**controls)
    return Passage(
        torch.zeros(4, 0, dtype=torch.int64) if opening is None else opening,
        steps,
        Steering(words, before),
        Steering(None, before) if chosen.cfg_coef != 1 else None,
        chosen,
        seed,
    )


class Tensors:
    """Random tensors of a model, the same whenever one is asked for; none beyond the fourth layer."""

    def __init__(self, make):
        self.make, self.made = make, {}

    def __call__(self, name):
        if "layers.4." in name:
            raise KeyError(name)
        if name not in self.made:
            self.made[name] = self.make(name)
        return self.made[name]


def write(decoder, lines, size, delays=(0, 1, 2, 3), positions=600):
    """Return the codes of each line, up to `size` of them written side by side."""
    from pipeline.musicians.musicgen.batcher import Batcher

    waiting = list(enumerate(lines))
    batcher = Batcher(decoder, delays, size, positions)
    done = {w.key: w.codes for w in batcher.write(lambda: waiting.pop(0) if waiting else None, lambda _, __: None)}
    return [done[place] for place in range(len(lines))]


@pytest.mark.parametrize("form", CLOSE)
def test_logits_are_those_of_transformers(decoder, tiny_model, form):
    """Rows that begin at different places, with other words or none, side by side: over several blocks of the cache."""
    import torch
    from transformers import MusicgenForConditionalGeneration

    from pipeline.musicians.musicgen.hearing import Hearing

    library = MusicgenForConditionalGeneration.from_pretrained(tiny_model("musicgen")).eval().decoder
    torch.manual_seed(0)
    codes, words, known = torch.randint(0, 64, (3, 4, STEPS)), torch.randn(2, 7, 32), (0, 70, 130)
    seen = [words[0], words[1, :4], None]
    more = STEPS - max(known)
    with torch.inference_mode():
        ours = decoder(form)
        hearing = Hearing(ours, 3, STEPS)
        for row, begun in enumerate(known):
            hearing.begin(row, seen[row], ours.embed(codes[row, :, :begun].T))
        made = [
            hearing.step(torch.stack([codes[row, :, begun + i] for row, begun in enumerate(known)]))
            for i in range(more)
        ]
        for row, begun in enumerate(known):
            looked = torch.zeros(1, 1, 32) if seen[row] is None else seen[row][None]
            wanted = library(
                input_ids=codes[row, :, : begun + more],
                encoder_hidden_states=looked,
                encoder_attention_mask=torch.ones(looked.shape[:2], dtype=torch.long),
            ).logits
            torch.testing.assert_close(
                torch.stack([step[row] for step in made], dim=1), wanted[:, begun:], atol=CLOSE[form], rtol=0
            )


def audiocraft_model(folder, model):
    """Return audiocraft's own language model of a checkpoint, conditioned by what conditions ours."""
    import torch
    from audiocraft.models import builders
    from omegaconf import OmegaConf

    from pipeline.musicians.audiocraft.loading import _demucs, quietly

    package = torch.load(folder / "state_dict.bin", weights_only=True)
    config = OmegaConf.create(package["xp.cfg"])
    config.conditioners = {}
    with quietly(), _demucs(model._files):
        library = builders.get_lm_model(config)
    library.condition_provider = model._conditioners
    library.load_state_dict(package["best_state"])
    return library.eval()


@pytest.mark.parametrize("controls", [{"cfg_coef": 1.0}, {}, {"two_step_cfg": True}], ids=["plain", "guided", "two"])
@pytest.mark.parametrize("opened", [0, 60])
@pytest.mark.parametrize("name", ["audiocraft", "audiocraft-stereo", "audiocraft-melody"])
@pytest.mark.filterwarnings("ignore")
def test_greedy_tokens_are_those_of_audiocraft(tiny_model, tmp_path, name, opened, controls):
    """The other layout, mono, stereo and melody: token for token what audiocraft's own generate() writes."""
    import torch
    from audiocraft.modules.conditioners import ClassifierFreeGuidanceDropout

    from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen
    from pipeline.musicians.musicgen.batcher import Passage
    from pipeline.musicians.musicgen.delays import delays_of
    from pipeline.musicians.windows.model import WindowOrder

    musician = AudiocraftMusicGen(str(tiny_model(name)), tmp_path, text_model=str(tiny_model("t5-small")))
    model = musician._model()
    chosen = Controls(use_sampling=False, **controls)
    library = audiocraft_model(tiny_model(name), model)
    asked = [model._conditions(WindowOrder("dusty vinyl drums", 1.0, 1, chosen))]
    torch.manual_seed(1)
    opening = torch.randint(0, 64, (library.num_codebooks, opened))
    with torch.inference_mode():
        theirs = library.generate(
            opening[None] if opened else None,
            asked,
            max_gen_len=STEPS,
            use_sampling=False,
            cfg_coef=chosen.cfg_coef,
            two_step_cfg=chosen.two_step_cfg,
        )[0]
        away = ClassifierFreeGuidanceDropout(p=1.0)(asked)[0]
        wanted = Passage(
            opening,
            STEPS - opened,
            model._steering(asked[0]),
            model._steering(away) if chosen.cfg_coef != 1 else None,
            chosen,
            0,
        )
        (codes,) = write(model._decoder, [wanted], 1, delays_of(library.num_codebooks, model.channels))
    assert torch.equal(codes, theirs)


def test_a_line_is_the_same_whatever_is_written_beside_it(decoder):
    """Lines of other lengths, words and openings come and go: not a token differs."""
    import torch

    torch.manual_seed(2)
    lines = [
        line(90, 1, torch.randn(5, 32)),
        line(20, 2, torch.randn(9, 32), cfg_coef=7.0),
        line(70, 3, opening=torch.randint(0, 64, (4, 100)), words=torch.randn(3, 32)),
        line(40, 4, torch.randn(5, 32), temperature=0.5, top_k=5),
        line(30, 5, torch.randn(2, 32), top_p=0.8),
        line(30, 6, cfg_coef=1.0),
    ]
    with torch.inference_mode():
        player = decoder()
        together = write(player, lines, 3)
        for wanted, codes in zip(lines, together, strict=True):
            assert torch.equal(write(player, [wanted], 1)[0], codes)


@pytest.mark.parametrize("form", CLOSE)
@pytest.mark.parametrize(("begun", "beside"), [(0, 1), (70, 21), (200, 5)])
def test_a_row_is_the_same_to_the_bit_beside_any_other(begun, beside, form):
    """A wider model, whose roundings to eight bits would show the last bit of any sum: logits, not only tokens.

    Alone on one thread; beside seven others, that begin elsewhere and look at other words or none, on two.
    """
    import torch

    from pipeline.musicians.musicgen.hearing import Hearing

    chance, model = torch.Generator().manual_seed(4), wide(form)
    with torch.inference_mode():
        words, other = torch.randn(5, 128, generator=chance), torch.randn(beside, 128, generator=chance)
        codes = torch.randint(0, 64, (70, 8, 4), generator=chance)
        before = model.embed(torch.randint(0, 64, (begun, 4), generator=chance))
        alone, together = Hearing(model, 1, 400), Hearing(model, 8, 400)
        alone.begin(0, words, before[:30])
        together.begin(5, words, before[:30])
        for row in {*range(8)} - {5}:
            together.begin(row, other if row % 2 else None, before[: begun // (row + 1)])
        used = torch.get_num_threads()
        try:
            for step in codes:
                torch.set_num_threads(1)
                wanted = alone.step(step[5:6])[0]
                torch.set_num_threads(2)
                assert torch.equal(together.step(step)[5], wanted)
        finally:
            torch.set_num_threads(used)


def test_as_many_words_as_are_read_fit_into_the_shortest_window():
    """512 of them, and one more that is left out, in a model of a hundred positions: logits as in a long one."""
    import torch

    from pipeline.musicians.musicgen.hearing import Hearing

    model, words = wide("float32"), torch.randn(513, 128)
    with torch.inference_mode():
        made = []
        for positions, read in ((100, words), (1000, words[:512])):
            hearing = Hearing(model, 2, positions)
            for row in range(2):
                hearing.begin(row, read, model.embed(torch.zeros(90, 4, dtype=torch.int64)))
            made.append([hearing.step(torch.full((2, 4), code)) for code in range(10)])
    for short, long in zip(*made, strict=True):
        assert torch.equal(short, long) and torch.equal(short[0], short[1])


def wide(form):
    """Return a decoder of four layers, 128 wide, of random weights."""
    import torch

    from pipeline.musicians.musicgen.anatomy import TRANSFORMERS, Anatomy, Weights
    from pipeline.musicians.musicgen.decoder import Decoder

    shapes = {"embed": (65, 128), "lm_heads": (64, 128), "fc1": (512, 128), "fc2": (128, 512), "norm": (128,)}
    chance = torch.Generator().manual_seed(4)

    def tensors(name):
        shape = next((shape for part, shape in shapes.items() if part in name), (128, 128))
        drawn = torch.randn(shape, generator=chance) * 0.1
        return 1 + drawn if name.endswith("norm.weight") else drawn

    anatomy = Anatomy(4, 128, 4, 512, 4, 64, crossed=True)
    with torch.inference_mode():
        return Decoder(Weights(Tensors(tensors), TRANSFORMERS, anatomy, Path("random"), ""), form)


@pytest.mark.parametrize("two", [False, True])
def test_a_place_may_stand_empty_for_longer_than_a_window(decoder, two):
    """In one pass or in two, beside a line that goes on."""
    import torch

    lines = [line(110, 1, torch.randn(4, 32), two_step_cfg=two), line(10, 2, torch.randn(4, 32), two_step_cfg=two)]
    with torch.inference_mode():
        player = decoder()
        for wanted, codes in zip(lines, write(player, lines, 2, positions=120), strict=True):
            assert torch.equal(write(player, [wanted], 1)[0], codes)


def test_a_line_that_meets_no_number_leaves_nothing_behind(decoder):
    """Whoever takes its place is sound, and what it would have been alone."""
    import torch

    from pipeline.musicians.musicgen.batcher import Batcher

    spoilt = line(70, 1, torch.full((3, 32), torch.nan))
    lines = [spoilt, line(100, 2, torch.randn(3, 32)), line(20, 3, torch.randn(3, 32))]
    with torch.inference_mode():
        player = decoder()
        waiting = list(enumerate(lines))
        done = {
            written.key: written
            for written in Batcher(player, (0, 1, 2, 3), 2, 200).write(
                lambda: waiting.pop(0) if waiting else None, lambda _, __: None
            )
        }
        assert [done[key].sound for key in range(3)] == [False, True, True]
        assert torch.equal(write(player, [lines[2]], 1)[0], done[2].codes)


def test_weights_of_float16_are_kept_so():
    """As MusicGen was published; others, and those that float16 would change, stay in float32."""
    import torch

    from pipeline.musicians.musicgen.linear import Packed

    weight = torch.randn(100, 36)
    for kept, dtype in ((weight.half().float(), "int16"), (weight, "float32")):
        packed = Packed(kept, "float32")
        assert packed.arrays[0].dtype == dtype  # half precision by its bits
        x = torch.randn(3, 36)
        torch.testing.assert_close(packed(x), x @ kept.T)


def test_a_free_place_is_taken_at_once(decoder):
    """Three lines and two places: the third begins where the short one ends, not when both are done."""
    import torch

    from pipeline.musicians.musicgen.batcher import Batcher

    begun = []
    waiting = [(0, line(100)), (1, line(10)), (2, line(10))]

    def ask():
        if not waiting:
            return None
        begun.append(waiting[0][0])
        return waiting.pop(0)

    with torch.inference_mode():
        ended = [written.key for written in Batcher(decoder(), (0, 1, 2, 3), 2, 200).write(ask, lambda _, __: None)]
    assert begun == [0, 1, 2] and ended == [1, 2, 0]


@pytest.mark.parametrize(("storage", "close"), [("float32", 1e-5), ("int8", 0.05)])
@pytest.mark.parametrize("size", [8, 64, 80])
def test_attention_over_blocks_is_attention(storage, close, size):
    """Rows of several blocks, and one of none, in another order than they lie in: what plain attention gives."""
    import numpy as np
    import torch
    from torch.nn import functional

    from pipeline.musicians.musicgen import kernels
    from pipeline.musicians.musicgen.cache import BlockCache

    torch.manual_seed(3)
    heads, ends = 2, np.array([130, 1, 0, 64])
    rows, cache = np.array([3, 0, 1, 4]), BlockCache(5, 2, heads, size, 200, storage, 64)
    made = torch.randn(4, 200, 3, heads, size)
    for i, row in enumerate(rows):
        cache.keep(1, np.full(200, row), np.arange(200), made[i])
    out = np.empty((4, heads, size), np.float32)
    queries = made[range(4), np.maximum(ends, 1) - 1].contiguous()
    kernels.attend(*cache.layer(1), rows, ends, queries.numpy(), cache.scratch(4 * heads), out)
    for i, end in enumerate(ends):
        _, keys, values = made[i, :end].permute(1, 2, 0, 3)
        if end:
            wanted = functional.scaled_dot_product_attention(queries[i, 0][:, None], keys, values)[:, 0]
        torch.testing.assert_close(
            torch.from_numpy(out[i]), wanted if end else torch.zeros(heads, size), atol=close, rtol=0
        )


@pytest.mark.parametrize("form", ["float32", "float16", "bfloat16", "int8", "int8 without VNNI"])
@pytest.mark.parametrize("shape", [(64, 32), (130, 37), (1, 3)])
def test_a_product_is_the_same_to_the_bit_beside_any_number_of_rows(form, shape, monkeypatch):
    """And near what it should be; sizes that fit no vector too, and processors that sum no products of eight bits."""
    import torch

    from pipeline.musicians.musicgen import linear
    from pipeline.musicians.musicgen.linear import Packed

    if form == "int8 without VNNI":
        monkeypatch.setattr(linear, "HAS_VNNI", False)
        form = "int8"
    torch.manual_seed(5)
    weight, x = torch.randn(shape), torch.randn(21, shape[1])
    packed = Packed(weight, form)
    together = packed(x)
    torch.testing.assert_close(together, x @ weight.T, atol=0.3 if form == "int8" else 0.05, rtol=0)
    for count in range(1, 21):
        assert torch.equal(packed(x[:count]), together[:count])
        assert torch.equal(packed(x[-count:]), together[-count:])


def test_layers_for_a_gpu_give_what_those_for_a_processor_give(published):
    """What one row begins with, then a step of three rows of which two look at words."""
    import numpy as np
    import torch

    from pipeline.musicians.musicgen.cache import BlockCache, DenseCache
    from pipeline.musicians.musicgen.layers import DenseLayer, PackedLayer, Passage

    torch.manual_seed(6)
    weights = published().weights
    anatomy, cpu, tensors = weights.anatomy, torch.device("cpu"), weights.layer(1)
    shape = (3, 2, anatomy.heads, anatomy.size, 100)
    begun, now, words = torch.randn(70, anatomy.width), torch.randn(3, anatomy.width), torch.randn(9, anatomy.width)
    results = []
    for layer, heard, read in (
        (PackedLayer(tensors, anatomy, "float32"), BlockCache(*shape, "float32"), BlockCache(*shape, "float32")),
        (
            DenseLayer(tensors, anatomy, "float32", cpu),
            DenseCache(*shape, cpu, "float32"),
            DenseCache(*shape, cpu, "float32"),
        ),
    ):
        for row, tokens in ((0, 9), (2, 4)):
            read.keep(1, np.full(tokens, row), np.arange(tokens), layer.read(words[:tokens]))
        one = Passage(heard, read, np.full(70, 2), np.arange(70), np.arange(70), np.full(70, 4))
        step = Passage(heard, read, np.arange(3), np.array([0, 0, 70]), np.array([0, 2]), np.array([9, 4]))
        some = Passage(heard, read, np.array([1, 2]), np.array([1, 71]), np.array([1]), np.array([4]))
        results.append([layer.run(1, x.clone(), each) for x, each in ((begun, one), (now, step), (now[:2], some))])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


def test_a_line_beyond_the_positions_is_refused(decoder):
    """Rather than overwriting what is not its own: in numbers, before anything is heard."""
    import torch

    with pytest.raises(ValueError, match="80 steps behind 30 are more than 100"):
        write(decoder(), [line(80, opening=torch.zeros(4, 30, dtype=torch.int64))], 1, positions=100)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"num_codebooks": 8}, "writes 8 codebooks of 64 codes a channel, and its codec reads 4 of 64"),
        ({"vocab_size": 32}, "writes 4 codebooks of 32 codes a channel, and its codec reads 4 of 64"),
        ({"num_attention_heads": 5}, "has a width of 32, which 5 heads cannot share"),
        ({"num_hidden_layers": 1}, "beyond the layers it says it has"),
    ],
)
def test_a_decoder_that_does_not_fit_its_codec_is_refused(tiny_model, tmp_path, changed, said):
    """More codebooks than EnCodec reads, another vocabulary, heads or layers: what disagrees, in one line."""
    from pipeline.musicians.musicgen.checkpoint import find_checkpoint
    from pipeline.musicians.musicgen.decoder import Decoder
    from pipeline.musicians.musicgen.published import open_published

    folder = shutil.copytree(tiny_model("musicgen"), tmp_path / "changed")
    config = json.loads((folder / "config.json").read_text())
    config["decoder"] |= changed
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(DamagedModel) as caught:
        Decoder(open_published(find_checkpoint(str(folder), tmp_path)).weights, "float32")
    assert said in caught.value.message and caught.value.remedy


@pytest.mark.parametrize("form", ["float16", "int8"])
def test_words_that_are_no_numbers_spoil_their_own_row_alone(form):
    """What an int8 cache keeps of them too; and the row is sound again for whoever comes next."""
    import torch

    from pipeline.musicians.musicgen.hearing import Hearing

    model, words = wide(form), torch.randn(3, 128)
    with torch.inference_mode():
        hearing = Hearing(model, 2, 100)
        hearing.begin(0, torch.full((3, 128), torch.nan), words[:0])
        hearing.begin(1, words, words[:0])
        spoilt = [hearing.step(torch.zeros(2, 4, dtype=torch.int64)) for _ in range(3)][-1]
        assert spoilt[0].isnan().any() and spoilt[1].isfinite().all()
        for row in range(2):
            hearing.end(row)
            hearing.begin(row, words, words[:0])
        again = [hearing.step(torch.zeros(2, 4, dtype=torch.int64)) for _ in range(3)][-1]
        assert torch.equal(again[0], spoilt[1]) and torch.equal(again[1], spoilt[1])


@pytest.mark.parametrize("form", ["float16", "int8"])
def test_what_is_no_number_stays_so(form):
    """In its own row, and in no other."""
    import torch

    from pipeline.musicians.musicgen.linear import Packed

    x = torch.randn(3, 40)
    x[1, 20] = torch.nan
    made = Packed(torch.randn(70, 40), form)(x)
    assert made[1].isnan().all() and made[[0, 2]].isfinite().all()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda tensor: tensor[:-1], "is 31 x 32 where the configuration says 32 x 32"),
        (lambda tensor: tensor.fill_(float("nan")), "holds what is not a number"),
    ],
)
def test_a_tensor_that_cannot_be_is_named(published, spoil, said):
    """Another shape than the configuration says, or no numbers: which tensor, of which checkpoint."""
    from pipeline.musicians.musicgen.anatomy import Weights
    from pipeline.musicians.musicgen.decoder import Decoder

    bad = "decoder.model.decoder.layers.1.self_attn.k_proj.weight"
    weights = published().weights

    def tensors(name):
        found = weights._tensors(name)
        return spoil(found.clone()) if name == bad else found

    spoilt = Weights(tensors, weights._names, weights.anatomy, Path("somewhere"), "Fetch it again.")
    with pytest.raises(DamagedModel, match="somewhere") as caught:
        Decoder(spoilt, "float32")
    assert bad in caught.value.message and said in caught.value.message
