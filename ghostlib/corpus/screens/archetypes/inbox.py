"""A screen of messages: who wrote, about what, when; what is unread, and the message that is open."""

from dataclasses import replace

from ghostlib.corpus.screens import truth
from ghostlib.corpus.screens.archetypes.scene import Scene
from ghostlib.corpus.screens.notation import Attribute, Entity
from ghostlib.corpus.screens.plan import ScreenPlan, Section

SUBJECTS = (
    "Question about {noun}",
    "Your {noun} is confirmed",
    "Please check the {noun}",
    "Changes to {noun} on Friday",
    "{Noun}: missing details",
    "New {noun} request",
    "Re: {noun} for next week",
    "Thank you for the {noun}",
    "Reminder: {noun} ends soon",
    "{Noun} was updated",
    "Could you move the {noun}?",
    "Documents for the {noun}",
)
BODIES = (
    "thank you for the quick answer last week. Everything arrived as agreed and we can go on with the next step.",
    "could you have a look at this before Friday? I have put the details in the file and marked what changed.",
    "we would like to move this by a few days, since two people are away. Would the week after work for you?",
    "I found one small mistake in the last version. It is corrected now, so please use the new one from today.",
)
LABELS = ("billing|support|sales", "urgent|waiting|done", "personal|team|external", "question|feedback|complaint")
USERS = Entity("users", "User", "users", (Attribute("full_name", "person", "", ("Name",), True, True),))


def inbox(scene: Scene, table: str | None) -> ScreenPlan:
    """The messages of a team or a firm: sender, subject and time in each row, labels in a legend, one message open."""
    rng = scene.rng
    about = scene.domain.entity(table) if table else rng.choice(scene.pages)
    people = [e for e in scene.pages if e.naming and e.naming.name == "full_name"]
    own = next((e for e in people if e.table == "users"), USERS)
    sender = rng.choice(people) if people and scene.chance(0.55) else own
    key, said = ("sender_id", ("From", "Sender")) if sender.table == "users" else (truth.key_name(sender.table), (sender.noun,))
    attributes = [
        Attribute("subject", "list", "@subjects", ("Subject",), True, True),
        Attribute(key, "ref", sender.table, said, True),
        Attribute("received_at", "time", "past", ("Received", "Date"), True),
        Attribute("is_read", "bool", "", ("Unread",)),
    ]
    attributes += [Attribute("is_starred", "bool", "", ("Starred",))] * scene.chance(0.5)
    attributes += [Attribute("label", "enum", rng.choice(LABELS), ("Label", "Labels"))] * scene.chance(0.6)
    linked = [e for e in scene.pages if e.naming and e is not sender and truth.key_name(e.table) != key]
    if linked and scene.chance(0.5):
        other = rng.choice(linked)
        attributes.append(Attribute(truth.key_name(other.table), "ref", other.table, (other.noun,)))
    messages = Entity("messages", "Message", "mail", (*attributes, Attribute("body", "long", "", ("Message",))))
    subjects = tuple(s.replace("{noun}", about.noun.lower()).replace("{Noun}", about.noun) for s in SUBJECTS)
    scene.extend([messages, *([USERS] if sender.table == "users" else [])], {"@subjects": subjects})
    return _planned(scene, messages, attributes, rng.randint(6, 8))


def _planned(scene: Scene, messages: Entity, attributes: list[Attribute], count: int) -> ScreenPlan:
    rng = scene.rng
    records = sorted(scene.records(messages, attributes, count), key=lambda r: r.get("@received_at", ""), reverse=True)
    fields = tuple(scene.field(a, "messages", [r[a.name] for r in records]) for a in attributes)
    shown = tuple(f for f in fields if f.column in ("subject", "is_read", "is_starred", "label", "received_at") or f.required)
    searched = ("subject",) if scene.chance(0.4) else ()
    box = Section(
        rng.choice(("Inbox", "Messages")),
        "messages",
        "messages",
        shown,
        search="Search by subject" if searched else "",
        searched=searched,
        sorted_by="received_at" if scene.chance(0.4) else None,
        total=rng.randint(count + 5, 240),
    )
    if scene.small:
        return scene.plan(messages, box.title, [box])
    at = rng.randrange(min(3, count))
    facts = [replace(f, values=(f.values[at],)) for f in fields if f.column in ("subject", "received_at") or f.target]
    body = scene.field(Attribute("body", "long", "", ("Message",)), "messages", [rng.choice(BODIES)])
    opened = Section("Message", "messages", "message", (*facts, body), total=at)
    return scene.plan(messages, box.title, [box, opened], record=records[at]["subject"])
