"""Screens of preferences: one row of a table of settings, in groups of switches, choices, inputs and sliders."""

from dataclasses import replace

from ghostlib.corpus.screens import truth
from ghostlib.corpus.screens.archetypes.scene import Scene
from ghostlib.corpus.screens.notation import Attribute, Entity
from ghostlib.corpus.screens.plan import Field, ScreenPlan, Section

PAGES = (  # the page's title, the table that it shows, and the groups that it has
    ("Settings", "settings", ("General", "Region", "Notifications", "Security")),
    ("Preferences", "preferences", ("General", "Region", "Notifications")),
    ("Workspace settings", "workspace_settings", ("General", "Region", "Limits", "Security")),
    ("Notification settings", "notification_settings", ("Notifications", "Delivery")),
    ("Account settings", "account_settings", ("Profile", "Region", "Security")),
    ("Billing settings", "billing_settings", ("Billing", "Limits")),
)
# column kind[:argument] = label / label -- help; `{noun}` and the like are filled in from the domain
GROUPS = {
    "General": (
        ("theme enum:light|dark|system = Theme / Appearance", "How the application looks on this device."),
        ("density enum:compact|comfortable = Density / Row height", "How much fits on one page."),
        ("items_per_page int:10-100 = Items per page", "Rows on each page of a list."),
        ("start_page enum:dashboard|last_visited = Start page", "What opens after you sign in."),
        ("has_keyboard_shortcuts bool = Keyboard shortcuts", "Press ? anywhere to see them."),
        ("accent_color color = Accent color", "Used for buttons and links."),
    ),
    "Region": (
        ("language enum:english|deutsch|español = Language", "Used for menus and emails."),
        ("time_zone timezone = Time zone", "Dates and times are shown in this zone."),
        ("currency currency = Currency", "For prices and reports."),
        ("first_day_of_week enum:monday|sunday = First day of week / First day of the week", ""),
        ("date_format dateformat = Date format", "How days are written."),
    ),
    "Notifications": (
        ("has_email_notifications bool = Email notifications", "Sent to your work address."),
        ("has_push_notifications bool = Push notifications", "On this device only."),
        ("has_weekly_summary bool = Weekly summary", "Every Monday morning."),
        ("has_new_{one}_alerts bool = New {noun} alerts", "Whenever a {noun} is created."),
        ("reminder_hours int:1-72 = Reminder (hours)", "How long before the due time."),
        ("frequency enum:immediately|daily|weekly = Frequency", "How often messages are collected."),
    ),
    "Delivery": (
        ("reply_email email = Reply email / Reply-to email", "Answers arrive here."),
        ("quiet_from clock:20-22 = Quiet from", "No messages after this time."),
        ("quiet_until clock:6-8 = Quiet until", "Messages start again."),
        ("channel enum:email|text_message|push = Channel", ""),
    ),
    "Security": (
        ("has_two_factor_login bool = Two-factor login", "Asks for a code from your phone."),
        ("session_minutes int:15-240 = Session (minutes)", "Signs out after this time without activity."),
        ("has_login_alerts bool = Login alerts", "When a new device signs in."),
    ),
    "Limits": (
        ("daily_{one}_limit int:5-200 = Daily {noun} limit", "The most that one person can create a day."),
        ("warning_level slider:0-100 = Warning level", "Percent of the limit at which we warn."),
        ("storage_gb int:5-500 = Storage (GB)", "Space for files of all members."),
        ("is_shared bool = Shared", "Everyone in the workspace uses the same limit."),
    ),
    "Billing": (
        ("billing_email email = Billing email", "Invoices are sent here."),
        ("billing_address address = Billing address", "As it appears on invoices."),
        ("tax_rate percent:0-25 = Tax rate", "Added to every invoice."),
        ("payment_terms enum:14_days|30_days|60_days = Payment terms", ""),
        ("has_automatic_payment bool = Automatic payment", "Charges the stored card on the due date."),
    ),
    "Profile": (
        ("full_name person = Full name", ""),
        ("email email = Email / Email address", "Used to sign in."),
        ("phone phone = Phone", ""),
        ("biography long = Biography / About you", "A few words for your colleagues."),
        ("is_public bool = Public", "People outside your team can find you."),
    ),
}
LISTS = {
    "currency": ("EUR", "USD", "GBP", "NOK", "CHF", "CAD"),
    "dateformat": ("31.12.2026", "12/31/2026", "2026-12-31", "31 Dec 2026"),
    "timezone": ("Europe/Berlin", "Europe/London", "America/Chicago", "Europe/Madrid", "America/Toronto"),
}
USUAL = {  # numbers that people choose
    "items_per_page": ("10", "25", "50", "100"),
    "reminder_hours": ("1", "12", "24", "48"),
    "session_minutes": ("15", "30", "60", "120"),
    "storage_gb": ("10", "50", "100", "500"),
    "warning_level": ("70", "80", "90"),
}


