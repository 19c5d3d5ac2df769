"""Bases and adapters to merge: the tiny nano in any dtype, text-only models from a config, and the formula to compare with."""

import shutil

import torch
from safetensors.torch import load_file, save_file

from ghostlib.models import deltas, load, lora


def in_dtype(nano, folder, dtype):
    """A copy of the tiny nano whose weights lie on disk in `dtype`."""
    shutil.copytree(nano, folder)
    tensors = {name: value.to(dtype) for name, value in load_file(nano / "model.safetensors").items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def moved(model, plan, folder, *, seed=1, by=0.02, name="nano"):
    """`model` with an adapter of `plan` whose every value has moved, saved in `folder`; magnitudes by `by` of themselves."""
    tuned = lora.attach(model, plan)
    torch.manual_seed(seed)
    with torch.no_grad():
        for found, parameter in tuned.named_parameters():
            if parameter.requires_grad:
                size = parameter if "magnitude" in found else 1
                parameter.add_(by * size * torch.randn_like(parameter))
    lora.save(tuned, folder, name=name)
    return tuned.eval()


def trained(settings, plan, folder, **options):
    """The same on the base that `settings` name."""
    return moved(load.base(settings, plan).model, plan, folder, **options)


def stored(folder):
    """Every tensor of a model folder by `deltas.key`, whatever the shards."""
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        found |= {deltas.key(name) if name.endswith("weight") else name: one for name, one in load_file(file).items()}
    return found


def exact(weight, adapter, module):
    """W' of one module by the formula as it is written, in float64, beside the code under test."""
    tensors = load_file(adapter / "adapter_model.safetensors")
    own = {name.rpartition(".lora_")[2][0]: one.double() for name, one in tensors.items() if f"{module}.lora" in name}
    settings = lora.settings(adapter)
    scale = settings["lora_alpha"] / (settings["r"] ** 0.5 if settings["use_rslora"] else settings["r"])
    changed = weight.double() + scale * own["B"] @ own["A"]
    return changed if "m" not in own else own["m"][:, None] * changed / changed.square().sum(1, keepdim=True).sqrt()


def ulps(one, other):
    """How many representable numbers of their 16-bit dtype lie between two tensors, by element."""
    places = [
        torch.where(bits < 0, -(bits & 0x7FFF), bits) for bits in (one.view(torch.int16).int(), other.view(torch.int16).int())
    ]
    return (places[0] - places[1]).abs()
