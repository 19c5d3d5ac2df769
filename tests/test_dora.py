"""The light DoRA against PEFT's own and against float64: the same numbers, fewer copies."""

import copy
import dataclasses

import pytest
import torch
from decoder import layer, peak, step
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora.variants import DoraLinearVariant
from peft.utils.integrations import dequantize_module_weight

from ghostlib import config as configs
from ghostlib.models import dora, load, lora, nano

WIDE, DEEP = 96, 160  # in, out


class Alone(torch.nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.linear = linear
        self.is_loaded_in_4bit = type(linear).__name__ == "Linear4bit"  # else PEFT takes its layer for plain weights

    def forward(self, x):
        return self.linear(x)


def adapted(*, nf4=False, bias=False, dtype=torch.float32, seed=0, size=0.1, **options):
    """One linear layer with a DoRA adapter that has moved, by PEFT alone."""
    import bitsandbytes as bnb

    torch.manual_seed(seed)
    linear = torch.nn.Linear(WIDE, DEEP, bias=bias)
    if nf4:
        packed = bnb.nn.Linear4bit(WIDE, DEEP, bias=bias, compute_dtype=dtype, quant_type="nf4", compress_statistics=True)
        packed.load_state_dict(linear.state_dict())
        packed.support_avx512bf16_for_cpu = False
        linear = packed.to("cpu")
    else:
        linear = linear.to(dtype)
    settings = {"r": 8, "lora_alpha": 16, "use_rslora": True, "target_modules": ["linear"], "use_dora": True} | options
    model = get_peft_model(Alone(linear), LoraConfig(**settings))
    with torch.no_grad():
        for value in model.parameters():
            if value.requires_grad:
                value.data = value.float() + size * torch.randn_like(value, dtype=torch.float32)
    return model


def lightened(model):
    other = copy.deepcopy(model)
    assert dora.lighten(other) == 1
    return other


def inner(model):
    return model.base_model.model.linear


def exact_norm(module):
    """||W + s B A|| by row in float64."""
    weight = dequantize_module_weight(module.base_layer).double()
    low, high = module.lora_A["default"].weight.double(), module.lora_B["default"].weight.double()
    return (weight + module.scaling["default"] * high @ low).norm(dim=1)


def light_norm(module):
    return module.lora_variant["default"].now(module, "default")


def stock_norm(module, dtype):
    """What PEFT's forward takes for an input of `dtype`."""
    layer = module.lora_magnitude_vector["default"]
    low, high = module.lora_A["default"], module.lora_B["default"]
    delta = layer.get_lora_weight(lora_A=low, lora_B=high).to(dtype)
    return layer.get_weight_norm(dequantize_module_weight(module.base_layer).to(dtype), delta, module.scaling["default"])


def error(found, exact):
    return ((found.double() - exact) / exact).abs().max().item()


@pytest.mark.parametrize("nf4", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.sampled_from([0.0, 1e-4, 0.01, 0.1, 1.0, 30.0]))
def test_in_float32_the_norm_is_within_a_millionth_of_the_exact_one(nf4, bias, seed, size):
    module = inner(lightened(adapted(nf4=nf4, bias=bias, seed=seed, size=size)))
    assert error(light_norm(module), exact_norm(module)) < 1e-6


@pytest.mark.parametrize("nf4", [True, False])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_16_bit_the_norm_is_no_worse_than_pefts_over_weights_of_that_type(nf4, dtype):
    worst = {"light": 0.0, "stock": 0.0}
    for seed in range(5):
        model = adapted(nf4=nf4, dtype=dtype, seed=seed)
        module = inner(model)
        worst["stock"] = max(worst["stock"], error(stock_norm(module, dtype), exact_norm(module)))
        worst["light"] = max(worst["light"], error(light_norm(inner(lightened(model))), exact_norm(module)))
    print(nf4, dtype, worst)
    assert worst["light"] <= worst["stock"]


@pytest.mark.parametrize("nf4", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, WIDE), (3, 7, WIDE), (2, 700, WIDE), (1, 512, WIDE)])
def test_output_and_every_gradient_are_those_of_peft(nf4, bias, shape):
    stock = adapted(nf4=nf4, bias=bias)
    light = lightened(stock)
    x, target = torch.randn(shape), torch.randn(*shape[:-1], DEEP)
    found = []
    for model in (stock, light):
        entered = x.clone().requires_grad_()
        out = model(entered)
        (out - target).square().sum().backward()
        found.append([out, entered.grad, *(value.grad for value in model.parameters() if value.requires_grad)])
    assert len(found[0]) == len(found[1]) == 5
    for mine, theirs in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5 * theirs.abs().max().item())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_16_bit_output_and_gradients_are_as_near_to_float64_as_pefts(dtype):
    stock = adapted(nf4=True, bias=True, dtype=dtype)
    light = lightened(stock)
    module = inner(stock)
    x = torch.randn(300, WIDE).to(dtype)
    low, high, magnitude = (
        value.detach().double().requires_grad_()
        for value in (
            module.lora_A["default"].weight,
            module.lora_B["default"].weight,
            module.lora_magnitude_vector["default"].weight,
        )
    )
    weight, bias = dequantize_module_weight(module.base_layer).double(), module.base_layer.bias.double()
    inside = x.double() @ (weight.T) + 4 / 4 * (16 / 8**0.5) * x.double() @ low.T @ high.T
    exact = inside * (magnitude / exact_norm(module).detach()) + bias
    exact.square().mean().backward()
    wanted = [exact.detach(), low.grad, high.grad, magnitude.grad]
    errors = {}
    for name, model in (("stock", stock), ("light", light)):
        out = model(x.clone())
        assert out.dtype == dtype
        out.float().square().mean().backward()
        layer = inner(model)
        got = [out, *(part["default"].weight.grad for part in (layer.lora_A, layer.lora_B, layer.lora_magnitude_vector))]
        errors[name] = [((mine.double() - want).norm() / want.norm()).item() for mine, want in zip(got, wanted, strict=True)]
    for mine, theirs in zip(errors["light"], errors["stock"], strict=True):
        assert mine <= 1.5 * theirs, errors  # y itself is rounded; PEFT's two parts of it were