def settings(scene: Scene, table: str | None) -> ScreenPlan:
    """One page of preferences; some of them choose a record of the domain, and so point at its table."""
    rng = scene.rng
    pages = [page for page in PAGES if table in (None, page[1])] or list(PAGES)
    title, name, groups = rng.choice(pages)
    chosen = groups if scene.small else groups[: rng.randint(2, len(groups))]
    about = rng.choice([e for e in scene.pages if len(e.noun) < 18] or scene.pages)
    asked: list[tuple[str, list[tuple[Attribute, str]]]] = []
    for group in chosen:
        pool = [_option(text, help, about) for text, help in GROUPS[group]]
        kept = set(rng.sample(range(len(pool)), min(len(pool), rng.randint(2, 2 + (not scene.small) * 2))))
        asked.append((group, [option for number, option in enumerate(pool) if number in kept]))
    if groups[0] == "General":
        asked[0][1].extend(_defaults(scene))
    entity = Entity(name, "Setting", "gear", tuple(attribute for _, options in asked for attribute, _ in options))
    scene.extend([entity], LISTS)
    record = scene.sampler.records(name, 1)[0] | {column: rng.choice(usual) for column, usual in USUAL.items()}
    helpful = scene.chance(0.8)
    sections = [
        Section(group, name, "settings", tuple(_field(scene, name, option, record, helpful) for option in options))
        for group, options in asked
        if options
    ]
    return scene.plan(replace(entity, noun="Settings"), title, sections)


def _option(text: str, help: str, about: Entity) -> tuple[Attribute, str]:
    noun, one = about.noun.lower(), truth.singular(about.table)
    text, help = (part.replace("{noun}", noun).replace("{one}", one) for part in (text, help))
    spec, _, labels = text.partition(" = ")
    column, _, kind = spec.partition(" ")
    kind, _, argument = kind.partition(":")
    if kind in LISTS:
        kind, argument = "list", kind
    return Attribute(column, kind, argument, tuple(label.strip() for label in labels.split("/"))), help


def _defaults(scene: Scene) -> list[tuple[Attribute, str]]:
    """A preference that chooses a record: "Default category" points at `categories`."""
    named = [e for e in scene.pages if e.naming and e.naming.kind == "list" and len(e.attributes) < 7 and scene.children(e)]
    if not named or scene.chance(0.35):
        return []
    other = scene.rng.choice(named)
    column, noun = f"default_{truth.key_name(other.table)}", other.noun.lower()
    return [(Attribute(column, "ref", other.table, (f"Default {noun}",)), f"Filled in when a {noun} is asked for.")]


def _field(scene: Scene, table: str, option: tuple[Attribute, str], record: dict[str, str], helpful: bool) -> Field:
    attribute, help = option
    return replace(scene.field(attribute, table, [record[attribute.name]]), help=help * helpful)
