"""The domains, the whole model of each, and the values that stand on screens: real, consistent, the same on any machine."""

import random
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from itertools import combinations

import pytest

from ghostlib import config
from ghostlib.corpus.screens import model, people, truth
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, VALIDATION
from ghostlib.corpus.screens.icons import ICONS
from ghostlib.corpus.screens.locales import LOCALES
from ghostlib.corpus.screens.notation import TYPES, parse
from ghostlib.corpus.screens.samples import STYLES, Sampler
from ghostlib.corpus.screens.wordings import GLOSSARY, wordings
from ghostlib.schemas import ddl, postgres

EVERYWHERE = frozenset(  # words that forms of every kind use; they say nothing of a domain
    "name full title email phone address city country postal code number no date at on start end ends starts time status state "
    "stage type total amount price fee cost rate unit quantity active created updated notes comment description rating due by "
    "birth zip postcode plate from until to per year month day hour minutes hours qty e mail web site is".split()
)
LISTED = ("list", "pickcode", "tags")


def attributes(names=DOMAINS):
    return [
        (DOMAINS[name], entity, attribute)
        for name in names
        for entity in DOMAINS[name].entities
        for attribute in entity.attributes
    ]


def words(names):
    return {
        word for _, _, a in attributes(names) for label in a.labels for word in re.findall(r"[a-z]+", label.lower())
    } - EVERYWHERE


def test_there_are_more_than_forty_domains_and_no_domain_stands_on_both_sides():
    assert len(TRAINING) >= 28 and len(VALIDATION) >= 12 and len(DOMAINS) == len(TRAINING) + len(VALIDATION)
    assert not set(TRAINING) & set(VALIDATION)
    assert not {DOMAINS[name].title for name in TRAINING} & {DOMAINS[name].title for name in VALIDATION}


@pytest.mark.parametrize("name", DOMAINS)
def test_every_reference_leads_to_a_table_with_a_name_and_every_list_and_icon_is_there(name):
    domain = DOMAINS[name]
    assert 4 <= len(domain.entities) <= 10 and len(domain.brands) >= 3
    assert len({entity.table for entity in domain.entities}) == len(domain.entities)
    for entity in domain.entities:
        assert entity.icon in ICONS, entity
        assert len({a.name for a in entity.attributes}) == len(entity.attributes), entity.table
        assert sum(a.names_record for a in entity.attributes) <= 1
        for a in entity.attributes:
            assert a.target is None or domain.entity(a.target).naming, (entity.table, a.name)
            assert a.kind != "bool" or a.name.startswith(("is_", "has_")), (entity.table, a.name)
            assert a.kind not in LISTED or a.argument in domain.lists, (entity.table, a.name)
            assert a.labels and all(label[0].isupper() for label in a.labels)


@pytest.mark.parametrize("name", DOMAINS)
def test_every_table_has_names_enough_for_a_list_and_no_list_of_values_is_left_over(name):
    domain = DOMAINS[name]
    sampler = Sampler(domain, STYLES[0], random.Random(1))
    for entity in domain.entities:
        if entity.naming:
            assert len(sampler.names(entity.table)) >= 6, entity.table
    used = {a.argument for entity in domain.entities for a in entity.attributes}
    assert set(domain.lists) <= used
    assert all(len(set(values)) == len(values) for values in domain.lists.values())


def test_postgresql_creates_every_whole_model_and_reads_back_what_was_meant():
    written = [ddl.canonical(model.schema(domain)) for domain in DOMAINS.values()]
    for domain, sql, verdict in zip(DOMAINS.values(), written, postgres.check_many(written), strict=True):
        assert verdict.valid, (domain.name, verdict.problems)
        assert ddl.canonical(verdict.schema) == sql, domain.name
        assert '"' not in sql, f"{domain.name} calls something by a reserved word"


def test_the_models_are_relational_with_enumerations_beyond_status_ranges_indexes_and_several_keys_to_one_table():
    every = {name: model.schema(domain) for name, domain in DOMAINS.items()}
    for name, schema in every.items():
        keys = [key for table in schema.tables for key in table.foreign_keys]
        checks = [check for table in schema.tables for check in table.checks]
        assert len(keys) >= 4 and len(checks) >= 2, name
        assert sum(len(table.indexes) for table in schema.tables) > len(keys), f"{name} has no index beside its keys"
    tables = [table for schema in every.values() for table in schema.tables]
    assert sum(any(key.table == table.name for key in table.foreign_keys) for table in tables) >= 5  # to itself
    twice = [t for t in tables if max(Counter(key.table for key in t.foreign_keys).values(), default=0) > 1]
    assert len(twice) >= 8
    enumerations = {check.columns[0] for table in tables for check in table.checks if check.values}
    assert len(enumerations - {"status", "stage", "state"}) >= 40
    assert {column.type for table in tables for column in table.columns} >= set(TYPES.values()) | {"text"}


