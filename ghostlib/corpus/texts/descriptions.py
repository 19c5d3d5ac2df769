"""Descriptions of a product, in the voices of the people who write them, and the schema that each asks for."""

from random import Random

from ghostlib.corpus.screens.domains import Attribute, Domain, Entity
from ghostlib.corpus.texts import families, speech
from ghostlib.corpus.texts.families import Family
from ghostlib.corpus.texts.speech import listed, plain, words

ASKS = (
    "Design the PostgreSQL schema for this product.",
    "Turn this description into PostgreSQL tables.",
    "Write the PostgreSQL schema for these notes.",
    "What would the database for this look like? Answer with the CREATE TABLE statements.",
    "Read this and write the tables in PostgreSQL.",
    "Model this in PostgreSQL.",
)


def description(domain: Domain, rng: Random) -> tuple[str, str, str]:
    """Instruction, description and answer."""
    members = families.family(domain, rng)
    voice = rng.choice((_prose, _prose, _notes, _letter, _stories, _interview, _outline))
    return rng.choice(ASKS), voice(domain, members, rng), families.sql(families.schema(members))


def _prose(domain: Domain, members: Family, rng: Random) -> str:
    brand = rng.choice(domain.brands)
    opening = rng.choice(
        (
            f"{brand} needs a database ({speech.topic(domain)}).",
            f"An application for {brand}: {speech.topic(domain)}.",
            f"We are rebuilding {brand}, our {speech.topic(domain)} software.",
            f"{brand} is a small {speech.topic(domain)} application, written from scratch.",
        )
    )
    return " ".join([opening, *(_sentences(entity, rng) for entity in members)])


def _sentences(entity: Entity, rng: Random) -> str:
    attributes = [words(a, rng) for a in speech.owned(entity)]
    parts = []
    if attributes:
        has = rng.choice(("{} have {}.", "Of the {} we keep {}.", "For {} the application stores {}."))
        title = entity.title if has.startswith("{}") else entity.title.lower()
        parts.append(has.format(title, listed(attributes)))
    parts += [_belongs(entity, key, rng) for key in speech.keys(entity)]
    return " ".join([*parts, *speech.spans(entity)])


def _belongs(entity: Entity, key: Attribute, rng: Random) -> str:
    noun, others = entity.noun.lower(), plain(key.target or "")
    role = f" as its {speech.role(key)}" if speech.role(key) else ""
    if key.target == entity.table:
        one = speech.sentence(speech.article(noun))
        return f"{one} may point at another of the {others}{role or f' as its {plain(key.name)}'}."
    if key.required:
        said = rng.choice(("Each {} belongs to one of the {}{}.", "Every {} has exactly one of the {}{}."))
    else:
        said = rng.choice(("Each {} may belong to one of the {}{}.", "A {} can have one of the {}{}, but need not."))
    return said.format(noun, others, role)


def _notes(domain: Domain, members: Family, rng: Random) -> str:
    lines = [f"{domain.title}, {rng.choice(('tables', 'notes for the data model', 'what we store'))}:"]
    for entity in members:
        said = [words(a, rng) for a in speech.owned(entity)]
        said += [_pointer(entity, key) for key in speech.keys(entity)]
        lines.append(f"- {plain(entity.table)}: {', '.join(said)}")
        lines += [f"  {sentence}" for sentence in speech.spans(entity)]
    return "\n".join(lines)


def _pointer(entity: Entity, key: Attribute) -> str:
    others = "another of these" if key.target == entity.table else f"one of the {plain(key.target or '')}"
    named = f"{plain(key.name)} = " if speech.role(key) or key.target == entity.table else "belongs to "
    return f"{named}{others}" + (" (required)" if key.required else " (optional)")


def _letter(domain: Domain, members: Family, rng: Random) -> str:
    brand = rng.choice(domain.brands)
    opening = rng.choice(
        (
            f"Hello, at {brand} we still do everything in spreadsheets and would like to stop.",
            f"Hi! Could you set up a database for us ({brand})?",
            f"Dear team, here is what {brand} has to keep track of.",
            f"Good morning, this is about the new {speech.topic(domain)} application for {brand}.",
        )
    )
    asked = " ".join(_wish(entity, rng) for entity in members)
    return f"{opening} {asked} {rng.choice(('Thank you!', 'That is all for now.', 'More later, thanks.', 'Best wishes'))}"


def _wish(entity: Entity, rng: Random) -> str:
    attributes = [words(a, rng) for a in speech.owned(entity)]
    keys = [_belongs(entity, key, rng) for key in speech.keys(entity)]
    start = rng.choice(("For every {} we write down", "With each {} comes", "What we know of {}:"))
    noun = speech.article(entity.noun.lower()) if start.startswith("What") else entity.noun.lower()
    first = [f"{start.format(noun)} {listed(attributes)}."] if attributes else []
    return " ".join([*first, *keys, *speech.spans(entity)])


def _stories(domain: Domain, members: Family, rng: Random) -> str:
    lines = [f"User stories ({speech.topic(domain)})"]
    for number, entity in enumerate(members, 1):
        noun, keys = entity.noun.lower(), speech.keys(entity)
        attributes = [words(a, rng) for a in speech.owned(entity)]
        story = (
            f"{number}. As {rng.choice(('a clerk', 'an assistant', 'a manager', 'a colleague'))} I enter {speech.article(noun)}"
        )
        story += f" with {listed(attributes)}" if attributes else ""
        lines.append(story + ".")
        for key in keys:
            how = "must pick" if key.required else "can pick"
            lines.append(f"   I {how} its {plain(key.name)} from the list of {plain(key.target or '')}.")
        lines += [f"   {sentence}" for sentence in speech.spans(entity)]
    return "\n".join(lines)


def _interview(domain: Domain, members: Family, rng: Random) -> str:
    lines = [f"Interview with {rng.choice(domain.brands)} ({speech.topic(domain)})"]
    for entity in members:
        noun = speech.article(entity.noun.lower())
        attributes = [words(a, rng) for a in speech.owned(entity)]
        if attributes:
            lines += [f"Q: What do you record about {noun}?", f"A: {speech.sentence(listed(attributes))}."]
        for key in speech.keys(entity):
            lines += [f"Q: Does {noun} stand alone?", f"A: {_belongs(entity, key, rng)}"]
        lines += [f"A: And: {sentence}" for sentence in speech.spans(entity)]
    return "\n".join(lines)


def _outline(domain: Domain, members: Family, rng: Random) -> str:
    lines = []
    for entity in members:
        lines.append(f"{entity.title} ({entity.noun.lower()})")
        for a in speech.owned(entity):
            said = "; ".join(speech.notes(a, rng))
            lines.append(f"  - {plain(a.name)}" + (f": {said}" if said else ""))
        lines += [f"  - {_pointer(entity, key)}" for key in speech.keys(entity)]
        lines += [f"  - {sentence}" for sentence in speech.spans(entity)]
    return "\n".join(lines)
