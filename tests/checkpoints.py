"""Tiny checkpoints with random weights in every published layout, built with the real libraries, without a network.

They load and run as the published ones do, so that tests run the real code on a few megabytes. The weights are
random: they say nothing about how the music sounds.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import torch

CORPUS = [
    "lo-fi hip hop beat with warm rhodes piano",
    "dusty vinyl drums, jazzy chords, rainy night",
    "mellow guitar 80 bpm",
    "pastel sunset over the city, anime cat, album cover",
] * 20


def t5(out: Path, d_model: int = 512) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from tokenizers.processors import TemplateProcessing
    from transformers import T5Config, T5EncoderModel, T5TokenizerFast

    tk = Tokenizer(models.Unigram())
    tk.pre_tokenizer, tk.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    tk.train_from_iterator(
        CORPUS, trainers.UnigramTrainer(vocab_size=200, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>")
    )
    tk.post_processor = TemplateProcessing(single="$A </s>", special_tokens=[("</s>", tk.token_to_id("</s>"))])
    # Save the tokenizer before any padded call: one saved after it breaks EncodecFeatureExtractor on load.
    T5TokenizerFast(tokenizer_object=tk, extra_ids=0).save_pretrained(out)
    T5EncoderModel(
        T5Config(vocab_size=256, d_model=d_model, d_kv=16, d_ff=64, num_layers=1, num_heads=4)
    ).save_pretrained(out)


def _encodec():
    from transformers import EncodecConfig

    return EncodecConfig(
        sampling_rate=32000,
        audio_channels=1,
        num_filters=4,
        hidden_size=32,
        codebook_dim=32,
        codebook_size=64,
        upsampling_ratios=[8, 5, 4, 4],
        target_bandwidths=[1.2],
        norm_type="weight_norm",
        normalize=False,
        use_causal_conv=False,
        num_lstm_layers=1,
    )


def musicgen_hf(out: Path, t5_dir: Path, stereo: bool = False) -> None:
    from transformers import (
        AutoTokenizer,
        EncodecFeatureExtractor,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForConditionalGeneration,
        MusicgenProcessor,
        T5Config,
    )

    text = T5Config(vocab_size=256, d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=4)
    lm = MusicgenDecoderConfig(
        vocab_size=64,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        ffn_dim=64,
        num_codebooks=8 if stereo else 4,
        audio_channels=2 if stereo else 1,
        max_position_embeddings=512,
        pad_token_id=64,
        bos_token_id=64,
        eos_token_id=None,
    )
    model = MusicgenForConditionalGeneration(
        MusicgenConfig(text_encoder=text.to_dict(), audio_encoder=_encodec().to_dict(), decoder=lm.to_dict())
    ).eval()
    g = model.generation_config
    g.decoder_start_token_id = g.pad_token_id = g.bos_token_id = 64
    g.do_sample, g.guidance_scale, g.max_length = True, 3.0, 60
    model.save_pretrained(out)
    MusicgenProcessor(
        feature_extractor=EncodecFeatureExtractor(
            feature_size=2 if stereo else 1, sampling_rate=32000, padding_side="left"
        ),
        tokenizer=AutoTokenizer.from_pretrained(t5_dir),
    ).save_pretrained(out)


def melody_hf(out: Path, t5_dir: Path) -> None:
    from transformers import (
        AutoTokenizer,
        MusicgenMelodyConfig,
        MusicgenMelodyDecoderConfig,
        MusicgenMelodyFeatureExtractor,
        MusicgenMelodyForConditionalGeneration,
        MusicgenMelodyProcessor,
        T5Config,
    )

    text = T5Config(vocab_size=256, d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=4)
    lm = MusicgenMelodyDecoderConfig(
        vocab_size=64,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        ffn_dim=64,
        num_codebooks=4,
        max_position_embeddings=512,
        pad_token_id=64,
        bos_token_id=64,
        eos_token_id=None,
    )
    model = MusicgenMelodyForConditionalGeneration(
        MusicgenMelodyConfig(
            text_encoder=text.to_dict(),
            audio_encoder=_encodec().to_dict(),
            decoder=lm.to_dict(),
            num_chroma=12,
            chroma_length=20,
        )
    ).eval()
    model.generation_config.decoder_start_token_id = model.generation_config.pad_token_id = 64
    model.save_pretrained(out)
    MusicgenMelodyProcessor(
        feature_extractor=MusicgenMelodyFeatureExtractor(), tokenizer=AutoTokenizer.from_pretrained(t5_dir)
    ).save_pretrained(out)


def musicgen_ac(out: Path) -> None:
    """T5 is not in an audiocraft checkpoint: it is looked up by name, here ./t5-small in the working directory."""
    import audiocraft
    from audiocraft.models import builders
    from omegaconf import OmegaConf

    codec_cfg = OmegaConf.create(
        dict(
            device="cpu",
            dtype="float32",
            sample_rate=32000,
            channels=1,
            compression_model="encodec",
            encodec=dict(
                autoencoder="seanet", quantizer="rvq", sample_rate=32000, channels=1, causal=False, renormalize=False
            ),
            seanet=dict(
                dimension=32,
                channels=1,
                causal=False,
                n_filters=4,
                n_residual_layers=1,
                ratios=[8, 5, 4, 4],
                activation="ELU",
                activation_params={"alpha": 1.0},
                norm="weight_norm",
                norm_params={},
                kernel_size=7,
                residual_kernel_size=3,
                last_kernel_size=7,
                dilation_base=2,
                pad_mode="constant",
                true_skip=True,
                compress=2,
                lstm=2,
                disable_norm_outer_blocks=0,
                encoder={},
                decoder=dict(trim_right_ratio=1.0, final_activation=None, final_activation_params=None),
            ),
            rvq=dict(
                n_q=4,
                q_dropout=False,
                bins=400,
                decay=0.99,
                kmeans_init=True,
                kmeans_iters=5,
                threshold_ema_dead_code=2,
                orthogonal_reg_weight=0.0,
                orthogonal_reg_active_codes_only=False,
            ),
            no_quant={},
        )
    )
    lm_cfg = OmegaConf.create(
        dict(
            device="cpu",
            dtype="float32",
            sample_rate=32000,
            channels=1,
            solver="musicgen",
            lm_model="transformer_lm",
            codebooks_pattern=dict(modeling="delay", delay=dict(delays=[0, 1, 2, 3], flatten_first=0, empty_initial=0)),
            # card >= top_k (250 by default); segment_duration > 18 (the default extend_stride)
            transformer_lm=dict(
                dim=32,
                num_heads=4,
                num_layers=2,
                hidden_scale=4,
                n_q=4,
                card=400,
                dropout=0.0,
                emb_lr=None,
                activation="gelu",
                norm_first=True,
                bias_ff=False,
                bias_attn=False,
                bias_proj=False,
                past_context=None,
                causal=True,
                custom=False,
                memory_efficient=True,
                attention_as_float32=False,
                layer_scale=None,
                positional_embedding="sin",
                xpos=False,
                checkpointing="none",
                weight_init="gaussian",
                depthwise_init="current",
                zero_bias_init=True,
                norm="layer_norm",
                cross_attention=False,
                qk_layer_norm=False,
                qk_layer_norm_cross=False,
                attention_dropout=None,
                kv_repeat=1,
                two_step_cfg=False,
            ),
            classifier_free_guidance=dict(training_dropout=0.3, inference_coef=3.0),
            attribute_dropout={},
            fuser=dict(
                cross_attention_pos_emb=False,
                cross_attention_pos_emb_scale=1,
                sum=[],
                prepend=[],
                cross=["description"],
                input_interpolate=[],
            ),
            conditioners=dict(
                description=dict(
                    model="t5", t5=dict(name="t5-small", finetune=False, word_dropout=0.3, normalize_text=False)
                )
            ),
            dataset=dict(segment_duration=20, train=dict(merge_text_p=0.25)),
            interleave_stereo_codebooks=dict(use=False, per_timestep=False),
            compression_model_n_q=None,
        )
    )
    codec, lm = builders.get_compression_model(codec_cfg), builders.get_lm_model(lm_cfg)
    for name, buffer in codec.named_buffers():  # codebooks that look trained
        if name.endswith("inited"):
            buffer.fill_(1)
        elif name.endswith("embed"):
            buffer.normal_()
    out.mkdir(exist_ok=True)
    base = {"version": audiocraft.__version__, "exported": True}
    torch.save(
        {"best_state": lm.eval().state_dict(), "xp.cfg": OmegaConf.to_yaml(lm_cfg), **base}, out / "state_dict.bin"
    )
    torch.save(
        {"best_state": codec.eval().state_dict(), "xp.cfg": OmegaConf.to_yaml(codec_cfg), **base},
        out / "compression_state_dict.bin",
    )


def clap_hf(out: Path, t5_dir: Path) -> None:
    from transformers import (
        AutoTokenizer,
        ClapAudioConfig,
        ClapConfig,
        ClapFeatureExtractor,
        ClapModel,
        ClapProcessor,
        ClapTextConfig,
    )

    text = ClapTextConfig(
        vocab_size=256,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=80,
        projection_dim=16,
    )
    audio = ClapAudioConfig(
        spec_size=256,
        num_mel_bins=64,
        window_size=4,
        patch_size=4,
        patch_stride=[4, 4],
        depths=[1, 1],
        num_attention_heads=[2, 2],
        patch_embeds_hidden_size=16,
        hidden_size=32,
        projection_dim=16,
        enable_fusion=False,
    )
    ClapModel(ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=16)).save_pretrained(
        out
    )
    ClapProcessor(
        feature_extractor=ClapFeatureExtractor(
            feature_size=64,
            sampling_rate=48000,
            hop_length=480,
            max_length_s=10,
            fft_window_size=1024,
            truncation="rand_trunc",
            padding="repeatpad",
        ),
        tokenizer=AutoTokenizer.from_pretrained(t5_dir),
    ).save_pretrained(out)


def clap_laion(out: Path) -> None:
    """laion_clap reads its text tower from ./roberta-base in the working directory; the .pt holds everything else."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizer

    roberta = out / "roberta-base"
    roberta.mkdir(parents=True, exist_ok=True)
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(CORPUS, vocab_size=400, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    bpe.save_model(str(roberta))
    RobertaModel(
        RobertaConfig(
            vocab_size=500,
            hidden_size=768,
            num_hidden_layers=1,
            num_attention_heads=4,
            intermediate_size=64,
            max_position_embeddings=514,
            type_vocab_size=1,
        )
    ).save_pretrained(roberta)
    RobertaTokenizer.from_pretrained(str(roberta)).save_pretrained(roberta)
    with contextlib.chdir(out):
        import laion_clap

        module = laion_clap.CLAP_Module(enable_fusion=False, amodel="HTSAT-tiny", device="cpu")
    state = {"module." + k: v for k, v in module.model.state_dict().items()}
    state["module.text_branch.embeddings.position_ids"] = torch.arange(514)[None]  # the published files carry it
    torch.save({"epoch": 1, "state_dict": state}, out / "clap.pt")


def _clip_words(out: Path):
    """A CLIP tokenizer as published, with the words of CORPUS."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import CLIPTokenizer

    bpe = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    bpe.pre_tokenizer = pre_tokenizers.Whitespace()
    bpe.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=300, special_tokens=["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>"
        ),
    )
    words = out / "words"
    words.mkdir(parents=True, exist_ok=True)
    bpe.model.save(str(words))
    tokenizer = CLIPTokenizer(vocab=str(words / "vocab.json"), merges=str(words / "merges.txt"))
    tokenizer.model_max_length = 77
    return tokenizer


def _clip_text(width: int = 32):
    from transformers import CLIPTextConfig

    return CLIPTextConfig(
        vocab_size=1000,
        hidden_size=width,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        projection_dim=width,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def _vae():
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=[16, 32],
        in_channels=3,
        out_channels=3,
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=32,
    )


def _unet(**kind):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        **{"cross_attention_dim": 32, "attention_head_dim": 8} | kind,
        block_out_channels=(32, 64),
        layers_per_block=1,
        sample_size=16,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
    )


def _checker(flags: bool):
    """A safety checker that flags every picture, or none."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig

    vision = {
        "hidden_size": 32,
        "intermediate_size": 37,
        "num_attention_heads": 4,
        "num_hidden_layers": 1,
        "projection_dim": 32,
        "image_size": 30,
        "patch_size": 6,
    }
    checker = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision, projection_dim=32))
    checker.concept_embeds_weights.data.fill_(-2.0 if flags else 2.0)
    checker.special_care_embeds_weights.data.fill_(2.0)
    checker.concept_embeds.data.normal_()
    return checker