def test_no_domain_is_a_near_copy_of_another():
    def columns(domain):
        return {(entity.table, a.name) for entity in domain.entities for a in entity.attributes}

    for one, other in combinations(DOMAINS.values(), 2):
        shared = columns(one) & columns(other)
        assert len(shared) <= 0.15 * min(len(columns(one)), len(columns(other))), (one.name, other.name, sorted(shared))


def test_validation_asks_for_tables_and_words_that_training_never_showed():
    seen = {e.table for name in TRAINING for e in DOMAINS[name].entities}
    unseen = {e.table for name in VALIDATION for e in DOMAINS[name].entities}
    assert len(unseen & seen) <= 0.2 * len(unseen), sorted(unseen & seen)
    shared = words(VALIDATION) & words(TRAINING)
    assert len(shared) <= 0.45 * len(words(VALIDATION)), len(shared) / len(words(VALIDATION))


def test_a_wording_says_a_word_of_its_column_or_stands_in_the_glossary():
    def near(label, column):
        said, own = re.findall(r"[a-z]+", label.lower()), column.split("_")
        return any(w[:4] == c[:4] or (len(w) <= 4 and c.startswith(w)) for w in said for c in own)

    assert sum(len(labels) > 1 for labels in GLOSSARY.values()) >= 150
    far = [
        (domain.name, a.name, label)
        for domain, _, a in attributes()
        for label in a.labels
        if not near(label, a.name) and label not in GLOSSARY.get(a.name, ())
    ]
    assert far == []
    strange = Counter(label for column, labels in GLOSSARY.items() for label in labels if not near(label, column))
    assert [label for label, count in strange.items() if count > 1] == []  # such a wording means one column everywhere


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        ("customer_id", ("Customer",)),
        ("badge_number", ("Badge number", "Badge no.")),
        ("mast_height_m", ("Mast height (m)",)),
        ("edited_at", ("Edited at", "Edited")),
        ("icon_color", ("Icon color", "Icon colour")),
        ("feed_url", ("Feed URL",)),
        ("has_first_aid", ("First aid",)),
        ("minutes", ("Minutes",)),
    ],
)
def test_a_column_that_no_glossary_names_is_worded_as_people_write_it(column, labels):
    assert wordings(column) == labels


@pytest.mark.parametrize("name", DOMAINS)
def test_every_column_of_every_record_has_a_short_value_that_plain_fonts_can_draw(name):
    rng = random.Random(name)
    for style in rng.sample(STYLES, 4):
        sampler = Sampler(DOMAINS[name], style, rng)
        for entity in DOMAINS[name].entities:
            for record in sampler.records(entity.table, 5):
                for a in entity.attributes:
                    value = record[a.name]
                    assert value.strip() == value and 0 < len(value) <= (110 if a.kind == "long" else 64), (
                        entity.table,
                        a.name,
                        value,
                    )
                    assert all(_latin(letter) for letter in value), (entity.table, a.name, value)


def _latin(letter):
    return letter.isascii() or letter in "€£’–" or unicodedata.name(letter).startswith("LATIN")


def test_a_record_is_all_of_one_place_and_its_mail_address_is_its_persons():
    for style in STYLES:
        sampler = Sampler(DOMAINS["insurance"], style, random.Random(style.locale))
        known = {city: (postcode, area) for city, postcode, area in LOCALES[style.locale].places}
        for record in sampler.records("policyholders", 20):
            postcode, area = known[record["city"]]
            assert re.fullmatch(re.escape(postcode).replace(r"\#", r"\d"), record["postal_code"]), record
            assert area in record["phone"] and record["city"] not in record["address"], record
            last = people.plain(record["full_name"]).lower().split()[-1].replace("-", "").replace("'", "")
            first = people.plain(record["full_name"]).lower()[0]
            assert record["email"].startswith(first) or last in record["email"], record
            assert re.fullmatch(r"[a-z.]+@[a-z0-9.-]+\.[a-z]+", record["email"]), record


def test_a_country_goes_with_its_city_also_where_it_is_not_the_screens_own():
    cities = {city: known.country for known in LOCALES.values() for city, _, _ in known.places}
    sampler = Sampler(DOMAINS["shop"], STYLES[0], random.Random(4))
    records = sampler.records("customers", 40)
    assert all(cities[record["city"]] == record["country"] for record in records)
    assert 1 < len({record["country"] for record in records})


