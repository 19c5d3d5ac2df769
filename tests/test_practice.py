"""The exercises that nano is pretrained on: endless, repeatable, valid, and without the validation domains."""

import itertools
import random
import re
from dataclasses import replace

import pytest

from ghostlib.corpus import invented, laid, lists, practice, reading, records
from ghostlib.corpus.reading import LIMIT, Line
from ghostlib.corpus.screens import archetypes, truth
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, VALIDATION
from ghostlib.corpus.screens.notation import Attribute, Domain, Entity
from ghostlib.schemas import ddl, postgres
from ghostlib.schemas.schema import Column, Schema, Table


@pytest.fixture(scope="module")
def exercises(laid_pages):
    return list(practice.stream(11, laid_pages, limit=400))


def of(exercises, head):
    return [one for one in exercises if one.prompt.startswith(head)]


def test_the_same_seed_draws_the_same_stream_and_another_seed_another(exercises, laid_pages):
    assert list(practice.stream(11, laid_pages, limit=25)) == exercises[:25]
    assert list(practice.stream(12, laid_pages, limit=25)) != exercises[:25]


def test_a_limit_ends_the_stream_and_without_one_it_goes_on(laid_pages):
    assert list(practice.stream(1, laid_pages, limit=0)) == []
    assert len(list(itertools.islice(practice.stream(1, laid_pages), 30))) == 30


def test_a_page_that_comes_again_was_misread_in_another_way(exercises):
    assert len(set(exercises)) > 0.9 * len(exercises)


def test_every_exercise_is_one_of_the_six_kinds(exercises):
    copied = of(exercises, practice.COPY)
    reads = [one for one in exercises if one.completion.startswith("# ") and one not in copied]
    begun, writes = [one for one in exercises if one.begun], of(exercises, practice.WRITE)
    style, told = [one for one in exercises if not one.prompt], of(exercises, practice.FACTS)
    assert len(reads) + len(copied) + len(begun) + len(writes) + len(style) + len(told) == len(exercises)
    assert len(reads) > 0.3 * len(exercises) and len(copied) > 0.1 * len(exercises)
    assert len(begun) > 4 * len(writes) > 0 < len(style) and told
    assert all(one.completion for one in exercises)


def test_no_screen_is_answered_with_sql(exercises):
    for one in exercises:
        if "CREATE TABLE" in one.completion and one.prompt:
            assert one.prompt.startswith(practice.WRITE) or one.begun


def test_after_a_list_and_a_blank_line_stand_the_names_of_its_tables(exercises):
    told = of(exercises, practice.TELL)
    assert len(told) > 10
    for one in told:
        listed, _, names = one.completion.partition("\n\n")
        assert names.split(", ") == re.findall(r"(?m)^# (.+)", listed) != []


def test_of_a_list_that_nobody_could_know_the_sql_alone_is_to_be_learned(exercises):
    begun = [one for one in exercises if one.begun]
    assert all(one.begun.startswith("# ") and one.begun.endswith("\n\n") for one in begun)
    assert all(one.completion == ddl.canonical(lists.schema(one.begun)) for one in begun)


def test_of_its_own_list_nano_writes_each_thing_once_whatever_the_list_repeats(laid_pages):
    own = practice.Own("List.\n0,0 a screen", "# orders\nnote: text\nnote: money\nwithout a colon\n# orders\ntotal: money")
    begun = [one for one in practice.stream(2, laid_pages, own=[own], limit=60) if one.begun.startswith(own.listed)]
    assert begun and all(one.prompt.endswith("\n0,0 a screen") for one in begun)
    for one in begun:
        assert one.completion.count("note") == 1 == one.completion.count("CREATE TABLE"), one.completion
        assert "total numeric(10,2)" in one.completion and "without" not in one.completion


def test_such_lists_follow_any_question_but_that_of_the_task(exercises):
    asked = [one.prompt.split("\n")[0] for one in exercises if one.begun]
    assert {practice.INVENT, practice.LIST} < set(asked) and len(set(asked)) > 0.5 * len(asked)
    assert not any(records.INSTRUCTION in one.prompt for one in exercises)


