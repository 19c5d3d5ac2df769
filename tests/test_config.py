"""Profiles, overrides, scale and folders: what is right loads, and every mistake is one line with the way out."""

import dataclasses
import os

import pytest

from ghostlib import config
from ghostlib.errors import ConfigError


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project of its own: write profiles into `configs/`."""
    (tmp_path / "project" / "configs").mkdir(parents=True)
    monkeypatch.setenv("GHOST_ROOT", str(tmp_path / "project"))
    return tmp_path / "project"


def refusal(*words, **named):
    with pytest.raises(ConfigError) as told:
        config.load(*words, **named)
    assert "\n" not in str(told.value), "an error is one line"
    return str(told.value)


@pytest.mark.parametrize("name", config.profiles())
@pytest.mark.parametrize("scale", ["full", "smoke"])
def test_every_shipped_profile_loads_at_both_scales(name, scale):
    made = config.load(name, scale=scale)
    assert (made.profile, made.scale) == (name, scale)
    assert made.lora.modules and made.train.learning_rate > 0
    for phase in ("text", "vision"):
        plan = config.plan(made, phase)
        assert plan.phase == phase and plan.rank == made.lora.rank and plan.model == made.model.name


def test_the_three_profiles_of_the_house_are_there():
    assert {"nano", "t4", "a10g"} <= set(config.profiles())


def test_nano_needs_no_gpu_and_the_others_do():
    assert {name: config.load(name).needs_gpu for name in ("nano", "t4", "a10g")} == {"nano": False, "t4": True, "a10g": True}


def test_vision_layers_are_trained_in_the_vision_phase_alone():
    made = config.load("a10g")
    assert not config.plan(made, "text").vision_layers
    assert config.plan(made, "vision").vision_layers


def test_an_unknown_profile_names_the_nearest_and_all_there_are():
    told = refusal("nnao")
    assert "profile nnao" in told and "did you mean nano?" in told and "t4" in told


def test_a_profile_that_is_a_path_is_unknown():
    assert "does not exist" in refusal("../configs/nano")


@pytest.mark.parametrize(
    ("override", "nearest"),
    [
        ("train.max_step=3", "train.max_steps"),
        ("trian.max_steps=3", "train"),
        ("lora.rnk=8", "lora.rank"),
        ("modle.name=x", "model"),
    ],
)
def test_an_unknown_key_names_the_nearest(override, nearest):
    told = refusal("nano", overrides=[override])
    assert override.split("=")[0] in told or override.split(".")[0] in told
    assert f"did you mean {nearest}?" in told


def test_a_key_like_no_other_lists_those_that_exist():
    assert "known: rank, alpha" in refusal("nano", overrides=["lora.zzzzzz=1"])


def test_an_unknown_key_in_a_profile_names_the_profile(project):
    (project / "configs" / "mine.yaml").write_text("train: {max_stepz: 3}\n")
    assert refusal("mine") == "profile mine: unknown key train.max_stepz (did you mean train.max_steps?)"


def test_yaml_that_does_not_parse_names_line_and_column(project):
    (project / "configs" / "mine.yaml").write_text("needs_gpu: false\ntrain: {max_steps: 3\nlora: {rank: 8}\n")
    told = refusal("mine")
    assert "mine.yaml: is not YAML at line 3, column" in told


def test_a_tab_in_yaml_names_its_line(project):
    (project / "configs" / "mine.yaml").write_text("train:\n\tmax_steps: 3\n")
    assert "line 2, column 1" in refusal("mine")


def test_yaml_cannot_run_anything(project):
    (project / "configs" / "mine.yaml").write_text("seed: !!python/object/apply:os.system ['touch /nowhere/x']\n")
    assert "is not YAML" in refusal("mine")


def test_a_profile_that_is_a_list_or_not_text_is_refused(project):
    (project / "configs" / "list.yaml").write_text("- a\n- b\n")
    (project / "configs" / "bytes.yaml").write_bytes(b"\xff\xfe\x00seed: 3")
    assert "expected keys and values" in refusal("list")
    assert "cannot be read" in refusal("bytes") or "is not YAML" in refusal("bytes")


def test_an_empty_profile_is_the_defaults(project):
    (project / "configs" / "mine.yaml").write_text("# nothing differs\n")
    assert config.load("mine") == config.Config("mine")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("train.max_steps=many", "expected int, not str"),
        ("train.max_steps=2.5", "expected int, not float"),
        ("train.max_steps=true", "expected int, not bool"),
        ("train.learning_rate=fast", "expected a number"),
        ("lora.dora=1", "expected bool, not int"),
        ("lora.modules=q", "expected a list of words"),
        ("lora.modules=[q, 3]", "expected a list of words"),
        ("model=nano", "holds keys of its own, for example model.name"),
        ("seed={a: 1}", "expected int, not dict"),
        ("model.name=null", "expected str, not NoneType"),
    ],
)
def test_a_value_of_the_wrong_type_says_what_was_expected(override, expected):
    told = refusal("nano", overrides=[override])
    assert expected in told and "profile nano" in told


@pytest.mark.parametrize("override", ["train.max_steps", "=3", ""])
def test_an_override_without_key_and_value_shows_how(override):
    assert "expected key=value" in refusal("nano", overrides=[override])


def test_an_override_that_is_no_yaml_is_refused():
    assert "is not YAML" in refusal("nano", overrides=["lora.modules=[q"])


def test_overrides_lie_over_scale_and_scale_over_the_profile():
    assert config.load("nano", scale="full").train.max_steps == -1
    assert config.load("nano", scale="smoke").train.max_steps == 3
    both = config.load("nano", scale="smoke", overrides=["train.max_steps=60", "train.max_steps=61"])
    assert both.train.max_steps == 61, "the last one counts"
    assert both.train.checkpoint_steps == 2, "the rest of the scale stays"
    assert both.train.batch_size == 8, "and so does the rest of the profile"


def test_numbers_as_yaml_reads_them_become_what_the_key_wants():
    made = config.load("nano", overrides=["train.learning_rate=2e-4", "train.epochs=3", "lora.modules=[q, v]"])
    assert (made.train.learning_rate, made.train.epochs, made.lora.modules) == (2e-4, 3.0, ("q", "v"))


def test_the_scale_comes_from_the_environment_unless_named(monkeypatch):
    monkeypatch.setenv("GHOST_SCALE", "smoke")
    assert config.load("nano").scale == "smoke"
    assert config.load("nano", scale="full").scale == "full"
    monkeypatch.setenv("GHOST_SCALE", "tiny")
    assert "neither smoke nor full" in refusal("nano")


def test_smoke_takes_every_step_but_each_a_short_one():
    full, smoke = config.load("nano", scale="full"), config.load("nano", scale="smoke")
    for phase in ("text", "vision"):
        assert 0 < smoke.steps(phase) < full.steps(phase)
    assert 0 < smoke.evaluation.sample and smoke.model == full.model and smoke.lora == full.lora


def test_a_saved_config_reads_back_equal(tmp_path):
    for name in config.profiles():
        made = config.load(name, scale="smoke", overrides=["seed=11"], reason="a reason: with 'quotes' and ümlaut")
        config.save(made, tmp_path / "config.yaml")
        assert config.from_file(tmp_path / "config.yaml") == made


def test_a_resolved_config_holds_every_default():
    written = config.load("t4").as_dict()
    assert set(written) == {field.name for field in dataclasses.fields(config.Config)}
    assert written["lora"]["modules"] == list(config.LANGUAGE_PROJECTIONS)


def test_a_config_cannot_be_changed_afterwards():
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.load("nano").train.max_steps = 5


def test_a_missing_config_file_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        config.from_file(tmp_path / "nothing.yaml")


def test_the_root_is_found_upwards_from_here_and_from_anywhere_else(monkeypatch, tmp_path):
    here = config.root()
    assert (here / "pyproject.toml").is_file()
    monkeypatch.chdir(here / "ghostlib" / "schemas")
    assert config.root() == here
    monkeypatch.chdir(tmp_path)
    assert config.root() == here, "outside of any checkout the code's own is taken"


def test_ghost_root_names_a_checkout_and_nothing_else(monkeypatch, tmp_path, project):
    assert config.root() == project.resolve()
    monkeypatch.setenv("GHOST_ROOT", str(tmp_path / "elsewhere"))
    with pytest.raises(ConfigError, match="no configs/ in that folder"):
        config.root()


def test_ghost_output_moves_the_runs_and_is_not_made_by_asking(monkeypatch, tmp_path):
    monkeypatch.setenv("GHOST_OUTPUT", str(tmp_path / "a" / ".." / "runs"))
    assert config.output() == (tmp_path / "runs").resolve()
    assert not os.path.exists(config.output())
    monkeypatch.delenv("GHOST_OUTPUT")
    assert config.output() == config.root() / "output"
