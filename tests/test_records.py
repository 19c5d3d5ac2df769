"""Records on disk: three shapes in, one out, and every broken file is one line that names the row."""

import json
import os

import pytest
from PIL import Image

from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.reading import Line, Reading, fingerprint, ocr_version
from ghostlib.corpus.records import (
    INSTRUCTION,
    Label,
    Screen,
    Text,
    picture_file,
    read_rows,
    read_screens,
    read_texts,
    save,
    stored_reading,
)
from ghostlib.errors import DataError

SQL = "CREATE TABLE tags (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY\n);"


def file_of(tmp_path, content, name="rows.json"):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def complaint(read, path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_full_screen_survives_saving_and_reading_unchanged(tmp_path):
    lines = (Line("Kundennummer (größe) 客户", (1, 2, 3, 4)), Line('a "quote" \\ tab', (0, 0, 9, 9), 0.931))
    screen = Screen(
        "ui_screenshots/a.png",
        INSTRUCTION,
        SQL,
        "shop",
        {"elements": ["form"], "complexity": {"tables": 1}},
        "form",
        "validation",
        "teacher",
        (Label("tags", "name", "Name", (1, 2, 3, 4)),),
        lines,
        Reading(lines, "ab12", "rapidocr 1"),
    )
    path = save([screen, Screen("b.png", output=SQL)], tmp_path / "new" / "d.json")
    assert read_screens(path) == [screen, Screen("b.png", output=SQL)]
    assert json.loads(path.read_text(encoding="utf-8"))[0]["labels"][0]["column"] == "name"


def test_the_three_historical_shapes_of_a_screen_read_the_same(tmp_path):
    chat = {
        "messages": [
            {"role": "user", "content": [{"type": "image", "image": "a.png"}, {"type": "text", "text": INSTRUCTION}]},
            {"role": "assistant", "content": [{"type": "text", "text": SQL}]},
        ]
    }
    rows = [
        {"image_path": "a.png", "instruction": INSTRUCTION, "output": SQL, "domain": "", "ui_analysis": {}},
        {"image_path": "a.png", "ui_analysis": {}, "sql_schema": SQL},
        chat,
        {
            "image": "a.png",
            "messages": [{"role": "user", "content": INSTRUCTION}, {"role": "assistant", "content": SQL}],
        },
    ]
    assert set(map(repr, read_screens(file_of(tmp_path, rows)))) == {repr(Screen("a.png", output=SQL))}


def test_strangers_rows_are_read_one_by_one_in_mixed_shapes_with_their_paths_as_they_stand(tmp_path):
    parts = [{"type": "image", "image": "data/a.png", "text": ""}, {"type": "text", "text": "Write."}]
    rows = [
        {"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": SQL}]},
        {"instruction": "Write.", "input": "", "output": SQL},
        {"image_path": "https://example.com/a.png", "ui_analysis": "a landing page", "sql_schema": SQL},
        {"image_path": "/etc/passwd", "output": SQL},
        {"image_path": "a.png", "output": SQL, "labels": "none"},
        None,
    ]
    found = list(read_rows(file_of(tmp_path, rows)))
    assert [one.image_path for one in found if isinstance(one, Screen)] == [
        "data/a.png", "https://example.com/a.png", "/etc/passwd"]  # fmt: skip
    assert found[1] == Text("Write.", "", SQL) and found[2].ui_analysis == {"description": "a landing page"}
    assert [isinstance(one, str) for one in found] == [False] * 4 + [True] * 2 and "label" in found[4]
    with pytest.raises(DataError, match="not a path below"):
        picture_file(found[3], tmp_path)


def test_a_broken_json_line_is_named_by_its_number(tmp_path):
    assert "line 3" in complaint(read_texts, file_of(tmp_path, '{"instruction": "a", "output": "b"}\n\n{"x":\n', "rows.jsonl"))


def test_texts_read_as_rows_as_chat_and_as_json_lines_and_are_written_with_three_fields(tmp_path):
    rows = [
        {"instruction": "Write.", "input": "", "output": SQL},
        {"messages": [{"role": "user", "content": "Write."}, {"role": "assistant", "content": SQL}]},
    ]
    lines = file_of(tmp_path, "\n".join(map(json.dumps, rows)) + "\n\n", "rows.jsonl")
    texts = read_texts(lines)
    assert texts == [Text("Write.", "", SQL)] * 2
    assert [list(row) for row in json.loads(save(texts, tmp_path / "t.json").read_text())] == [
        ["instruction", "input", "output"]
    ] * 2


