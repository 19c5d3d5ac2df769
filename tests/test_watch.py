"""What is seen of a training: the log, the lines, the plot in a notebook, TensorBoard, the printed example."""

import json
import struct
import types
from itertools import pairwise

import pytest
from IPython.display import HTML
from IPython.display import Image as Shown
from PIL import Image

from ghostlib import charts, show, tasks
from ghostlib import config as configs
from ghostlib.errors import MachineError
from ghostlib.models import nano
from ghostlib.tasks import Example
from ghostlib.training import checkpoints, runs, sft, watch

WORDS = ("order", "customer", "invoice", "room", "guest", "task")
SMALL = (
    *("train.max_steps=4", "train.checkpoint_steps=2", "train.batch_size=2", "train.warmup_steps=0", "lora.rank=4"),
    *("train.eval_steps=2", "train.eval_sample=2", "generate.max_new_tokens=3", "train.tensorboard=true"),
)
STEP = {"step", "loss", "learning_rate", "grad_norm", "tokens", "tokens_per_second", "memory_gib", "seconds", "seconds_left"}


def task(picture):
    def examples(config, phase, split):
        image = picture if phase == "vision" else None
        return [Example(word, f"Write.\n3,4 {word} name", image, f"CREATE TABLE {word}s (id bigint);") for word in WORDS]

    mean = {"right": {"mean": 0.5, "low": 0.25, "high": 0.75}}
    return types.SimpleNamespace(
        examples=examples, score=lambda answers, asked: list(answers), aggregate=lambda rows, *, seed=0: mean
    )


@pytest.fixture(scope="module")
def trained(tiny_nano, tmp_path_factory):
    """A text phase that was watched by everything there is: (run, result, what the plot was given)."""
    picture = tmp_path_factory.mktemp("pictures") / "screen.png"
    Image.effect_noise((300, 180), 80).save(picture)
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GHOST_OUTPUT", str(tmp_path_factory.mktemp("output")))
        patch.setattr(nano, "folder", lambda: tiny_nano)
        patch.setattr(tasks, "named", lambda name: task(picture))
        config = configs.load("nano", overrides=SMALL)
        run = runs.begin(config)
        result = sft.run(config, "text", run, plot=lambda steps, scores, total: drawn.append((len(steps), len(scores), total)))
        return run, result, drawn


def state(step=0, total=60, first=True):
    return types.SimpleNamespace(
        global_step=step, max_steps=total, is_world_process_zero=first, num_input_tokens_seen=10 * step
    )


def drive(seen, *, steps, total=60, start=0, asked=(), first=True, wait=lambda seconds: None, trl=True):
    """What transformers' trainer tells a callback: a log row each step, and an evaluation after those in `asked`."""
    seen.on_train_begin(None, state(start, total, first), None)
    for step in steps:
        wait(2)
        tokens = (
            {"num_tokens": 10.0 * (step - start)} if trl else {"num_input_tokens_seen": 10 * step}
        )  # here, and in all sittings
        logs = {"loss": 2.0 / step, "learning_rate": 1e-4, "grad_norm": 0.5, **tokens}
        seen.on_log(None, state(step, total, first), None, logs=logs)
        if step in asked:
            wait(30)
            logs = {"eval_score": 0.4, "eval_low": 0.1, "eval_high": 0.6, "eval_asked": 8, "eval_is_best": True}
            seen.on_log(None, state(step, total, first), None, logs=logs | {"eval_runtime": 30.0, "eval_validity": 0.75})
    seen.on_train_end(None, state(total, total, first), None)


def test_a_row_of_the_log_says_all_that_a_person_asks_while_waiting(trained):
    run, result, _ = trained
    assert [row["step"] for row in result.log] == [1, 2, 3, 4]
    assert all(row.keys() >= STEP | {"accuracy"} for row in result.log)
    last = result.log[-1]
    assert last["seconds_left"] == 0 and 0.1 < last["memory_gib"] < 64 and last["tokens_per_second"] > 0
    for before, after in pairwise(result.log):
        assert after["seconds"] > before["seconds"] and after["tokens"] > before["tokens"]
    assert [(row["step"], row["score"], row["asked"]) for row in result.scores] == [(2, 0.5, 2), (4, 0.5, 2)]
    lines = (run.folder / "text" / "log.jsonl").read_text().splitlines()
    assert ["score" in json.loads(line) for line in lines] == [False, False, True, False, False, True]


def test_who_reads_the_steps_never_meets_a_row_without_a_loss(tmp_path):
    log = tmp_path / "log.jsonl"
    rows = [
        {"step": 1, "loss": 2.0, "seconds": 1},
        {"step": 1, "score": 0.1, "seconds": 9},
        {"step": 2, "loss": 1.0, "seconds": 10},
    ]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 3, "lo')
    assert watch.read(log) == [rows[0], rows[2]] and watch.scores(log) == [rows[1]] and watch.spent(log) == 10
    assert watch.read(log, until=1) == rows[:1]
    watch.rewind(log, 1)
    assert [json.loads(line) for line in log.read_text().splitlines()] == rows[:2]
    assert watch.read(tmp_path / "none.jsonl") == watch.scores(tmp_path / "none.jsonl") == []