def test_the_list_that_an_answer_begins_with_is_not_the_list_of_the_screen_beside_it(laid_pages, exercises):
    listed = {page.listed for page in laid_pages}
    begun = [one for one in exercises if one.begun]
    assert sum(len(re.findall(r"(?m)^\d+,\d+ ", one.prompt)) > 2 for one in begun) > 0.6 * len(begun)
    assert sum(one.begun.strip() in listed for one in begun) < 0.05 * len(begun)


def test_a_screen_is_listed_whatever_is_asked_and_where_nothing_is(exercises):
    asked = {one.prompt.split("\n")[0] for one in exercises if one.completion.startswith("# ")}
    assert asked > {words for words in practice.ASKED if words} | {practice.TELL}
    assert any(one.prompt[:1].isdigit() for one in exercises if one.completion.startswith("# "))


def test_no_option_is_to_be_listed_that_the_prompt_does_not_show(exercises):
    choices = 0
    for one in exercises:
        if one.completion.startswith("# ") and not one.begun:
            for options in re.findall(r": choice ([^\n,]+)", one.completion):
                choices += 1
                assert all(option.replace("_", " ") in one.prompt for option in options.split(" / ")), (one.prompt, options)
    assert choices > 60


def test_a_page_with_a_picture_comes_with_other_words_and_its_widgets_where_they_are(laid_pages, tmp_path):
    """A picture of 256 pixels shows where a switch is, and no word that anyone could read."""
    page = replace(next(one for one in laid_pages if one.domain == "invented" and one.widgets), picture=tmp_path / "one.png")
    looked = [one for one in practice.stream(4, laid_pages, [page], limit=300) if one.picture]
    told, asked = of(looked, practice.LOOK), of(looked, practice.POINT)
    read = [one for one in looked if one not in (*told, *asked)]
    assert {one.completion for one in told} == {practice.widgets(page)}
    assert all(one.completion.startswith("# ") for one in read) and len({one.completion for one in read}) > 0.7 * len(read)
    assert 0.25 < len(asked) / len(looked) < 0.45 and 120 < len(looked) < 180


def test_what_is_at_a_place_is_every_widget_there_and_text_where_there_is_none():
    lines = tuple(Line("a", box) for box in ((0, 0, 9, 9), (200, 0, 220, 9), (0, 300, 9, 320)))
    widgets = (("link", (205, 2, 220, 9)), ("avatar", (201, 2, 204, 9)), ("switch", (310, 310, 318, 318)))
    page = laid.Page("form", "invented", (320, 320), lines, "", "", widgets)
    assert practice.pointed(page, random.Random(1)) == (
        "0,0\n0,10\n30,0\n31,15",
        "0,0 text\n0,10 avatar, link\n30,0 text\n31,15 switch",
    )


def test_no_more_places_are_asked_for_than_there_is_room(laid_pages):
    rng = random.Random(2)
    counts = [len(practice.pointed(page, rng)[0].split("\n")) for page in laid_pages]
    assert max(counts) == practice.MOST_WIDGETS and min(counts) > 3


def test_of_places_alone_no_more_than_a_third_are_texts_where_a_page_has_widgets_enough(laid_pages):
    rng = random.Random(3)
    asked = [practice.pointed(page, rng)[1].split("\n") for page in laid_pages]
    texts = [sum(line.endswith(" text") for line in lines) for lines in asked]
    crowded = [(few, len(lines)) for few, lines in zip(texts, asked, strict=True) if len(lines) - few >= 12]
    assert len(crowded) > 10 and all(3 * few <= places + 2 for few, places in crowded)


def test_beside_a_reading_its_own_places_are_asked_for_in_its_order(laid_pages):
    for page in itertools.islice(laid_pages, 40):
        shown = reading.prompt(page.lines, page.size)
        asked, told = practice.pointed(page, random.Random(2), shown)
        places = [line.split(" ", 1) for line in told.split("\n")]
        everywhere = dict(line.split(" ", 1) for line in practice.pointed(page, Everything(), "")[1].split("\n"))
        assert asked == shown and 0 < len(places) <= practice.MOST_WIDGETS
        assert [shown.index(f"{place} ") for place, _ in places] == sorted(shown.index(f"{place} ") for place, _ in places)
        assert all(everywhere.get(place, kinds) == kinds for place, kinds in places)