def test_x_is_kept_as_it_is_and_no_other_result_than_the_output():
    kept = []
    model = lightened(adapted(dtype=torch.float16))
    with torch.autograd.graph.saved_tensors_hooks(lambda value: kept.append(value) or value, lambda value: value):
        out = model(torch.randn(600, WIDE, dtype=torch.float16).requires_grad_())
    large = [value for value in kept if value.numel() >= 600 * WIDE and value.data_ptr() != out.data_ptr()]
    assert large and {value.dtype for value in large} == {torch.float16}
    assert len({value.data_ptr() for value in large}) == 1  # x itself, once


@pytest.mark.parametrize("odd", [0.0, -0.0, 1e-12, -2.0])
def test_a_magnitude_near_zero_or_below_still_has_a_finite_and_right_gradient(odd):
    stock = adapted()
    with torch.no_grad():
        inner(stock).lora_magnitude_vector["default"].weight[3] = odd
    light = lightened(stock)
    x = torch.randn(40, WIDE)
    for model in (stock, light):
        (model(x) - 1).square().sum().backward()
    mine, theirs = (inner(model).lora_magnitude_vector["default"].weight.grad for model in (light, stock))
    torch.testing.assert_close(mine, theirs, rtol=2e-4, atol=1e-3)


def test_a_row_of_zeros_under_a_fresh_adapter_is_no_nan_as_it_is_in_peft():
    model = adapted(size=0.0)
    with torch.no_grad():
        inner(model).base_layer.weight[5] = 0
        inner(model).lora_B["default"].weight.zero_()
        inner(model).lora_magnitude_vector["default"].weight[5] = 0
    light = lightened(model)
    assert model(torch.ones(2, WIDE)).isnan().any()
    out = light(torch.ones(2, WIDE))
    out.sum().backward()
    assert out.isfinite().all() and all(value.grad.isfinite().all() for value in light.parameters() if value.requires_grad)


def test_dropout_and_a_bias_in_b_go_pefts_own_way():
    for options in ({"lora_dropout": 0.5}, {"lora_bias": True}):
        try:
            stock = adapted(**options)
        except ValueError:  # this PEFT refuses the two together
            continue
        light = lightened(stock)
        x = torch.randn(20, WIDE)
        results = []
        for model in (stock, light):
            torch.manual_seed(4)
            results.append(model.train()(x))
        torch.testing.assert_close(*results)


def test_under_a_checkpoint_the_norm_is_taken_once_a_step_and_anew_in_the_next(monkeypatch):
    taken = []
    monkeypatch.setattr(dora, "norm", lambda *args, real=dora.norm: taken.append(1) or real(*args))
    model = lightened(adapted()).train()
    x = torch.randn(5, WIDE).requires_grad_()
    optimizer = torch.optim.SGD([value for value in model.parameters() if value.requires_grad], lr=0.1)
    for steps in (1, 2, 3):
        torch.utils.checkpoint.checkpoint(model, x, use_reentrant=False).square().sum().backward()
        optimizer.step()
        assert len(taken) == steps
        assert error(light_norm(inner(model)), exact_norm(inner(model))) < 1e-6
        taken.pop()


def test_in_evaluation_the_norm_is_kept_until_the_adapter_changes(monkeypatch):
    taken = []
    model = lightened(adapted())
    stock = copy.deepcopy(model)
    inner(stock).lora_variant["default"] = DoraLinearVariant()
    monkeypatch.setattr(dora, "norm", lambda *args, real=dora.norm: taken.append(1) or real(*args))
    x = torch.randn(2, WIDE)
    model.train()(x)
    model.eval()
    for _ in range(5):
        model(x)
    assert len(taken) == 2
    for other in (model, stock):
        with torch.no_grad():
            inner(other).lora_B["default"].weight.mul_(3)
    torch.testing.assert_close(model(x), stock.eval()(x), rtol=1e-5, atol=1e-5)
    for other in (model, stock):  # a whole new tensor, as loading an adapter does
        inner(other).lora_A["default"].weight.data = inner(other).lora_A["default"].weight.data * -2
    torch.testing.assert_close(model(x), stock(x), rtol=1e-5, atol=1e-5)
    assert len(taken) == 4