def stable_diffusion(out: Path, turbo: bool = False, flags: bool | None = None) -> None:
    """As published for generation 1 (DDIM) or turbo (trailing Euler); `flags` says what a safety checker would do."""
    from diffusers import DDIMScheduler, EulerDiscreteScheduler, StableDiffusionPipeline
    from transformers import CLIPImageProcessor, CLIPTextModel

    steps = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
    StableDiffusionPipeline(
        vae=_vae(),
        text_encoder=CLIPTextModel(_clip_text()),
        tokenizer=_clip_words(out),
        unet=_unet(),
        scheduler=EulerDiscreteScheduler(timestep_spacing="trailing", **steps)
        if turbo
        else DDIMScheduler(clip_sample=False, set_alpha_to_one=False, **steps),
        safety_checker=None if flags is None else _checker(flags),
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": 30}, crop_size={"height": 30, "width": 30}),
        requires_safety_checker=flags is not None,
    ).save_pretrained(out)


def stable_diffusion_xl(out: Path) -> None:
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    StableDiffusionXLPipeline(
        vae=_vae(),
        text_encoder=CLIPTextModel(_clip_text()),
        text_encoder_2=CLIPTextModelWithProjection(_clip_text()),
        tokenizer=_clip_words(out),
        tokenizer_2=_clip_words(out),
        unet=_unet(
            cross_attention_dim=64,
            attention_head_dim=(2, 4),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            transformer_layers_per_block=(1, 2),
            projection_class_embeddings_input_dim=6 * 8 + 32,
        ),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
    ).save_pretrained(out)


