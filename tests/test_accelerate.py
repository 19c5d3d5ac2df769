"""Several processes train as one does, one of them writes, and where one fails all end. Two processes on a CPU, over gloo."""

import json
import time

import lives
import pytest
from accelerate.commands.config.config_args import load_config_from_file

from ghostlib import config as configs
from ghostlib.errors import GhostError, TrainingError
from ghostlib.training import checkpoints, ranks, runs, sft

# One process sums its batches in another order than two sum theirs and then each other's: measured 5e-7 of a loss near 7
# after eight steps, 2e-6 in the adapter.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def one(tiny_nano, tmp_path_factory):
    """The output folder of a training by one process, with the data beside it; the run is called one."""
    output = tmp_path_factory.mktemp("one")
    done = lives.live(lives.command(tiny_nano, lives.texts(output), train__accumulation=4), output=output, run="one")
    assert done.returncode == 0, done.stderr[-3000:]
    return output


def test_two_processes_give_the_losses_of_one_with_twice_the_accumulation(one, tiny_nano, tmp_path):
    words = lives.command(tiny_nano, one / "texts.json", train__accumulation=2)
    two = lives.live(words, output=tmp_path, run="two", processes=2)
    assert two.returncode == 0, two.stderr[-3000:]
    (alone, _), (together, adapter) = lives.told(one, "one"), lives.told(tmp_path, "two")
    assert adapter and len(alone) == len(together) == 8
    for before, after in zip(alone, together, strict=True):
        # trl's accuracy is a mean over batches of different lengths, of each process by itself
        assert after.pop("accuracy") == pytest.approx(before.pop("accuracy"), abs=0.05)
        assert after == pytest.approx(before, rel=TOLERANCE)
        assert after["step"] == before["step"] and after["tokens"] == before["tokens"]
    assert [line for line in two.stdout.splitlines() if line.startswith("8 steps in")] and two.stdout.count("text 8/8") == 1
    saved = tmp_path / "two" / "text" / "checkpoints"
    assert sorted(folder.name for folder in saved.glob("checkpoint-*")) == ["checkpoint-6", "checkpoint-8"]
    assert {"rng_state_0.pth", "rng_state_1.pth"} <= {file.name for file in (saved / "checkpoint-8").iterdir()}


def test_where_the_second_process_runs_out_of_memory_both_end_and_the_same_command_goes_on_one_rung_below(tiny_nano, tmp_path):
    words = lives.command(tiny_nano, lives.texts(tmp_path), train__max_steps=4, train__max_seq_length=4096)
    started = time.monotonic()
    done = lives.live(words, output=tmp_path, run="short", fault="oom:1:3", processes=2)
    assert done.returncode != 0 and time.monotonic() - started < 200
    assert "process 1: text: out of memory (CUDA out of memory. Tried to allocate 2.00 GiB)" in done.stderr
    facts = json.loads((tmp_path / "short" / "run.json").read_text())["text"]
    assert facts["plan"]["max_seq_length"] == 2048 and len(facts["attempts"]) == 1
    again = lives.live(words, output=tmp_path, run="short", processes=2)
    assert again.returncode == 0 and "goes on from checkpoint-2" in again.stdout, again.stderr[-3000:]
    assert [row["step"] for row in lives.told(tmp_path, "short")[0]] == [1, 2, 3, 4]


@pytest.mark.soak
def test_a_loss_that_is_no_number_in_the_second_process_ends_both(tiny_nano, tmp_path):
    words = lives.command(tiny_nano, lives.texts(tmp_path))
    done = lives.live(words, output=tmp_path, run="nan", fault="nan:1:3", processes=2)
    assert done.returncode != 0 and "step 3" in done.stderr and "no number" in done.stderr or "nan" in done.stderr
    assert lives.told(tmp_path, "nan")[1] is None


@pytest.mark.soak
def test_two_processes_that_were_killed_go_on_to_the_same_adapter(tiny_nano, tmp_path):
    words = lives.command(tiny_nano, lives.texts(tmp_path))
    for run, fault in (("whole", "none"), ("killed", "saving:20")):
        lives.live(words, output=tmp_path, run=run, fault=fault, processes=2)
    assert lives.told(tmp_path, "killed")[1] is None
    assert lives.live(words, output=tmp_path, run="killed", processes=2).returncode == 0
    assert lives.told(tmp_path, "killed") == lives.told(tmp_path, "whole")


@pytest.mark.soak
def test_a_user_error_is_said_once_and_ends_all(tiny_nano, tmp_path):
    words = lives.command(tiny_nano, tmp_path / "nothing.json")
    done = lives.live(words, output=tmp_path, run="wrong", processes=2)
    assert done.returncode != 0 and "nothing.json" in done.stderr and "Traceback" not in done.stderr.partition("elastic")[0]


@pytest.mark.parametrize("name", ["cpu", "zero2", "fsdp"])
def test_the_files_for_accelerate_are_read_by_it_and_are_no_profiles(name):
    file = configs.root() / "configs" / "accelerate" / f"{name}.yaml"
    found = load_config_from_file(str(file))
    assert found.num_processes == 2 and found.mixed_precision == "no"
    assert name not in configs.profiles()


def test_weights_in_nf4_are_refused_under_fsdp_in_one_line(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    config = configs.load("nano")
    with pytest.raises(TrainingError, match=r"FSDP .*zero2\.yaml"):
        sft.run(config, "text", runs.begin(config))


def test_the_adapter_taken_from_a_checkpoint_is_the_one_that_is_saved(one, tiny_nano):
    folder = one / "one" / "text"
    checkpoints.adapter(folder / "checkpoints" / "checkpoint-8", folder / "taken", name=str(tiny_nano))
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        assert (folder / "taken" / name).read_bytes() == (folder / "adapter" / name).read_bytes()


def test_alone_nothing_is_waited_for_and_errors_pass_through():
    def wrong():
        raise GhostError("no")

    assert ranks.count() == 1 and ranks.first() and not ranks.sharded()
    assert ranks.told(lambda: 7) == 7
    with pytest.raises(GhostError):
        ranks.told(wrong)
    assert ranks.wait() is None and ranks.join() is None and ranks.part() is None


def test_only_the_first_process_records_what_all_know(monkeypatch):
    run = runs.begin(configs.load("nano"))
    monkeypatch.setenv("RANK", "1")
    run.record(text={"steps": 1})
    assert "text" not in run.facts()
    run.write(text={"steps": 2})
    assert run.facts()["text"] == {"steps": 2} and not list(run.folder.glob("*.partial"))
