"""`ghost predict` and `ghost repl`, on a model of random weights or on one that says what a test wants."""

import io
import json
import sqlite3

import pytest
from exporting import exported, screen
from PIL import Image

from ghostlib import cli
from ghostlib.inference import backends
from ghostlib.inference.backends import Backend
from ghostlib.models.generate import Answer

TAGS = "CREATE TABLE tags (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    name text NOT NULL UNIQUE\n);"
INDEXED = f"{TAGS}\n\nCREATE INDEX ON tags (name);"
TWICE = "CREATE TABLE tags (\n    name text,\n    name text\n);"
WITH_COLOUR = TAGS.replace("UNIQUE", "UNIQUE,\n    color text")
FEW = ["--profile", "nano", "--set", "data.reading=none"]


class Speaker:
    """A model that says one answer after another, the last one for ever."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def ask(self, example, held):
        self.asked.append((example, held))
        return Answer(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0], 0.5, 0.01, 9)


@pytest.fixture
def says(monkeypatch):
    def said(*answers):
        speaker = Speaker(*answers)
        monkeypatch.setattr(backends, "opened", lambda name, config, model=None: Backend(name, "speaker", True, speaker.ask))
        return speaker

    return said


def test_a_refused_answer_is_shown_to_the_model_with_postgresqls_words_and_the_repair_is_taken(says, tmp_path, capsys):
    speaker = says(TWICE, TAGS)
    assert cli.main(["predict", str(screen(tmp_path)), "--json", *FEW]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["valid"], told["attempts"], told["sql"]) == (True, 2, TAGS)
    question, held = speaker.asked[1]
    assert held and question.image is None and TWICE in question.prompt
    assert "ERROR:" in question.prompt and "42701" in question.prompt and "LINE 3: name text" in question.prompt


def test_two_rounds_at_most_none_where_none_is_wished_and_the_first_answer_stands(says, tmp_path, capsys):
    broken = [TWICE.replace("tags", f"tags_{n}") for n in range(9)]
    for wished, times in (("2", 3), ("1", 2), ("0", 1)):
        speaker = says(*broken)
        assert cli.main(["predict", str(screen(tmp_path)), "--json", "--repairs", wished, *FEW]) == 1
        (told,) = json.loads(capsys.readouterr().out)
        assert (told["attempts"], len(speaker.asked), told["sql"]) == (times, times, broken[0])
        assert told["evidence"] == [] and told["problems"][0]["sqlstate"] == "42701"


def test_the_same_answer_again_ends_the_rounds_and_a_repair_that_throws_the_schema_away_is_none(says, tmp_path, capsys):
    for second, times in ((TWICE, 2), ("CREATE TABLE z (\n    q text\n);", 2)):
        speaker = says(TWICE.replace("    name text\n", "    name text,\n    colour text,\n    weight text\n"), second, second)
        cli.main(["predict", str(screen(tmp_path)), "--json", *FEW])
        (told,) = json.loads(capsys.readouterr().out)
        assert not told["valid"] and "colour" in told["sql"]
        assert len(speaker.asked) <= times + 1


def test_where_its_sql_is_refused_the_models_own_list_is_written_by_rule_and_this_is_said(says, tmp_path, capsys):
    listed = "# tags\nname: text, required\nname: text, required\n# posts\ntag_id: link tags"
    speaker = says(f"{listed}\n\n{TWICE}", TAGS)
    assert cli.main(["predict", str(screen(tmp_path)), "--json", *FEW]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["valid"], told["attempts"], len(speaker.asked)) == (True, 1, 1)
    assert told["sql"].count("    name text NOT NULL") == 1 and "REFERENCES tags" in told["sql"]
    assert "by rule" in told["notes"][0]
    says(f"{listed}\n\n{TWICE}")
    assert cli.main(["predict", str(screen(tmp_path)), "--json", "--repairs", "0", *FEW]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["valid"], told["sql"], told["notes"]) == (False, TWICE, [])


def test_sql_that_is_accepted_stands_whatever_the_list_before_it_says(says, tmp_path, capsys):
    says(f"# other\nthing: text\n\n{TAGS}")
    assert cli.main(["predict", str(screen(tmp_path)), "--json", *FEW]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["sql"], told["notes"]) == (TAGS, [])


def test_free_asks_without_the_grammar(says, tmp_path, capsys):
    speaker = says(TAGS)
    cli.main(["predict", str(screen(tmp_path)), "--free", *FEW])
    assert [held for _, held in speaker.asked] == [False]
    assert "PostgreSQL accepts it" in capsys.readouterr().out


def test_indexes_and_constraints_are_left_out_on_request(says, tmp_path, capsys):
    says(INDEXED)
    for options, lacking, there in ((["--no-indexes"], "INDEX", "UNIQUE"), (["--no-constraints"], "UNIQUE", "INDEX")):
        cli.main(["predict", str(screen(tmp_path)), "--as", "sql", *options, *FEW])
        told = capsys.readouterr().out
        assert lacking not in told and there in told and "PRIMARY KEY" in told


@pytest.mark.parametrize("form", ["sql", "json", "mermaid", "sqlalchemy", "mysql", "sqlite"])
def test_every_form_of_text_goes_to_the_screen(says, tmp_path, capfdbinary, form):
    says(TAGS)
    assert cli.main(["predict", str(screen(tmp_path)), "--as", form, *FEW]) == 0
    told = capfdbinary.readouterr().out.decode()
    assert "tags" in told.lower()
    if form == "sqlite":
        sqlite3.connect(":memory:").executescript(told)
    if form == "json":
        assert json.loads(told)["tables"][0]["name"] == "tags"


@pytest.mark.parametrize("form", ["png", "overlay"])
def test_pictures_go_to_a_file_or_a_folder_and_an_overlay_to_nothing_else(says, tmp_path, capsys, form):
    says(TAGS)
    out = tmp_path / "deep" / "one.png"
    assert cli.main(["predict", str(screen(tmp_path)), "--as", form, "--out", str(out), *FEW]) == 0
    assert Image.open(out).format == "PNG"
    shots = [str(screen(tmp_path, number)) for number in range(2)]
    place = tmp_path / "many"
    assert cli.main(["predict", *shots, "--as", form, "--out", str(place), *FEW]) == 0
    assert len(list(place.glob("screen-*.png"))) == 2
    if form == "overlay":
        assert cli.main(["predict", shots[0], "--as", form, *FEW]) == 2
        assert "--out" in capsys.readouterr().err


def test_a_folder_becomes_json_lines_and_the_same_command_goes_on(says, tmp_path, capsys):
    speaker = says(TAGS)
    place, out = tmp_path / "shots", tmp_path / "a.jsonl"
    place.mkdir()
    for number in range(3):
        screen(place, number)
    for _ in range(2):
        assert cli.main(["predict", str(place), "--out", str(out), *FEW]) == 0
    assert len(out.read_text().splitlines()) == 3 == len(speaker.asked)
    assert "3 known already" in capsys.readouterr().out
    assert cli.main(["predict", str(place), *FEW]) == 0
    assert (tmp_path / "output" / "predictions" / "shots.jsonl").is_file()


def test_a_broken_picture_among_others_is_a_line_and_alone_it_is_the_error(says, tmp_path, capsys):
    says(TAGS)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"%PDF-1.7")
    assert cli.main(["predict", str(screen(tmp_path)), str(bad), *FEW]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert cli.main(["predict", str(bad), *FEW]) == 2


def test_the_prompt_can_be_had_without_any_model(tmp_path, capsys):
    assert cli.main(["predict", str(screen(tmp_path)), "--prompt", "--profile", "nano"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["prompt"].startswith("Write the PostgreSQL schema") and "order name 0" in told["prompt"]
    assert told["picture"].startswith("data:image/png;base64,")


def test_a_real_model_answers_by_the_command_line(tiny_nano, tmp_path, capsys):
    model = str(exported(tiny_nano).modelfile.parent)
    few = [*FEW, "--set", "generate.max_new_tokens=4", "--model", model]
    assert cli.main(["predict", str(screen(tmp_path)), "--json", *few]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert told["sql"].startswith("CREATE TABLE") and any("cut off" in note for note in told["notes"])


def talk(monkeypatch, capsys, lines):
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines) + "\n"))
    code = cli.main(["repl", *FEW])
    return code, capsys.readouterr().out


def test_a_talk_begins_with_a_picture_changes_the_schema_and_takes_it_back(says, tmp_path, capsys, monkeypatch):
    speaker = says(TAGS, WITH_COLOUR)
    saved = tmp_path / "s.sql"
    lines = [str(screen(tmp_path)), "add a colour to every tag", ":undo", ":undo", f":save {saved}", ":quit", "never said"]
    code, told = talk(monkeypatch, capsys, lines)
    assert code == 0 and "color text" in told and saved.read_text() == TAGS + "\n"
    question, _ = speaker.asked[1]
    assert question.prompt.endswith(f"{TAGS}\n\nadd a colour to every tag") and len(speaker.asked) == 2


def test_a_change_that_postgresql_refuses_is_told_and_not_taken(says, tmp_path, capsys, monkeypatch):
    says(TAGS, TWICE)
    code, told = talk(monkeypatch, capsys, [str(screen(tmp_path)), "say the name twice", ":sql"])
    assert "stays as it was" in told and told.rstrip().endswith(TAGS) and code == 0


def test_whatever_goes_wrong_in_a_talk_is_one_line_and_the_talk_goes_on(says, tmp_path, capsys, monkeypatch):
    says(TAGS)
    lines = ["add tags", ":sql", ":dance", str(tmp_path / "no.png"), str(screen(tmp_path)), ":save", ":save /no/such/place.sql"]
    code, told = talk(monkeypatch, capsys, lines)
    assert code == 0 and told.count("ghost: ") == 6 and "Traceback" not in told and TAGS in told
    assert talk(monkeypatch, capsys, [":quit"])[0] == 1