@pytest.mark.parametrize(
    "image_path",
    [
        "../secret.png",
        "a/../../secret.png",
        "/etc/passwd",
        "C:\\a.png",
        "a\\..\\b.png",
        "file:///etc/passwd",
        "",
        "a\0.png",
    ],
)
def test_a_path_that_leaves_the_data_folder_is_refused(tmp_path, image_path):
    path = file_of(tmp_path, [{"image_path": "a.png", "output": SQL}, {"image_path": image_path, "output": SQL}])
    assert "row 2" in complaint(read_screens, path)


def test_a_symbolic_link_cannot_lead_a_picture_out_of_the_data_folder(tmp_path):
    (tmp_path / "data").mkdir()
    os.symlink("/etc", tmp_path / "data" / "link")
    with pytest.raises(DataError, match="leads out"):
        picture_file(Screen("link/passwd", output=SQL), tmp_path / "data")
    assert picture_file(Screen("x/a.png", output=SQL), tmp_path / "data") == tmp_path.resolve() / "data/x/a.png"


def test_a_missing_file_and_broken_json_are_one_line_with_the_place(tmp_path):
    assert "nowhere.json" in complaint(read_texts, tmp_path / "nowhere.json")
    assert "line 2" in complaint(read_texts, file_of(tmp_path, '[\n{"instruction": }]'))
    assert "not a list" in complaint(read_texts, file_of(tmp_path, {"rows": []}))
    assert "nested" in complaint(read_texts, file_of(tmp_path, "[" * 200_000))
    assert "cannot be read" in complaint(read_texts, tmp_path)
    (tmp_path / "latin.json").write_bytes(b'["caf\xe9"]')
    assert "UTF-8" in complaint(read_texts, tmp_path / "latin.json")


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (7, "object"),
        ({"image_path": "a.png"}, "output"),
        ({"image_path": 3, "output": SQL}, "image_path"),
        ({"image_path": "a.png", "output": None}, "output"),
        ({"image_path": "a.png", "output": SQL, "ui_analysis": [1]}, "ui_analysis"),
        ({"image_path": "a.png", "output": SQL, "lines": [{"text": "x"}]}, "line"),
        ({"image_path": "a.png", "output": SQL, "lines": [{"text": "x", "box": [1, 2, 3]}]}, "box"),
        ({"image_path": "a.png", "output": SQL, "labels": ["x"]}, "label"),
        ({"image_path": "a.png", "output": SQL, "size": [1280]}, "size"),
        ({"messages": []}, "assistant"),
        ({"messages": [{"role": "assistant", "content": SQL}]}, "image_path"),
        ({"messages": {"role": "user"}}, "messages"),
        ({"messages": [{"role": "user", "content": 5}]}, "content"),
    ],
)
def test_a_wrong_row_is_one_line_that_names_the_row_and_the_field(tmp_path, row, word):
    message = complaint(read_screens, file_of(tmp_path, [{"image_path": "a.png", "output": SQL}, row]))
    assert "row 2" in message and word in message


def test_saving_keeps_the_old_file_when_it_fails_and_leaves_no_rest_behind(tmp_path, monkeypatch):
    path = save([Text("a", "", SQL)], tmp_path / "d.json")
    before = path.read_text()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ghostlib.corpus.jsonfiles.os.replace", full_disk)
    with pytest.raises(DataError, match="No space left"):
        save([Text("b", "", SQL)], path)
    assert path.read_text() == before and [file.name for file in tmp_path.iterdir()] == ["d.json"]


def test_a_validation_record_finds_its_picture_from_its_own_folder_and_from_the_data_folder(tmp_path):
    (tmp_path / "validation_set").mkdir()
    (tmp_path / "validation_set" / "a.png").write_bytes(b"x")
    for image_path in ("validation_set/a.png", "a.png"):
        found = picture_file(Screen(image_path, output=SQL), tmp_path / "validation_set")
        assert found == tmp_path.resolve() / "validation_set" / "a.png"


def test_a_stored_reading_is_used_for_its_own_picture_and_read_anew_for_another(tmp_path):
    for name, colour in (("a.png", "white"), ("b.png", "grey")):
        Image.new("RGB", (64, 48), colour).save(tmp_path / name)
    kept = Reading((Line("Stored", (1, 2, 3, 4)),), fingerprint(open_picture(tmp_path / "a.png")), ocr_version())
    screen = Screen("a.png", output=SQL, reading=kept)
    assert stored_reading(screen, tmp_path / "a.png") == (kept.lines, (64, 48))
    assert stored_reading(screen, tmp_path / "b.png") == ((), (64, 48))