@pytest.mark.parametrize("nf4", [True, False])
@pytest.mark.filterwarnings("ignore:Merge lora module:UserWarning", "ignore:Unmerge lora module:UserWarning")
def test_merging_in_place_and_back_leaves_pefts_numbers(nf4):
    stock = adapted(nf4=nf4)
    light = lightened(stock)
    x = torch.randn(9, WIDE)
    for model in (stock, light):
        model.eval()(x)
        inner(model).merge()
    torch.testing.assert_close(light(x), stock(x))
    for model in (stock, light):
        inner(model).unmerge()
    torch.testing.assert_close(light(x), stock(x), rtol=1e-5, atol=1e-5)


@pytest.fixture
def chosen(tiny_nano, monkeypatch):
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    return configs.load("nano")


def stocked(model):
    """The same adapters back on PEFT's own way."""
    for module in model.modules():
        for adapter in getattr(module, "lora_variant", {}):
            module.lora_variant[adapter] = DoraLinearVariant()
            module.cast_input_dtype_enabled = True
    return model


@pytest.mark.parametrize("phase", ["text", "vision"])
@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD])
def test_ten_steps_of_training_are_those_of_peft(chosen, phase, kind):
    """Trinity on the nano in NF4; on the vision tower too, whose linears have biases."""
    plan = dataclasses.replace(configs.plan(chosen, phase), vision_layers=phase == "vision", rank=8, alpha=16)
    torch.manual_seed(0)
    ids = torch.randint(300, 4000, (2, 40))
    pictures = torch.randn(2, 3, 256, 256)
    ends = []
    for light in (True, False):
        model = lora.attach(load.base(chosen, plan).model, plan)
        model = model.train() if light else stocked(model).train()
        asked = {"input_ids": ids, "labels": ids}
        optimizer = kind(
            [value for value in model.parameters() if value.requires_grad], lr=2e-3 if kind is torch.optim.AdamW else 0.05
        )
        losses = []
        for _ in range(10):
            loss = model(**asked).loss
            if phase == "vision":
                seen = model.get_base_model().model.vision_tower(pictures).last_hidden_state
                loss = loss + (seen * torch.linspace(-3, 3, seen[0].numel()).view_as(seen[0])).mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        ends.append((losses, {name: value.detach() for name, value in model.named_parameters() if value.requires_grad}))
    (mine, moved), (theirs, expected) = ends
    assert mine[-1] < 0.95 * mine[0] and mine == pytest.approx(theirs, rel=1e-5)
    assert moved.keys() == expected.keys()
    far = max(((moved[name] - expected[name]).norm() / expected[name].norm()).item() for name in moved)
    assert far < 5e-5 or kind is torch.optim.AdamW  # which makes a whole step of the last bit of a gradient near 0


def test_every_adapted_layer_is_light_and_a_fresh_one_changes_nothing(chosen):
    plan = dataclasses.replace(configs.plan(chosen, "vision"), vision_layers=True)
    base = load.base(chosen, plan)
    ids = torch.arange(10, 60)[None]
    with torch.no_grad():
        before = base.model(input_ids=ids).logits
        model = lora.attach(base.model, plan)
        after = model(input_ids=ids).logits
    variants = [variant for module in model.modules() for variant in getattr(module, "lora_variant", {}).values()]
    assert len(variants) == 5 * 7 + 3 * 6 and all(isinstance(variant, dora.LightDora) for variant in variants)
    torch.testing.assert_close(after, before, atol=2e-5, rtol=1e-5)


def test_the_files_are_pefts_and_answer_the_same_there(chosen, tmp_path):
    plan = configs.plan(chosen, "text")
    model = lora.attach(load.base(chosen, plan).model, plan)
    torch.manual_seed(1)
    with torch.no_grad():
        for value in model.parameters():
            if value.requires_grad:
                value.add_(0.05 * torch.randn_like(value))
    lora.save(model, tmp_path / "adapter")
    ids = torch.arange(10, 60)[None]
    stock = PeftModel.from_pretrained(load.base(chosen, plan).model, str(tmp_path / "adapter"))
    with torch.no_grad():
        theirs, mine = stock.eval()(input_ids=ids).logits, model.eval()(input_ids=ids).logits
    torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-4)


def test_a_decoder_layers_step_holds_no_more_bytes_than_lora_and_far_fewer_than_peft():
    """Forward and backward of one layer in NF4 at 256 tokens, rank 64; `make bench` does it on a layer of 12B."""
    held = {}
    for name, options in {"lora": {"dora": False}, "light": {"dora": True}, "stock": {"dora": True, "light": False}}.items():
        once = step(layer("small", **options), 256)
        once()
        held[name] = peak(once)
    print({name: round(value / 2**20, 1) for name, value in held.items()})
    assert held["light"] <= 1.1 * held["lora"]
    assert held["stock"] > 1.5 * held["light"]