def test_nobody_at_a_terminal_gets_one_plain_line_a_tenth_and_one_an_evaluation(tmp_path, capsys):
    drive(watch.callback(tmp_path / "log.jsonl", "text", every=20, progress=True), steps=range(1, 61), asked=(20, 40))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11 + 2 and "\r" not in "".join(lines)
    assert lines[0].startswith("text 1/60  loss 2.000  lr 1.0e-04") and lines[-1].startswith("text 60/60")
    told = next(line for line in lines if "score" in line)
    assert told == "text 20/60  score 0.400, 75% valid, the best so far  (8 asked in 30 s)"
    assert len(watch.read(tmp_path / "log.jsonl")) == 60 and len(watch.scores(tmp_path / "log.jsonl")) == 2


def test_a_terminal_gets_one_bar_and_no_lines(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    drive(watch.callback(tmp_path / "log.jsonl", "text", progress=True), steps=range(1, 61), asked=(20,))
    out, err = capsys.readouterr()
    assert out == "" and "60/60" in err and err.count("score 0.400") == 1


def test_quiet_is_quiet_and_a_second_process_neither_writes_nor_speaks(tmp_path, capsys):
    drive(watch.callback(tmp_path / "one.jsonl", "text", progress=False), steps=(1, 2), asked=(2,))
    drive(watch.callback(tmp_path / "two.jsonl", "text", progress=True), steps=(1, 2), asked=(2,), first=False)
    assert capsys.readouterr().out == "" and not (tmp_path / "two.jsonl").exists()
    assert len((tmp_path / "one.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize("trl", [True, False])  # Unsloth's trainer has lost trl's count
def test_a_resumed_log_goes_on_counting_where_it_was(tmp_path, trl):
    log = tmp_path / "log.jsonl"
    drive(watch.callback(log, "text", progress=False), steps=(1, 2), asked=(2,), trl=trl)
    spent = watch.spent(log)
    drive(watch.callback(log, "text", progress=False), steps=(3, 4), start=2, trl=trl)
    rows = watch.read(log)
    assert [row["tokens"] for row in rows] == [10, 20, 30, 40]
    assert rows[2]["seconds"] >= spent and [row["step"] for row in rows] == [1, 2, 3, 4]


def test_the_time_left_counts_the_evaluations_to_come_and_the_pace_does_not(tmp_path, monkeypatch, capsys):
    now = [100.0]
    monkeypatch.setattr(watch, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    seen = watch.callback(tmp_path / "log.jsonl", "text", every=10, progress=True)
    drive(seen, steps=range(1, 31), asked=(10, 20), wait=lambda seconds: now.append(now.pop() + seconds))
    rows = {row["step"]: row for row in watch.read(tmp_path / "log.jsonl")}
    assert rows[9]["seconds_left"] == 51 * 2, "nothing was asked yet"
    assert rows[11]["seconds_left"] == 49 * 2 + 5 * 30 and rows[21]["seconds_left"] == 39 * 2 + 4 * 30
    assert {row["tokens_per_second"] for row in rows.values()} == {10 / 2}, "an evaluation is no slow step"
    assert rows[30]["seconds"] == 30 * 2 + 2 * 30
    assert "text 30/60  loss 0.067  lr 1.0e-04  2.0 s a step  150 s left" in capsys.readouterr().out


def test_the_plot_is_drawn_in_place_of_lines_and_told_when_it_is_over(trained):
    _, _, drawn = trained
    assert drawn == [(1, 0, 4), (2, 0, 4), (2, 1, 4), (3, 1, 4), (4, 1, 4), (4, 2, 4), (4, 2, None)]


@pytest.mark.parametrize("phase", ["text", "vision"])
def test_an_example_is_printed_as_the_trainer_makes_it_before_the_first_step(
    trained, tiny_nano, phase, capsys, monkeypatch, tmp_path
):
    picture = tmp_path / "screen.png"
    Image.effect_noise((300, 180), 80).save(picture)
    monkeypatch.setattr(nano, "folder", lambda: tiny_nano)
    monkeypatch.setattr(tasks, "named", lambda name: task(picture))
    config = configs.load("nano", overrides=(*SMALL, "train.eval_steps=0", "train.tensorboard=false", "train.max_steps=1"))
    sft.run(config, phase, runs.begin(config))
    lines = capsys.readouterr().out.splitlines()
    first = tasks.named("").examples(config, phase, "train")[0]
    mask = sft.mask(config, first)
    counted = sum(counts for _, counts in mask)
    place = lines.index(f"{phase}: {counted} of {len(mask)} tokens of an example count in the loss")
    assert lines[place + 1].strip() == f"asked:  {'(picture) ' if phase == 'vision' else ''}... 3,4 order name"
    assert lines[place + 2].strip().startswith("learnt: CREATE TABLE orders (id bigint);")
    assert lines[place + 3].startswith(f"{phase} 1/1  loss")


def events(folder):
    """tag -> steps of the scalars in TensorBoard's files: records of (length, checksum, protobuf, checksum)."""
    from tensorboardX.proto.event_pb2 import Event

    found = {}
    for file in folder.iterdir():
        content, place = file.read_bytes(), 0
        while place < len(content):
            (length,) = struct.unpack_from("<Q", content, place)
            event = Event.FromString(content[place + 12 : place + 12 + length])
            place += 16 + length
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    found.setdefault(value.tag, []).append(event.step)
    return found


def test_tensorboard_gets_loss_rate_gradient_and_score_by_step(trained):
    run, _, _ = trained
    found = events(run.folder / "text" / "tensorboard")
    for tag in ("train/loss", "train/learning_rate", "train/grad_norm"):
        assert found[tag] == [1, 2, 3, 4]
    assert found["eval/score"] == [2, 4]


def test_without_a_package_for_tensorboard_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    watch.require(configs.load("nano"))
    with pytest.raises(MachineError, match="pip install tensorboardX"):
        watch.require(configs.load("nano", overrides=("train.tensorboard=true",)))


class Cell:
    """What a notebook's cell shows in one place, and everything that it has shown there."""

    def __init__(self):
        self.shown = []

    def update(self, what):
        self.shown.append(what)


@pytest.fixture
def cell(monkeypatch):
    made = Cell()
    monkeypatch.delenv("GHOST_HEADLESS", raising=False)
    monkeypatch.setattr("IPython.get_ipython", lambda: types.SimpleNamespace(kernel=1))

    def display(what, display_id=None):
        assert display_id and not made.shown, "a second output would stay in the saved notebook"
        return made

    monkeypatch.setattr("IPython.display.display", display)
    return made


def rows(count):
    return [{"step": step, "loss": 2 / step, "seconds_left": 5.0} for step in range(1, count + 1)]


SCORES = [{"step": 10, "score": 0.2, "low": 0.1, "high": 0.4}, {"step": 20, "score": 0.5, "low": 0.5, "high": 0.5}]


def test_the_live_plot_redraws_one_picture_in_its_cell_and_leaves_one_line(cell, monkeypatch):
    monkeypatch.setattr(show, "PATIENCE", 0.0)
    draw = show.live("Phase <1>")
    draw(rows(1), [], 30)
    for _ in range(200):
        draw(rows(20), SCORES, 30)  # 200 steps in far less time than a picture takes
    assert [type(one) for one in cell.shown] == [Shown]
    draw(rows(30), SCORES, None)
    assert type(cell.shown[-1]) is HTML and cell.shown[-1].data == "Phase &lt;1&gt; 30 steps, loss 2.000 → 0.067"


def test_a_saved_notebook_holds_one_output_of_a_live_plot_and_no_picture(monkeypatch):
    """In a real kernel: what a page keeps of a training of 40 rows that was drawn again and again."""
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.delenv("GHOST_HEADLESS", raising=False)
    source = (
        "from ghostlib import show\nshow.PATIENCE = 0.0\ndraw, seen = show.live('Phase 1'), []\n"
        "for step in range(1, 41):\n"
        "    seen.append({'step': step, 'loss': 2 / step, 'seconds_left': 1.0})\n"
        "    draw(seen, [], 40)\n"
    )
    page = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell("draw(seen, [], None)")]
    )
    client = NotebookClient(page, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(configs.root())}})
    client.execute()
    outputs = [output for cell in page.cells for output in cell.outputs if output.get("name") != "stderr"]
    assert len(outputs) == 1 and "image/png" not in outputs[0].data
    assert outputs[0].data["text/html"] == "Phase 1 40 steps, loss 2.000 → 0.050"


def test_a_plot_that_no_step_reaches_ends_without_an_error(cell):
    draw = show.live()
    draw([], [], 30)
    draw([], [], None)
    assert len(cell.shown) == 1


def test_where_nobody_watches_there_is_no_plot_and_so_there_are_lines(cell, monkeypatch):
    monkeypatch.setenv("GHOST_HEADLESS", "1")
    assert show.live() is None
    monkeypatch.delenv("GHOST_HEADLESS")
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    assert show.live() is None and not cell.shown


def test_the_picture_shows_the_score_beside_the_loss_and_how_far_it_is():
    plain, scored = charts.loss(rows(20)), charts.loss(rows(20), scores=SCORES)
    assert plain.size == scored.size and plain.tobytes() != scored.tobytes()
    assert charts.loss(rows(20), total=100).tobytes() != plain.tobytes()
    pink = sum(count for count, colour in scored.convert("RGB").getcolors(1 << 20) if colour == (214, 64, 159))
    assert pink > 50, "the line of the scores"


def test_a_checkpoint_is_sealed_by_the_callback_that_watches(trained):
    run, _, _ = trained
    assert checkpoints.newest(run.folder / "text" / "checkpoints").name == "checkpoint-4"
