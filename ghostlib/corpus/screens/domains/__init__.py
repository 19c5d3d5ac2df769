"""The domains: `DOMAINS` by name, and which of them training (`TRAINING`) and validation (`VALIDATION`) may use."""

from ghostlib.corpus.screens.domains import (
    training_culture,
    training_field,
    training_people,
    training_services,
    training_society,
    training_trade,
    training_words,
    training_work,
    validation,
    validation_lessons,
    validation_works,
)
from ghostlib.corpus.screens.notation import Attribute, Domain, Entity, parse

__all__ = ["DOMAINS", "TRAINING", "VALIDATION", "Attribute", "Domain", "Entity"]

_seen = parse(
    training_trade.TEXT
    + training_people.TEXT
    + training_work.TEXT
    + training_services.TEXT
    + training_field.TEXT
    + training_culture.TEXT
    + training_society.TEXT
    + training_words.TEXT
)
_unseen = parse(validation.TEXT + validation_works.TEXT + validation_lessons.TEXT)

TRAINING: tuple[str, ...] = tuple(_seen)
VALIDATION: tuple[str, ...] = tuple(_unseen)
DOMAINS: dict[str, Domain] = _seen | _unseen