def test_an_end_never_lies_before_its_start_and_a_team_never_plays_itself():
    iso = next(style for style in STYLES if style.day == "{y}-{mm}-{dd}" and style.clock == "{H}:{M}")
    pairs = [("travel", "bookings", "check_in", "check_out"), ("parking", "parking_sessions", "entered_at", "left_at")]
    pairs += [("insurance", "policies", "start_date", "end_date"), ("library", "loans", "loan_date", "returned_at")]
    for name, table, start, end in pairs:
        for record in Sampler(DOMAINS[name], iso, random.Random(1)).records(table, 40):
            assert record[start] < record[end], record
    for match in Sampler(DOMAINS["league"], iso, random.Random(2)).records("matches", 40):
        assert match["home_club_id"] != match["away_club_id"]
    for board in Sampler(DOMAINS["forum"], iso, random.Random(2)).records("boards", 10):
        assert board["parent_board_id"] != board["name"]


def test_every_locale_writes_money_in_its_own_way_and_has_names_enough():
    assert {"en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE"} <= set(LOCALES)
    shown = {style.locale: style.money(1240.5) for style in STYLES}
    assert shown["en_US"] == "$1,240.50" and shown["de_DE"] == "1.240,50 €" and shown["pl_PL"] == "1 240,50 zł"
    assert shown["pt_BR"] == "R$ 1.240,50" and shown["sv_SE"] == "1 240,50 kr" and shown["en_GB"] == "£1,240.50"
    for name in LOCALES:
        pool = people.pool(name)
        assert len(pool.people) >= 300 and len(pool.companies) >= 40 and len(pool.streets) >= 20, name
        assert max(map(len, pool.people + pool.companies + pool.streets)) <= people.LONGEST


def test_the_same_seed_gives_the_same_values_in_another_process_with_another_hash_seed():
    code = (
        "import hashlib, random; from ghostlib.corpus.screens import people;"
        "from ghostlib.corpus.screens.locales import LOCALES;"
        "from ghostlib.corpus.screens.domains import DOMAINS; from ghostlib.corpus.screens.samples import STYLES, Sampler;"
        "pairs = [(domain, style) for domain in DOMAINS.values() for style in STYLES[::5]];"
        "records = [Sampler(*pair, random.Random(3)).records(pair[0].entities[0].table, 6) for pair in pairs];"
        "print(hashlib.sha256(repr([records, [people.pool(name) for name in LOCALES]]).encode()).hexdigest())"
    )
    found = set()
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=config.root(),
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(config.root()), "PATH": "/usr/bin"},
        )
        found.add(ran.stdout)
    assert len(found) == 1


def test_drawing_names_leaves_fakers_shared_generator_alone():
    from faker.generator import random as shared

    people.pool.cache_clear()
    before = shared.getstate()
    people.pool("de_DE")
    assert shared.getstate() == before


def test_the_new_kinds_have_their_type_in_postgresql_and_values_that_look_like_them():
    text = "\n= probe | Probe | A / B / C\n@ words: red / blue / green\n+ things Thing box\n*name! person\ntags tags:words\n"
    text += "share slider:0-100\nopens clock:8-9\nshade color\nscan file:pdf\nmade_at^ time:past\nvat code:~##\n"
    domain = parse(text)["probe"]
    sql = ddl.canonical(model.schema(domain))
    for line in (
        "tags text[]",
        "share integer CHECK (share BETWEEN 0 AND 100)",
        "shade text",
        "CREATE INDEX ON things (made_at);",
    ):
        assert line in sql
    assert re.search(r"opens time\b", sql)
    record = Sampler(domain, STYLES[0], random.Random(1)).records("things", 1)[0]
    assert set(record["tags"].split(", ")) <= {"red", "blue", "green"} and 0 <= int(record["share"]) <= 100
    assert re.fullmatch(r"#[0-9A-F]{6}", record["shade"]) and re.fullmatch(r"scan-\d{4}\.pdf", record["scan"])
    assert re.fullmatch(r"[89]:\d\d AM", record["opens"]) and re.fullmatch(r"US\d\d", record["vat"])


def test_every_child_is_found_under_its_parent_by_the_name_of_its_key():
    for domain in DOMAINS.values():
        named = [a for e in domain.entities for a in e.attributes if a.target and a.name == truth.key_name(a.target)]
        assert len(named) >= 2, domain.name
