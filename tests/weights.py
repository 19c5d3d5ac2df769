"""What a training does to every tensor of its model: the base's bytes before and after, and each adapter's way."""

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

import torch

from ghostlib.models import dora
from ghostlib.training import trainer


@dataclass
class Watched:
    """One training: its model, what it began with, and the layers whose DoRA went the light way."""

    model: torch.nn.Module | None = None
    base: dict[str, str] = field(default_factory=dict)  # a hash of every frozen tensor before the first step
    start: dict[str, torch.Tensor] = field(default_factory=dict)  # the adapters before it
    light: set[int] = field(default_factory=set)

    def changed(self) -> list[str]:
        """The frozen tensors whose bytes are others now."""
        now = frozen(self.model)
        assert now.keys() == self.base.keys()
        return [name for name, digest in now.items() if digest != self.base[name]]

    def still(self) -> list[str]:
        """The adapter tensors that have not moved, or that hold no more than bf16 could."""
        now = trained(self.model)
        assert now.keys() == self.start.keys()
        stuck = [name for name, value in now.items() if torch.equal(value, self.start[name])]
        return stuck + [name for name, value in now.items() if torch.equal(value, value.bfloat16().float())]

    def kinds(self) -> set[str]:
        """The dtypes of what trains, and of its gradients' moments."""
        return {str(value.dtype) for value in self.model.parameters() if value.requires_grad}


@contextmanager
def watched():
    """Watch the trainings that `sft.run` makes in this block; yields a Watched of the last one."""
    found, build, forward = Watched(), trainer.build, dora.LightDora.forward

    def built(*args, **kwargs):
        made = build(*args, **kwargs)
        found.model, found.base = made.model, frozen(made.model)
        found.start = {name: value.detach().clone() for name, value in trained(made.model).items()}
        return made

    def went(self, module, *args, **kwargs):
        found.light.add(id(module))
        return forward(self, module, *args, **kwargs)

    with mock.patch.object(trainer, "build", built), mock.patch.object(dora.LightDora, "forward", went):
        yield found


def trained(model):
    """Every trainable tensor by name."""
    return {name: value.detach() for name, value in model.named_parameters() if value.requires_grad}


def frozen(model):
    """A hash of every frozen tensor, NF4's packed bytes with their scales; names without what PEFT puts round them."""
    found = {}
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if value.requires_grad or "lora_" in name:
            continue
        digest = hashlib.sha256(_bytes(value))
        for part in _states(getattr(value, "quant_state", None)):
            digest.update(_bytes(part))
        found[name.removeprefix("base_model.model.").replace(".base_layer", "")] = digest.hexdigest()
    return found


def adapted(model):
    """The ids of the layers that have an adapter."""
    return {id(module) for module in model.modules() if getattr(module, "lora_A", None)}


def _states(state):
    """absmax, code, offset of NF4, and the same of its scales, which are quantised too."""
    while state is not None:
        yield from (part for part in (state.absmax, state.code, state.offset) if part is not None)
        state = state.state2


def _bytes(value):
    return value.detach().contiguous().flatten().view(torch.uint8).cpu().numpy().tobytes()
