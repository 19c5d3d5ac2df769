"""A phase of `sft.run` through one of the two paths, as a process of its own: importing unsloth changes trl.

python tests/through.py FOLDER PATH OUT [PHASE]     FOLDER holds a model; OUT gets the adapter and facts.json
"""

import json
import os
import shutil
import sys
import types
from pathlib import Path
from unittest import mock

WORDS = ("order", "customer", "invoice", "room", "guest", "task")
STEPS = 3
IDS = range(10, 60)


def settings(folder, path):
    from ghostlib import config as configs

    return configs.load(
        "nano",
        overrides=(
            *(f"model.name={folder}", f"model.path={path}", "lora.rank=4", "train.batch_size=2", "train.accumulation=2"),
            *(
                f"train.max_steps={STEPS}",
                "train.checkpoint_steps=2",
                "train.warmup_steps=0",
                "train.gradient_checkpointing=true",
            ),
        ),
    )


def train(folder, path, out, phase="text"):
    """Facts of the training as JSON takes them; the adapter lies in `out`/adapter, its answer's logits in `out`/logits.pt."""
    import torch
    from PIL import Image
    from weights import adapted, watched

    from ghostlib import tasks
    from ghostlib.tasks import Example
    from ghostlib.training import runs, sft

    out.mkdir(parents=True, exist_ok=True)
    image = out / "screen.png" if phase == "vision" else None
    if image:
        Image.effect_noise((300, 180), 80).save(image)
    examples = [Example(word, f"3,4 {word} name", image, f"CREATE TABLE {word}s (\n    name text\n);") for word in WORDS]
    task = types.SimpleNamespace(examples=lambda *args: examples)
    config = settings(folder, path)
    with mock.patch.object(tasks, "named", lambda name: task), watched() as seen:
        result = sft.run(config, phase, runs.begin(config))
    shutil.copytree(result.adapter, out / "adapter")
    with torch.no_grad():
        torch.save(seen.model.eval()(input_ids=torch.tensor([list(IDS)], device=seen.model.device)).logits, out / "logits.pt")
    facts = {
        "losses": [row["loss"] for row in result.log],
        "tokens": [row["tokens"] for row in result.log],
        "base": seen.base,
        "changed": seen.changed(),
        "still": seen.still(),
        "dtypes": sorted(seen.kinds()),
        "adapted": len(adapted(seen.model)),
        "light": len(seen.light & adapted(seen.model)),
        "trainer": type(seen.model).__name__,
        "unsloth": "unsloth" in sys.modules,
    }
    (out / "facts.json").write_text(json.dumps(facts))
    return facts


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    train(sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve(), *sys.argv[4:])
