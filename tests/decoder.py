"""One decoder layer of a Gemma-3 in NF4 with a fresh adapter: what DoRA costs in time and bytes is counted on it."""

import time

import torch

WIDTHS = {"12b": (3840, 15360, 16, 8), "4b": (2560, 10240, 8, 4), "small": (768, 3072, 4, 2)}  # hidden, mlp, heads, kv


def layer(size, *, dora, light=True, rank=64, compute=torch.float32, seed=0, device="cpu"):
    """A model of one such layer (tiny vocabulary), NF4 with double quantisation, r adapters on its seven projections."""
    import bitsandbytes as bnb
    from peft import LoraConfig, get_peft_model
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    from ghostlib.models import dora as doras

    hidden, intermediate, heads, kv = WIDTHS[size]
    torch.manual_seed(seed)
    model = Gemma3ForCausalLM(
        Gemma3TextConfig(
            hidden_size=hidden, intermediate_size=intermediate, num_hidden_layers=1, num_attention_heads=heads,
            num_key_value_heads=kv, head_dim=256, vocab_size=64, attn_implementation="sdpa",
        )
    )  # fmt: skip
    for block in (model.model.layers[0].self_attn, model.model.layers[0].mlp):
        for name, linear in list(block.named_children()):
            if isinstance(linear, torch.nn.Linear):
                packed = bnb.nn.Linear4bit(
                    linear.in_features, linear.out_features, bias=False, compute_dtype=compute, quant_type="nf4"
                )
                packed.load_state_dict(linear.state_dict())
                packed.support_avx512bf16_for_cpu = False
                setattr(block, name, packed.to(device))
    model.requires_grad_(False)
    model.is_loaded_in_4bit = True  # else PEFT takes its layer for plain weights
    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    tuned = get_peft_model(
        model.to(device), LoraConfig(r=rank, lora_alpha=32, use_dora=dora, use_rslora=True, target_modules=names)
    )
    if dora and light:
        assert doras.lighten(tuned) == 7
    return tuned.train()


def step(model, tokens, *, checkpoint=False):
    """A function that takes one forward and backward through the layer, as training does."""
    inner = model.base_model.model.model
    block, hidden = inner.layers[0], inner.config.hidden_size
    torch.manual_seed(1)
    x = torch.randn(1, tokens, hidden, device=model.device).requires_grad_()
    places = inner.rotary_emb(x, torch.arange(tokens, device=x.device)[None], "sliding_attention")

    def once():
        model.zero_grad(set_to_none=True)
        x.grad = None
        if checkpoint:
            out = torch.utils.checkpoint.checkpoint(forward, x, use_reentrant=False)
        else:
            out = forward(x)
        out.square().mean().backward()

    def forward(entering):
        out = block(entering, position_embeddings=places, attention_mask=None)
        return out[0] if isinstance(out, tuple) else out

    return once


def seconds(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def peak(run):
    """The most bytes that the allocator held at once during `run` beyond what it held before, by torch's profiler."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        run()
    held = most = 0
    events = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    for event in sorted(events, key=lambda one: one.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    assert most > 0, "the profiler saw no allocation"
    return most