class Everything(random.Random):
    """A chance that leaves nothing out that there is room for."""

    def sample(self, population, k, **more):
        return list(population)[:k]


def test_what_is_written_of_a_list_says_no_more_than_the_list_does(exercises):
    for one in of(exercises, practice.WRITE):
        listed = one.prompt.split("\n", 1)[1]
        assert one.completion == ddl.canonical(lists.schema(listed))


def test_no_screen_comes_from_a_validation_domain():
    rng = random.Random(3)
    kept_back = set(VALIDATION)
    drawn = {laid.screen(rng).domain for _ in range(400)}
    assert not drawn & kept_back
    assert "invented" in drawn
    assert drawn <= {"invented", *TRAINING}


def test_what_a_model_is_told_to_write_creates_in_postgresql(exercises):
    sql = [one.completion for one in exercises if "CREATE TABLE" in one.completion][:90]
    assert len(sql) == 90
    verdicts = postgres.check_many(sql)
    assert [(text, v.problems) for text, v in zip(sql, verdicts, strict=True) if not v.valid] == []


def test_what_a_model_is_told_to_write_is_the_target_languages_own_spelling(exercises):
    for one in of(exercises, practice.WRITE)[:20]:
        assert ddl.canonical(postgres.judge(one.completion).schema) == one.completion


def test_a_reserved_word_as_a_name_is_quoted_and_so_creates():
    words = ("order", "table", "user", "group", "check", "grant", "column", "select")
    columns = (Column("id", "bigint", not_null=True, identity=True), *(Column(word, "text") for word in words))
    text = ddl.canonical(Schema((Table("order", columns, primary_key=("id",)),)))
    assert 'CREATE TABLE "order"' in text and '    "user" text' in text
    verdict = postgres.judge(text)
    assert verdict.valid, verdict.problems
    assert [column.name for column in verdict.schema.tables[0].columns] == ["id", *words]


def test_a_reading_is_never_longer_than_the_prompt_allows(exercises):
    counts = [len(one.prompt.split("\n")) - 1 for one in of(exercises, practice.LIST) if not one.begun]
    assert max(counts) <= LIMIT
    assert min(counts) > 0


def test_a_shuffle_is_a_permutation_that_the_seed_decides():
    assert sorted(practice.shuffled(50, 1)) == list(range(50))
    assert practice.shuffled(50, 1) == practice.shuffled(50, 1) != practice.shuffled(50, 2)
    assert practice.shuffled(0, 1) == []


@pytest.mark.parametrize(
    ("noun", "many"),
    [("box", "boxes"), ("branch", "branches"), ("duty", "duties"), ("tray", "trays"), ("blitz", "blitzes")],
)
def test_a_made_up_noun_has_an_english_plural(noun, many):
    assert invented.plural(noun) == many


def test_no_made_up_word_is_one_of_a_validation_domain_by_chance():
    """With a few letters, some would be: 31 of 77 were in five million draws. Words that English has may be in both."""
    rng = random.Random(4)
    made = {invented.word(rng) for _ in range(30_000)} - {*invented.vocabulary(), *invented.NOUNS}
    assert len(made) > 10_000
    entities = [entity for name in VALIDATION for entity in DOMAINS[name].entities]
    tables = {word for entity in entities for word in re.findall("[a-z]{3,}", entity.table)}
    assert {"skippers", "pontoons"} <= tables
    assert not {word for word in made if {word, f"{word}s", word.removesuffix("s")} & tables}


