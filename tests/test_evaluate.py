import json
import shutil
from collections import Counter
from dataclasses import replace

import pytest
from exporting import cache, exported, screen, seeing

from ghostlib import config
from ghostlib.corpus import practice, records
from ghostlib.corpus.reading import Line
from ghostlib.errors import ConfigError, DataError
from ghostlib.inference import ablation, converter, engines, evaluate, figures
from ghostlib.models.generate import Answer
from ghostlib.tasks import Example
from ghostlib.training.runs import Run

TABLE = """\
CREATE TABLE {name} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    total numeric(10,2)
);"""
GOLD = [TABLE.format(name=name) for name in ("orders", "guests", "rooms", "songs")]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A root with four validation screens of two archetypes, and training screens whose most frequent answer is `guests`."""
    root = tmp_path_factory.mktemp("root")
    converter.converter()
    for shared in ("configs", ".cache"):
        (root / shared).symlink_to(config.root() / shared)
    folder = root / "data"
    folder.mkdir()
    made = [
        records.Screen(
            image_path=screen(folder, number).name,
            output=gold,
            domain=("hotel", "shop")[number % 2],
            screen=("form", "list")[number % 2],
            split="validation",
            labels=(records.Label(gold.split()[2], "title", "Title"), records.Label(gold.split()[2], "total", "Total")),
        )
        for number, gold in enumerate(GOLD)
    ]
    with_readings = []
    for one in made:
        picture = records.open_picture(folder / one.image_path)
        lines = (Line("Title", (10, 10, 60, 24)), Line("Total", (10, 40, 60, 54)))
        reading = records.Reading(lines, records.fingerprint(picture), records.ocr_version())
        with_readings.append(replace(one, reading=reading))
    records.save(with_readings, folder / "validation_set" / "dataset.json")
    training = [replace(with_readings[place], split="train") for place in (0, 1, 1)]
    records.save(training, folder / "dataset_vision.json")
    return root


@pytest.fixture
def settings(data, monkeypatch):
    monkeypatch.setenv("GHOST_ROOT", str(data))
    return config.load("nano", overrides=["export.quant=f32", "evaluation.ablation=0", "evaluation.by_rule=false"])


@pytest.fixture
def run(tmp_path, settings):
    (tmp_path / "run").mkdir()
    return Run(tmp_path / "run", settings)


def replay(monkeypatch, base, tuned, asked=None):
    """Engines that answer from a list: everything round them is real, the judge included."""

    def engine(name, texts):
        def stream(examples):
            for place, example in enumerate(examples):
                number = int(example.id.removesuffix(".png").rpartition("-")[2])
                if asked is not None:
                    asked.append((name, number))
                if isinstance(texts[number], BaseException):
                    raise texts[number]
                yield place, Answer(texts[number], 0.5 + number / 10, 0.1, 9)

        return engines.Engine(f"{name}-weights", f"{name} from a list", stream)

    monkeypatch.setattr(engines, "base", lambda config, kind: engine("base", base))
    monkeypatch.setattr(engines, "tuned", lambda config, run, kind: engine("tuned", tuned) if tuned else None)


def test_gold_answers_score_one_nonsense_scores_nothing_and_metrics_json_has_the_agreed_shape(monkeypatch, settings, run):
    replay(monkeypatch, ["no sql"] * 4, [f"```sql\n{gold}\n```" for gold in GOLD])
    found = evaluate.run(settings, run, progress=False)
    told = json.loads((run.folder / "metrics.json").read_text())
    assert told == json.loads(json.dumps(found.as_dict()))
    assert told["split"] == "validation" and told["n"] == 4
    assert told["tuned"]["schema_score"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert told["base"]["validity"]["mean"] == told["base"]["label_coverage"]["mean"] == 0.0
    assert told["tuned"]["label_coverage"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert told["distinct"] == {"base": 1, "tuned": 4}
    assert told["groups"]["archetype"]["form"]["n"] == 2
    assert told["groups"]["domain"]["shop"]["tuned"]["validity"]["mean"] == 1.0
    assert (run.folder / "figures" / "base_and_tuned.png").stat().st_size > 10_000
    assert [path.name for path in run.folder.rglob("metrics.json")] == ["metrics.json"]


def test_the_baseline_is_the_most_frequent_training_answer_valid_everywhere_and_right_once(monkeypatch, settings, run):
    replay(monkeypatch, GOLD, None)
    baseline = evaluate.run(settings, run, progress=False).baselines["most_frequent"]
    assert baseline["validity"]["mean"] == 1.0
    assert 0.25 <= baseline["schema_score"]["mean"] < 1.0


def test_a_run_without_an_adapter_is_the_base_alone_and_says_so(monkeypatch, settings, run):
    replay(monkeypatch, GOLD, None)
    found = evaluate.run(settings, run, progress=False)
    assert found.tuned is None
    assert any("no adapter" in note for note in found.notes)
    assert {row.model for row in found.rows} == {"base"}


def test_a_killed_evaluation_goes_on_where_it_was_even_with_a_torn_last_line(monkeypatch, settings, run):
    asked = []
    replay(monkeypatch, GOLD, [GOLD[0], GOLD[1], KeyboardInterrupt(), GOLD[3]], asked)
    with pytest.raises(KeyboardInterrupt):
        evaluate.run(settings, run, progress=False)
    file = run.folder / "predictions.jsonl"
    assert len(file.read_text().splitlines()) == 6
    file.write_text(file.read_text()[:-40])
    asked.clear()
    replay(monkeypatch, GOLD, GOLD, asked)
    assert evaluate.run(settings, run, progress=False).tuned["schema_score"]["mean"] == 1.0
    assert asked == [("tuned", 1), ("tuned", 2), ("tuned", 3)]
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == 8
    assert {"id", "model", "prediction", "gold"} <= rows[0].keys()


def test_other_weights_or_another_limit_of_tokens_ask_again(monkeypatch, settings, run):
    asked = []
    replay(monkeypatch, GOLD, None, asked)
    evaluate.run(settings, run, progress=False)
    evaluate.run(settings, run, progress=False)
    assert len(asked) == 4
    evaluate.run(replace(settings, generate=replace(settings.generate, max_new_tokens=5)), run, progress=False)
    assert len(asked) == 8


def half_blind(monkeypatch, asked, killed_at=None):
    """A base that knows nothing and a tuned model that answers right where it is told what is written on the screen."""

    def stream(examples):
        for place, example in enumerate(examples):
            if len(asked) == killed_at:
                raise KeyboardInterrupt
            asked.append(example)
            number = int(example.id.removesuffix(".png").rpartition("-")[2])
            yield place, Answer(GOLD[number] if "title" in example.prompt else "SELECT 1;", 0.9, 0.1, 9)

    replay(monkeypatch, ["no sql"] * 4, GOLD)
    monkeypatch.setattr(engines, "tuned", lambda config, run, kind: engines.Engine("tuned-weights", "half blind", stream))


def ablated(settings, share):
    return replace(settings, evaluation=replace(settings.evaluation, ablation=share))


def test_what_each_eye_is_worth_is_asked_with_the_other_one_shut(monkeypatch, settings, run):
    asked = []
    half_blind(monkeypatch, asked)
    found = evaluate.run(ablated(settings, 1), run, progress=False)
    whole = {name: value["schema_score"]["mean"] for name, value in found.ablation["whole"].items()}
    assert whole == {"both": 1.0, "picture": 0.0, "reading": 1.0} and found.ablation["n"] == 4
    both, picture, reading = asked[:4], asked[4:8], asked[8:]
    assert [len(part) for part in (both, picture, reading)] == [4, 4, 4]
    assert all(example.image and "title" in example.prompt for example in both)
    assert {example.prompt for example in picture} == {records.INSTRUCTION} and all(example.image for example in picture)
    assert [(example.prompt, example.image) for example in reading] == [(example.prompt, None) for example in both]
    assert found.ablation["groups"]["archetype"]["form"] | {"n": 2} == found.ablation["groups"]["archetype"]["form"]
    assert any("picture 0.00 (0.00 to 0.00), reading 1.00" in note for note in found.notes)
    assert json.loads((run.folder / "metrics.json").read_text())["ablation"] == found.ablation


def test_a_killed_ablation_goes_on_where_it_was(monkeypatch, settings, run):
    half_blind(monkeypatch, [], killed_at=7)
    with pytest.raises(KeyboardInterrupt):
        evaluate.run(ablated(settings, 1), run, progress=False)
    asked = []
    half_blind(monkeypatch, asked)
    found = evaluate.run(ablated(settings, 1), run, progress=False)
    assert len(asked) == 12 - 7 and found.ablation["whole"]["reading"]["schema_score"]["mean"] == 1.0


def test_nothing_is_ablated_where_there_is_one_eye_or_no_wish_or_no_tuned_model(monkeypatch, settings, run):
    replay(monkeypatch, GOLD, GOLD)
    one_eye = ablated(settings, 1)
    one_eye = replace(one_eye, data=replace(one_eye.data, picture=False))
    assert evaluate.run(one_eye, run, progress=False).ablation is None
    assert evaluate.run(settings, run, progress=False).ablation is None
    replay(monkeypatch, GOLD, None)
    assert evaluate.run(ablated(settings, 1), run, progress=False).ablation is None
    assert not (run.folder / ablation.FILE).exists()
    assert not ablation.wanted(config.load("nano", task="text2sql"))


def test_the_base_is_asked_for_a_list_of_the_same_screens_and_the_rule_makes_its_schema(monkeypatch, settings, run):
    asked = []

    def stream(examples):
        for place, example in enumerate(examples):
            asked.append(example)
            number = int(example.id.removesuffix(".png").rpartition("-")[2])
            name = GOLD[number].split()[2]
            listed = example.prompt.startswith(practice.LIST)
            yield place, Answer(f"# {name}\ntitle: text, required\ntotal: money" if listed else "no sql", 0.9, 0.1, 9)

    replay(monkeypatch, GOLD, None)
    monkeypatch.setattr(engines, "base", lambda config, kind: engines.Engine("base-weights", "lists", stream))
    ruled = replace(settings, evaluation=replace(settings.evaluation, by_rule=True))
    found = evaluate.run(ruled, run, progress=False)
    assert found.base["schema_score"]["mean"] == 0.0
    assert found.baselines["by_rule"]["schema_score"]["mean"] == 1.0
    assert len(asked) == 8 and all("title" in example.prompt and example.image for example in asked)
    evaluate.run(ruled, run, progress=False)
    assert len(asked) == 8
    assert "by_rule" not in evaluate.run(settings, run, progress=False).baselines


def test_a_refused_answer_is_also_scored_as_its_own_list_by_rule_and_an_accepted_one_as_it_stands(monkeypatch, settings, run):
    lists = [f"# {sql.split()[2]}\ntitle: text, required\ntotal: money" for sql in GOLD]
    told = [f"{lists[0]}\n\nCREATE TABLE (", f"{lists[1]}\n\n{GOLD[1]}", f"{lists[0]}\n\n{GOLD[2]}", "no list, no sql"]
    replay(monkeypatch, GOLD, told)
    found = evaluate.run(settings, run, progress=False)
    assert (found.tuned["validity"]["mean"], found.baselines["mended"]["validity"]["mean"]) == (0.5, 0.75)
    assert (found.tuned["schema_score"]["mean"], found.baselines["mended"]["schema_score"]["mean"]) == (0.5, 0.75)
    assert {row.model for row in found.rows} == {"base", "tuned"}
    assert list(figures.series(found.as_dict()))[:3] == ["base", "tuned", "mended"]


def test_where_no_refused_answer_begins_with_a_list_nothing_is_mended(monkeypatch, settings, run):
    replay(monkeypatch, GOLD, [GOLD[0], "CREATE TABLE (", "", GOLD[3]])
    assert "mended" not in evaluate.run(settings, run, progress=False).baselines


def test_a_share_is_spread_over_the_whole_list_and_never_more_than_there_is():
    assert ablation.share(40, 0.3) == [0, 3, 6, 10, 13, 16, 20, 23, 26, 30, 33, 36]
    assert ablation.share(5, 1) == ablation.share(5, 7) == [0, 1, 2, 3, 4]
    assert ablation.share(3, 0.01) == [0] and ablation.share(0, 1) == []


def test_the_worst_are_the_lowest_tuned_scores_and_the_surest_mistake_comes_first(monkeypatch, settings, run):
    broken = [GOLD[0], "CREATE TABLE (", TABLE.format(name="rooms").replace("title text", "label text"), "nothing"]
    replay(monkeypatch, GOLD, broken)
    found = evaluate.worst(evaluate.run(settings, run, progress=False), 3)
    assert [row.id for row in found] == ["screen-3.png", "screen-1.png", "screen-2.png"]
    assert all(row.model == "tuned" and row.image.is_file() and row.gold.startswith("CREATE TABLE") for row in found)
    assert not found[0].valid and found[2].valid


def test_a_sample_is_the_same_for_one_seed_in_order_and_zero_means_all():
    many = [Example(str(number), "x") for number in range(20)]
    once = evaluate.sample(many, 5, seed=3)
    assert once == evaluate.sample(many, 5, seed=3) == sorted(once, key=lambda one: int(one.id))
    assert len(once) == 5 and evaluate.sample(many, 0, seed=3) == many == evaluate.sample(many, 99, seed=3)


def test_a_sample_takes_every_archetype_equally_and_as_many_domains_as_it_can():
    groups = [{"archetype": f"a{n % 6}" if n < 90 else "rare", "domain": f"d{n % 13}"} for n in range(96)]
    chosen = evaluate.sample([Example(str(n), "x", group=group) for n, group in enumerate(groups)], 40, seed=7)
    kinds = Counter(one.group["archetype"] for one in chosen)
    assert len(kinds) == 7 and max(kinds.values()) - min(kinds.values()) <= 1
    assert max(Counter(one.group["domain"] for one in chosen).values()) <= 4


def test_a_sampled_evaluation_says_so_and_a_whole_one_does_not(monkeypatch, settings, run):
    replay(monkeypatch, GOLD, None)
    few = replace(settings, evaluation=replace(settings.evaluation, sample=2))
    assert any("2 of 4 screens" in note and "--full" in note for note in evaluate.run(few, run, progress=False).notes)
    assert not any("sample" in note for note in evaluate.run(settings, run, progress=False).notes)


def test_no_screens_and_an_unknown_engine_are_one_line_each(settings, run, tmp_path):
    (tmp_path / "none.json").write_text("[]")
    empty = replace(settings, data=replace(settings.data, validation=str(tmp_path / "none.json")))
    with pytest.raises(DataError, match=r"none\.json"):
        evaluate.run(empty, run)
    with pytest.raises(ConfigError, match="hf, gguf"):
        evaluate.run(settings, run, engine="onnx")


def test_llama_cpp_answers_as_transformers_through_the_whole_evaluation(monkeypatch, settings, run, tmp_path, tiny_nano):
    model = seeing(tiny_nano)
    few = replace(settings.generate, max_new_tokens=5)
    settings = replace(settings, model=replace(settings.model, name=str(model)), generate=few)
    kept = cache(tmp_path / "cache", monkeypatch)
    name = engines.base(settings, "gguf").weights
    shutil.copytree(exported(tiny_nano).modelfile.parent, kept / "gguf" / name)
    through = {kind: evaluate.run(settings, run, engine=kind, progress=False).rows for kind in ("gguf", "hf")}
    assert [row.prediction for row in through["gguf"]] == [row.prediction for row in through["hf"]]
    ours, theirs = ([row.confidence for row in through[kind]] for kind in ("hf", "gguf"))
    assert ours == pytest.approx(theirs, rel=0.02)


def test_held_back_texts_are_asked_of_the_base_while_a_run_has_no_adapter_and_scored_in_their_order(settings, run, tiny_nano):
    few = replace(settings.generate, max_new_tokens=3)
    ours = replace(settings, model=replace(settings.model, name=str(tiny_nano)), generate=few)
    asked = [Example(f"text-{number}", f"A shop{'!' * number}", completion=gold) for number, gold in enumerate(GOLD[:2])]
    rows = evaluate.ask(ours, asked, run=run)
    assert [(row.id, row.gold) for row in rows] == [("text-0", GOLD[0]), ("text-1", GOLD[1])]
    assert all(row.model == "base" and row.prompt and 0 < row.confidence <= 1 for row in rows)
    assert rows[0].score["schema_score"] == 0.0 and not rows[0].valid
