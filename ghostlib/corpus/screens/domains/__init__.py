"""The domains: `DOMAINS` by name, and which of them training (`TRAINING`) and validation (`VALIDATION`) may use."""

from ghostlib.corpus.screens.domains import training_people, training_trade, training_work, validation
from ghostlib.corpus.screens.notation import Attribute, Domain, Entity, parse

__all__ = ["DOMAINS", "TRAINING", "VALIDATION", "Attribute", "Domain", "Entity"]

_seen = parse(training_trade.TEXT + training_people.TEXT + training_work.TEXT)
_unseen = parse(validation.TEXT)

TRAINING: tuple[str, ...] = tuple(_seen)
VALIDATION: tuple[str, ...] = tuple(_unseen)
DOMAINS: dict[str, Domain] = _seen | _unseen