def test_made_up_words_are_made_of_every_piece_that_the_tokenizer_has():
    """A piece that is never written is not copied; nobody can tell which ones a stranger's screen is made of."""
    rng, seen = random.Random(5), " ".join(invented.word(random.Random(number)) for number in range(20_000))
    pieces = invented.stems()
    assert len(pieces) > 2_000 and all(re.fullmatch("[a-z]{2,}", piece) for piece in pieces)
    asked = rng.sample(pieces, 300)
    assert sum(piece in seen for piece in asked) > 0.98 * len(asked)
    assert all(len(word) <= invented.LONGEST for word in seen.split())


def test_without_a_nano_its_pieces_are_the_heads_of_english_words(tmp_path, monkeypatch):
    monkeypatch.setattr(invented.configs, "root", lambda: tmp_path)
    found = invented.stems.__wrapped__()
    assert len(found) > 1_000 and all(any(word.startswith(piece) for word in invented.vocabulary()) for piece in found)


def test_an_invented_domain_points_only_at_its_own_earlier_tables():
    rng = random.Random(2)
    for _ in range(60):
        domain = invented.domain(rng)
        assert isinstance(domain, Domain)
        earlier = set()
        for entity in domain.entities:
            targets = {attribute.argument for attribute in entity.attributes if attribute.kind == "ref"}
            assert targets <= earlier
            earlier.add(entity.table)
        assert 3 <= len(domain.entities) <= 7
        for entity in domain.entities:
            names = [attribute.name for attribute in entity.attributes]
            assert len(names) == len(set(names)) and entity.naming is entity.attributes[0]


def told(models):
    """Of all columns but those that name a record: the share of links; of the links, that of those with a name of their own."""
    columns = [one for model in models for entity in model.entities for one in entity.attributes if not one.names_record]
    links = [one for one in columns if one.kind == "ref"]
    named = [one for one in links if one.name != truth.key_name(one.argument)]
    people = [one for one in columns if one.kind == "person"]
    return len(links) / len(columns), len(named) / len(links), len(people) / len(columns)


def test_made_up_domains_link_as_often_as_real_ones_and_some_links_are_called_after_what_they_do():
    """Of the columns of made-up domains 9 in 100 once were links, and none had a name of its own: nano took links for texts."""
    real = told([DOMAINS[name] for name in TRAINING])
    made = told([invented.domain(random.Random(number)) for number in range(400)])
    assert made[0] == pytest.approx(real[0], abs=0.03) and real[0] > 0.2
    assert made[1] == pytest.approx(real[1], abs=0.08)
    assert made[2] == pytest.approx(real[2], abs=0.01)


def test_users_stand_once_and_links_to_them_mostly_say_what_they_do():
    models = [invented.domain(random.Random(number)) for number in range(300)]
    assert all(sum(entity.table == "users" for entity in model.entities) <= 1 for model in models)
    links = [one.name for model in models for entity in model.entities for one in entity.attributes if one.argument == "users"]
    assert 0.5 < sum(name != "user_id" for name in links) / len(links) < 0.9


def test_two_nouns_with_one_plural_are_not_two_tables_of_a_name(monkeypatch):
    """One in half a million was: a page planned of the second looked for its columns in the first, and training ended."""
    nouns = iter(["berry", "berrie", "hive", "berrie", "tower", "plot"])
    monkeypatch.setattr(invented, "phrase", lambda rng: next(nouns, None) or "word")
    monkeypatch.setattr(invented, "_attributes", lambda rng, parents: ())
    monkeypatch.setattr(invented, "STAFFED", 0)
    tables = [entity.table for entity in invented.domain(random.Random(1)).entities]
    assert len(tables) == len(set(tables)) >= 3 and tables[0] == "berries"


def test_a_column_called_begin_is_a_column_like_any_other():
    """Its moment was once taken for the day at which the record begins."""
    columns = (
        Attribute("name", "company", "", ("Name",), True, names_record=True),
        Attribute("begin", "time", "past", ("Begin",)),
    )
    ends = Attribute("end_date", "date", "past", ("End",))
    domain = Domain("x", "X", ("X",), (Entity("things", "Thing", "box", (*columns, ends)),), {})
    for seed in range(20):
        assert archetypes.plan(domain, "form", random.Random(seed), room=120).sections
