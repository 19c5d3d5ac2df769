"""What notebooks display: every function shows something, strangers' text is escaped, this machine's paths stay here."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from IPython.display import HTML
from IPython.display import Image as Shown
from PIL import Image

from ghostlib import charts, machine, show, tasks
from ghostlib import config as configs
from ghostlib.corpus import records
from ghostlib.inference.evaluate import Metrics, Row
from ghostlib.inference.export import Export
from ghostlib.inference.predict import Prediction
from ghostlib.schemas import postgres
from ghostlib.tasks import ui2sql
from ghostlib.training import ladder

NASTY = "<script>alert('x')</script> & \"quoted\""
GOOD = "CREATE TABLE tags (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    name text NOT NULL\n);"
T4 = machine.Machine("Linux x86_64", "3.13.1", 2, 12.7, 60.0, "Tesla T4", (7, 5), 14.74, True)
LAPTOP = machine.Machine("Linux x86_64", "3.11.9", 2, 8.0, 30.0)


@dataclass
class Page:
    """What a cell put out: the displayed objects, and the printed text."""

    objects: list = field(default_factory=list)

    @property
    def html(self) -> str:
        return "".join(one.data for one in self.objects if type(one) is HTML)

    @property
    def pictures(self) -> list:
        return [one for one in self.objects if type(one) is Shown]


@pytest.fixture
def page(monkeypatch):
    made = Page()
    monkeypatch.setattr("IPython.display.display", lambda one, **how: made.objects.append(one))
    return made


@pytest.fixture(scope="module")
def rungs():
    return ladder.rungs(configs.plan(configs.load("t4"), "vision"), T4)


@pytest.fixture
def picture(tmp_path):
    file = tmp_path / "screen.png"
    Image.effect_noise((900, 300), 60).save(file)
    return file


def row(sql=GOOD, **others):
    valid = sql == GOOD
    score = {"schema_score": 1.0 if valid else 0.0}
    return Row(others.pop("id", "1"), "tuned", sql, GOOD, valid, score, prompt=f"question\n{NASTY}", **others)


def test_a_table_escapes_heads_and_cells_and_puts_numbers_to_the_right(page):
    show.table([{"name": NASTY, NASTY: 3, "score": "0.25"}, {"name": None, "more": 1}])
    assert "<script" not in page.html and page.html.count("&lt;script&gt;") == 2
    assert page.html.count("text-align:right") == 2
    assert page.html.count("<tr>") == 3


def test_no_rows_are_said_to_be_none(page, capsys):
    show.table([])
    assert capsys.readouterr().out == "(nothing to show)\n" and not page.objects


def test_facts_are_escaped_and_mappings_spelled_out(page):
    show.facts({NASTY: {"text": 3, "vision": NASTY}})
    assert "<script" not in page.html and "text 3, vision" in page.html


@pytest.mark.parametrize(("here", "told"), [(T4, "Tesla T4, 14.7 GiB"), (LAPTOP, "none")])
def test_hardware_names_card_and_precision_with_the_reason(page, here, told):
    show.hardware(here)
    assert told in page.html and machine.precision(here).compute in page.html
    assert ("(Colab)" in page.html) == here.colab


def test_packages_that_differ_are_listed_and_the_others_counted(page, capsys, monkeypatch):
    monkeypatch.setattr(machine, "packages", lambda: [("torch", "2", "2"), ("trl", "1", "9"), ("peft", "1", None)])
    show.packages()
    assert capsys.readouterr().out.startswith("1 of 3 packages are as pinned:")
    assert "trl" in page.html and "not installed" in page.html and "torch" not in page.html


def test_the_pins_of_this_checkout_are_read(page, capsys):
    show.packages()
    assert "packages are as pinned" in capsys.readouterr().out


def test_a_key_is_never_shown_only_its_place(page, capsys, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "sekret-1234")
    show.keys()
    assert "environment" in page.html and "nowhere" in page.html
    assert "sekret" not in page.html + capsys.readouterr().out


def test_the_ladder_points_at_the_first_rung_that_fits(page, rungs):
    show.ladder(rungs)
    assert page.html.count("→</td>") == 1
    assert page.html.count("<tr>") == len(rungs) + 1


def test_the_memory_of_a_plan_is_a_picture_with_and_without_a_limit(page, rungs):
    for limit in (14.74, 1e6, None):
        show.memory(rungs, limit, "GiB")
    show.memory(rungs[:1], 14.74)
    assert len(page.pictures) == 4


@pytest.mark.parametrize("log", [[{"step": 1, "loss": 3.0}], [{"step": n, "loss": 9 / n} for n in range(1, 90)]])
def test_a_loss_curve_is_drawn_from_one_step_on(page, log):
    show.loss(log, "phase 1")
    assert len(page.pictures) == 1
    assert charts.loss(log).width > 600


def test_a_contact_sheet_has_a_place_for_every_screen(page):
    root = configs.root() / "data"
    rows = records.read_screens(root / "validation_set" / "dataset.json")[:4]
    show.contact(rows, root)
    assert len(page.pictures) == 1
    assert charts.contact(rows, root).height > charts.contact(rows[:3], root).height


def test_examples_show_pictures_and_escape_their_text(page, picture):
    asked = [tasks.Example("1", NASTY, picture, NASTY), tasks.Example("2", "b"), tasks.Example("3", "unseen")]
    show.examples(asked, n=2)
    assert len(page.pictures) == 1 and "unseen" not in page.html
    assert "<script" not in page.html and page.html.count("&lt;script&gt;") == 2


def test_the_mask_prints_in_bold_what_counts(page, capsys):
    show.mask([("<bos>", False), ("CREATE", True), (" <b>", True)])
    assert capsys.readouterr().out.startswith("3 tokens, of which 2 count")
    assert "&lt;bos&gt;<b>CREATE</b><b> &lt;b&gt;</b>" in page.html


def test_before_and_after_need_the_same_questions(page):
    show.before_and_after([row("")], [row()])
    assert "0.00" in page.html and "1.00" in page.html and "<script" not in page.html
    with pytest.raises(ValueError):
        show.before_and_after([row()], [])


def test_answers_and_pairs_escape_what_a_model_wrote(page, picture):
    show.answers([row(NASTY), row(""), row()], n=3)
    show.pairs([row(NASTY, image=picture), row(NASTY)])
    assert "<script" not in page.html and "(nothing)" in page.html
    assert "PostgreSQL accepts it" in page.html and "PostgreSQL refuses it" in page.html
    assert len(page.pictures) == 1


@pytest.mark.parametrize("trained", [True, False])
def test_metrics_show_a_column_for_each_series_that_is_there(page, capsys, trained):
    series = {name: {"mean": 0.5, "low": 0.4, "high": 0.6} for name in ("schema_score", "validity", "exact")}
    tuned, others = series if trained else None, {"most_frequent": {}}
    found = Metrics("validation", 28, series, tuned, others, {"base": 3, "tuned": 9}, {}, (), (), ui2sql.TERMS)
    show.metrics(found)
    assert ("<th>tuned</th>" in page.html) == trained and "0.50 (0.40 to 0.60)" in page.html
    assert "28 screens; different answers: base 3" in capsys.readouterr().out


def test_a_verdict_is_words_and_every_problem(capsys):
    assert postgres.judge(GOOD).lines() == ["PostgreSQL accepts it: 1 table"]
    said, problem = postgres.judge("CREATE TABLE a (b bigint REFERENCES c (id));").lines()
    assert said == "PostgreSQL refuses it:" and "42P01" in problem
    for task in ("ui2sql", "text2sql", "qod"):
        show.trial(configs.load("nano", task=task))
        first, *others = capsys.readouterr().out.splitlines()
        assert "accepts it" in first and any("refuses it" in line for line in others) and len(others) >= 2, task


def test_an_export_shows_sizes_and_the_modelfile_but_no_path_of_this_machine(page, capsys):
    folder = configs.output() / "some-run" / "gguf"
    folder.mkdir(parents=True)
    for name in ("text.gguf", "mmproj.gguf", "Modelfile"):
        (folder / name).write_text("FROM ./text.gguf")
    for eyes in (folder / "mmproj.gguf", None):
        show.export(Export(folder / "text.gguf", eyes, folder / "Modelfile", 1.0))
    told = page.html + capsys.readouterr().out
    assert "output/some-run/gguf/text.gguf" in told and "FROM ./text.gguf" in told
    assert str(configs.output().parent) not in told


@pytest.mark.parametrize(("sql", "shown"), [(GOOD, 2), (NASTY, 1)])
def test_a_prediction_shows_the_screen_the_sql_the_verdict_and_the_tables(page, capsys, picture, sql, shown):
    verdict = postgres.judge(sql)
    made = Prediction(str(picture), sql, verdict.valid, verdict.problems, verdict.schema, 0.9, 1.2, "gguf", "nano")
    show.prediction(made)
    show.prediction(replace(made, image="upload"), picture.read_bytes())
    told = capsys.readouterr().out
    assert len(page.pictures) == 2 * shown
    assert ("accepts it" if verdict.valid else "refuses it") in told and str(picture.parent) not in told
    codes = [one for one in page.objects if isinstance(one, dict)]
    assert [one["text/plain"] for one in codes] == [sql, sql]
    assert all("<script" not in one["text/html"] and "color: #" in one["text/html"] for one in codes)


def test_a_wide_picture_is_shown_narrower_and_a_figure_as_it_is(page, picture, tmp_path):
    show.picture(picture, wide=300)
    show.picture(Image.open(picture))
    show.figure(picture)
    widths = []
    for number, one in enumerate(page.pictures):
        (tmp_path / f"{number}.png").write_bytes(one.data)
        widths.append(Image.open(tmp_path / f"{number}.png").width)
    assert widths == [300, 720, 900]


def test_settings_name_the_profile_and_the_trinity(page):
    show.settings(configs.load("nano", reason=NASTY))
    assert "DoRA on" in page.html and "rsLoRA on" in page.html and "<script" not in page.html


def test_where_leaves_out_what_belongs_to_this_machine(tmp_path):
    assert show.where(configs.output() / "a-run" / "metrics.json") == "output/a-run/metrics.json"
    assert show.where(configs.output()) == "output"
    assert show.where(configs.root() / "data" / "dataset.json") == "data/dataset.json"
    assert show.where(tmp_path / "elsewhere" / "x.png") == "x.png"
    assert show.where(Path("relative.txt")) == "relative.txt"


def test_no_notebook_output_is_larger_than_a_page_of_pictures_may_be(page, rungs):
    show.memory(rungs, 14.74)
    assert len(page.pictures[0].data) < 300_000
    assert json.dumps(page.html) == '""'
