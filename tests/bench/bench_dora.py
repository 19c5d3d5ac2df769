"""DoRA beside LoRA and beside PEFT's own DoRA: one decoder layer of 12B in NF4, forward and backward, 1,024 tokens, rank 64."""

import pytest
from decoder import layer, peak, seconds, step

WAYS = {"LoRA": {"dora": False}, "DoRA here": {"dora": True}, "DoRA of PEFT": {"dora": True, "light": False}}


@pytest.mark.parametrize("checkpoint", [False, True], ids=["kept", "recomputed"])
@pytest.mark.parametrize("size", ["4b", "12b"])
def test_time_and_peak_bytes_of_a_decoder_layer(size, checkpoint):
    found = {}
    for name, options in WAYS.items():
        once = step(layer(size, **options), 1024, checkpoint=checkpoint)
        once()
        found[name] = min(seconds(once) for _ in range(3)), peak(once)
    time, held = found["LoRA"]
    print(f"\n{size}, 1,024 tokens, rank 64, activations {'recomputed' if checkpoint else 'kept'}")
    for name, (one, most) in found.items():
        print(f"{name:13} {one:6.2f} s  {one / time:4.2f} times LoRA   {most / 2**20:7.0f} MiB  {most / held:4.2f} times LoRA")
