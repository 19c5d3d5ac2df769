"""New words: which columns count as such, and that their F1 is told apart from the rest's."""

import pytest

from ghostlib import config
from ghostlib.corpus import records
from ghostlib.corpus.screens.domains import DOMAINS, TRAINING, VALIDATION
from ghostlib.inference import novelty
from ghostlib.schemas import postgres
from ghostlib.schemas.schema import Column, Schema, Table

KNOWN = frozenset({"order", "number", "total"})
ID = Column("id", "bigint", True, identity=True)


def table(*names):
    return Schema((Table("orders", (ID, *(Column(name, "text") for name in names)), ("id",)),))


def test_a_column_is_new_by_one_new_word_and_a_plural_is_no_other_word():
    truth = table("order_number", "totals", "florbin_total")
    told = novelty.f1([novelty.counted(truth, truth, KNOWN)])
    assert told == {"new": 1.0, "new_columns": 1, "known": 1.0, "known_columns": 2}


def test_a_model_that_copies_nothing_scores_nothing_on_new_words_and_keeps_the_rest():
    truth, made = table("order_number", "totals", "florbin"), table("order_number", "totals")
    told = novelty.f1([novelty.counted(made, truth, KNOWN)])
    assert told["new"] == 0.0 and told["known"] == 1.0


def test_a_word_that_was_made_up_costs_the_new_ones_and_no_answer_costs_all():
    truth = table("order_number", "florbin")
    told = novelty.f1([novelty.counted(table("order_number", "florbin", "zwackel"), truth, KNOWN)])
    assert told["new"] == pytest.approx(2 / 3, abs=1e-3) and told["known"] == 1.0
    assert novelty.f1([novelty.counted(None, truth, KNOWN)])["new"] == 0.0


def test_every_word_of_the_training_screens_is_held_and_some_of_the_validation_domains_are_not():
    settings = config.load("nano", scale="full")
    known = novelty.held(settings)
    rows = records.read_screens(config.root() / settings.data.screens)[::40]
    for verdict in postgres.check_many([row.output for row in rows]):
        assert novelty.f1([novelty.counted(verdict.schema, verdict.schema, known)])["new_columns"] == 0
    columns = {name: {a.name for e in DOMAINS[name].entities for a in e.attributes} for name in DOMAINS}
    truths = {name: table(*sorted(columns[name])) for name in (*TRAINING, *VALIDATION)}
    new = {name: novelty.counted(one, one, known)["new"][2] for name, one in truths.items()}
    assert not any(new[name] for name in TRAINING)
    assert sum(new[name] for name in VALIDATION) > 20