def openclip(out: Path) -> None:
    import open_clip
    from safetensors.torch import save_file

    out.mkdir(exist_ok=True)
    cfg = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16, "head_width": 32},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1},
    }
    (out / "tiny-clip.json").write_text(json.dumps(cfg))
    open_clip.add_model_config(str(out / "tiny-clip.json"))
    save_file(open_clip.create_model("tiny-clip").state_dict(), out / "open_clip_model.safetensors")
    (out / "open_clip_config.json").write_text(json.dumps({"model_cfg": cfg, "preprocess_cfg": {}}))


def _musicgen(out: Path, root: Path) -> None:
    musicgen_hf(out, tiny(root, "t5-small"))


def _stereo(out: Path, root: Path) -> None:
    musicgen_hf(out, tiny(root, "t5-small"), stereo=True)


def _audiocraft(out: Path, root: Path) -> None:
    tiny(root, "t5-small")  # audiocraft looks for it by name, in the working directory
    with contextlib.chdir(root):
        musicgen_ac(out)


BUILDERS: dict[str, Callable[[Path, Path], None]] = {
    "t5-small": lambda out, _: t5(out),
    "musicgen": _musicgen,
    "musicgen-stereo": _stereo,
    "musicgen-melody": lambda out, root: melody_hf(out, tiny(root, "t5-small")),
    "audiocraft": _audiocraft,
    "clap": lambda out, root: clap_hf(out, tiny(root, "t5-small")),
    "laion-clap": lambda out, _: clap_laion(out),
    "stable-diffusion": lambda out, _: stable_diffusion(out),
    "stable-diffusion-turbo": lambda out, _: stable_diffusion(out, turbo=True),
    "stable-diffusion-checked": lambda out, _: stable_diffusion(out, flags=False),
    "stable-diffusion-flagging": lambda out, _: stable_diffusion(out, turbo=True, flags=True),
    "stable-diffusion-xl": lambda out, _: stable_diffusion_xl(out),
    "open-clip": lambda out, _: openclip(out),
}


def tiny(root: Path, name: str) -> Path:
    """Return the folder of a tiny checkpoint below `root`, building it the first time it is asked for."""
    out = root / name
    if not out.exists():
        BUILDERS[name](out, root)
    return out
