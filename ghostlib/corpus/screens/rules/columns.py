"""The rules that say which column a label is, and of which type."""

from ghostlib.corpus.screens.rules.example import Rule, section

RULES = (
    Rule(
        "A label is a column, in snake_case",
        'Some wordings are the same column everywhere: "E-mail" and "Email address" are `email`, "Telephone" is `phone`, '
        '"Qty" is '
        "`quantity`; the glossary is `wordings.py`. A unit in brackets is part of the name, a currency in brackets is not.",
        "list",
        (
            section(
                "rows",
                "parcels",
                "Label | *label list | Books; Lamp\nQty | quantity int | 2; 1\nWeight (kg) | weight_kg decimal | 3.2; 1.8\n"
                "Value ($) | value money | 48.00; 64.50",
            ),
        ),
    ),
    Rule(
        "A person has a `full_name`, a thing a `name`, what is written or planned a `title`",
        'So it is whether the label says "Name" or "Full name". A message has a `subject`.',
        "list",
        (
            section(
                "rows",
                "attendees",
                "Name | *full_name person | Marta Olsen; Jonas Weber\nJob title | job_title job | Buyer; Team lead",
            ),
        ),
    ),
    Rule(
        "Words are `text`",
        "An e-mail address, a telephone number, a street, a web address, a code, a colour and a file are `text`, a large "
        "box of text "
        "as well. So is a select of time zones, currencies or countries: those are no records.",
        "form",
        (
            section(
                "fields",
                "contacts",
                "Email | email email | marta@example.org\nWebsite | website url | www.example.org\nContract | contract file | "
                "contract-0412.pdf\nColor | color color | #2F6FED\nNotes | notes long | Call in the morning.",
                title="Details",
            ),
        ),
        (("title", "Edit contact"),),
    ),
    Rule(
        "A date is `date`, a date with a time of day `timestamptz`, a time of day alone `time`",
        'A calendar icon or a placeholder such as "Pick a date" in an empty input says so too.',
        "form",
        (
            section(
                "fields",
                "shifts",
                "Day | day date | 4 May 2026\nBegins at | begins_at clock | 08:30\nReported at | reported_at time | 4 May "
                "2026, 17:05",
                title="Details",
            ),
        ),
        (("title", "Edit shift"),),
    ),
    Rule(
        "Money is `numeric(10,2)`, a percentage `numeric(5,2)`, a whole number `integer`",
        "Other numbers with decimals are `numeric(10,2)`.",
        "form",
        (
            section(
                "fields",
                "offers",
                "Price | price money | $1,240.00\nDiscount | discount percent | 15%\nSeats | seats int | 12\n"
                "Distance (km) | distance_km decimal | 8.4",
                title="Details",
            ),
        ),
        (("title", "Edit offer"),),
    ),
    Rule(
        "Stars are an integer from one to five",
        "The number beside them is their value.",
        "list",
        (section("rows", "reviews", "Title | *title list | Would buy again; Good value\nRating | rating stars | 5; 3"),),
    ),
    Rule(
        "A switch, a tick box, or yes and no is `boolean NOT NULL`",
        'It is on or off, never unknown: `is_` before an adjective or a participle ("Active" is `is_active`), `has_` '
        "before a noun "
        '("Parking" is `has_parking`).',
        "form",
        (
            section(
                "fields",
                "hotels",
                "Name | *name list | Harbour Inn\nActive | is_active bool | Yes\nParking | has_parking bool | No",
                title="Details",
            ),
        ),
        (("title", "Edit hotel"),),
    ),
    Rule(
        "A slider is an integer between its two ends",
        "In a list a bar with a number shows no ends, so there it is an integer (with a % sign `numeric(5,2)`) and no more.",
        "form",
        (section("fields", "tanks", "Name | *name list | Tank 4\nLevel | level slider:0-80 | 55", title="Details"),),
        (("title", "Edit tank"),),
    ),
    Rule(
        "Chips of free words are `text[]`",
        'Tags, keywords, languages: small chips without colours that mean something, in an input with a cross each and "Add…".',
        "form",
        (
            section(
                "fields",
                "articles",
                "Title | *title list | Bread at home\nTags | tags tags | Baking, Flour, Oven",
                title="Details",
            ),
        ),
        (("title", "Edit article"),),
    ),
    Rule(
        "Two lines in one cell are two columns",
        "The heading names the first; a mail address below a name is `email`.",
        "list",
        (
            section(
                "rows",
                "members",
                "Member | *full_name person | Marta Olsen; Jonas Weber\nEmail | email>full_name email | marta@example.org; "
                "jonas@example.org\n"
                "Joined on | joined_on date | 4 May 2026; 9 Jan 2026",
            ),
        ),
    ),
    Rule(
        "Radio buttons, segments, pills, filter tabs, a path of steps, or chips of one kind are an enumeration",
        'A CHECK has the values that can be seen, stored in lower snake_case. "All" before tabs or pills is not a value, '
        "and the "
        "number beside a tab is computed. A drawn screen always shows every value somewhere.",
        "list",
        (
            section(
                "rows",
                "tasks",
                "Title | *title list | Order paint; Call the bank; File taxes\nStatus | status enum:To do/In progress/Done "
                "| To do; "
                "In progress; Done",
                filtered_by="status",
                counts=(4, 2, 8),
                total=14,
            ),
        ),
    ),
    Rule(
        "The lanes of a board are an enumeration, and the control above it names the column",
        '"Group by Stage" with the lanes Lead, Offer and Won. The numbers beside the lanes\' names are computed.',
        "kanban",
        (
            section(
                "lanes",
                "deals",
                "Title | *title list | New roof; Solar panels; Garden wall\nStage | stage enum:Lead/Offer/Won | Lead; "
                "Offer; Won\n"
                "Value | value money | $8,400.00; $12,900.00; $2,150.00",
                grouped_by="stage",
            ),
        ),
    ),
    Rule(
        "A legend names an enumeration of colours; a calendar's control names the date",
        "The events are the records. Day, week and month, the days themselves and the days around the month are no data.",
        "calendar",
        (
            section(
                "events",
                "visits",
                "Title | *title list | First visit; Control\nVisit date | visit_date date | 12 May 2026; 20 May 2026\n"
                "Kind | kind enum:New/Repeat | New; Repeat",
                dated_by="visit_date",
                grouped_by="kind",
                days=(12, 20),
            ),
            section(
                "facts",
                "visits",
                "Title | *title list | First visit\nVisit date | visit_date date | 12 May 2026",
                title="Visit details",
            ),
        ),
        (),
        900,
    ),
)
