"""The rules that say which tables a screen shows."""

from ghostlib.corpus.screens.plan import Figure
from ghostlib.corpus.screens.rules.example import Rule, card, section

ITEMS = """
Product | *product_name list | Ceramic mug; Desk lamp; Wool throw
Quantity | quantity int | 2; 1; 3
Unit price | unit_price money | $12.00; $64.50; $39.90
"""

RULES = (
    Rule(
        "A list is a table, and each of its headings is a column",
        'The table is called by the plural of what is listed, in snake_case: a page "Order items" is `order_items`.',
        "list",
        (section("rows", "order_items", ITEMS),),
    ),
    Rule(
        "Every table has its key, which no screen shows",
        "A number beside the rows is not it. The key is `id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY`; only a table "
        "that "
        "joins two others (rule 30) has none of its own.",
        "list",
        (section("rows", "rooms", "Name | *name list | Studio 2; Main hall\nSeats | seats int | 24; 180"),),
    ),
    Rule(
        "A page of one record is that record's table",
        "The labels of its facts are the columns. The word under the record's name says the noun.",
        "detail",
        (
            section(
                "facts",
                "shipments",
                """
Tracking number | *tracking_number code | TR-48213
Weight (kg) | weight_kg decimal | 12.4
Sent on | sent_on date | 4 May 2026
""",
                title="Details",
            ),
        ),
        (("record", "TR-48213"),),
    ),
    Rule(
        "Rows on the page of one record are a table that belongs to it",
        "It points back, and a row never stands alone: the key is NOT NULL and has an index.",
        "detail",
        (
            section("facts", "shipments", "Tracking number | *tracking_number code | TR-48213", title="Details"),
            section(
                "rows",
                "claims",
                "Title | *title list | Box was open; Late by two days\nAmount | amount money | $40.00; $15.50",
                parent="shipments",
            ),
        ),
        (("record", "TR-48213"),),
    ),
    Rule(
        "A dashboard has a table for each list on it, and nothing for its numbers and charts",
        'Words such as "Recent" and "Latest" are no part of the name: "Recent orders" is `orders`.',
        "dashboard",
        (
            section(
                "rows",
                "orders",
                "Order no. | *order_number code | SO-10412; SO-10415\nTotal | total money | $240.00; $59.90",
                title="Recent orders",
            ),
        ),
        (
            (
                "figures",
                (
                    card("Total orders", "1,284"),
                    card("All customers", "310"),
                    Figure("Orders", "bars", ("40", "80", "60"), tuple("MTW")),
                ),
            ),
        ),
        760,
    ),
    Rule(
        "Names beside an open record are its own table",
        "The column of names and the open page show the same records, so they are one table.",
        "master-detail",
        (
            section("facts", "clubs", "Name | *name list | Riverside\nGround | ground city | Leeds", title="Details"),
            section("names", "clubs", "Name | *name list | Riverside; Old Town; Harbour"),
        ),
        (("record", "Riverside"),),
    ),
    Rule(
        "A card is a record",
        "Its heading is the record's name (rule 13) where no label says otherwise; each label on it is a column. A picture "
        "or a "
        "coloured field on a card is none.",
        "cards",
        (
            section(
                "cards",
                "products",
                "Name | *name list | Ceramic mug; Desk lamp\nPrice | price money | $12.00; $64.50\nStock | stock int | 48; 7",
                extras=("pictures",),
            ),
        ),
    ),
    Rule(
        "A form is the table of its title's noun; a heading inside it is no table",
        '"New venue" is `venues`. Fields under "Address" or "Options" are columns of the same record.',
        "form",
        (
            section("fields", "venues", "Name | *name list | Harbour Hall\nSeats | seats int | 420", title="Details"),
            section("fields", "venues", "Street | street address | Dock Road 4\nCity | city city | Leeds", title="Address"),
        ),
        (("title", "New venue"), ("is_new", True)),
    ),
    Rule(
        "The steps of a wizard are no data, and a summary is no table",
        "The open step shows columns of the new record. What a summary repeats is the same record's: its labels are "
        "columns, each "
        "once. Subtotal, tax and total below a basket are computed.",
        "wizard",
        (
            section(
                "fields", "bookings", "Starts on | starts_on! date | 12 Jun 2026\nGuests | guests int | 3", title="Schedule"
            ),
            section("facts", "bookings", "Phone | phone phone | +44 20 555 0182", title="Summary"),
        ),
        (("title", "New booking"), ("steps", ("Contact", "Schedule", "Confirm")), ("at", 1), ("is_new", True)),
        900,
    ),
    Rule(
        "A page of settings is one row of a table that is called as the page is",
        '"Settings" is `settings`, "Billing settings" is `billing_settings`, "Preferences" is `preferences`. The lines of '
        "its menu "
        "and the headings of its groups are no data.",
        "settings",
        (
            section(
                "settings",
                "settings",
                "Theme | theme enum:Light/Dark | Dark\nItems per page | items_per_page int | 25\nWeekly summary | "
                "has_weekly_summary bool | Yes",
                title="General",
            ),
        ),
        (("title", "Settings"),),
        900,
    ),
    Rule(
        "An inbox is `messages`",
        "The line above the rows names what each row shows. A dot or bold letters are `is_read`, a star `is_starred`; both are "
        "boolean, as the tabs Unread and Starred say. The text of an open message, from its greeting on, is `body`. The "
        "folders "
        "are no data.",
        "inbox",
        (
            section(
                "messages",
                "messages",
                """
From | sender_id ref:users.full_name | Jonas Weber; Aisha Rahman
Subject | *subject list | Offer for May; New address
Received | received_at time | 12 May 2026, 09:30; 11 May 2026, 16:05
Unread | is_read bool | No; Yes
Starred | is_starred bool | Yes; No
""",
                title="Inbox",
            ),
            section(
                "message",
                "messages",
                "From | sender_id ref:users.full_name | Jonas Weber\nReceived | received_at time | 12 May 2026, 09:30\n"
                "Message | body long | thank you for the offer. We take it.",
                title="Message",
            ),
        ),
        (("record", "Offer for May"),),
        900,
    ),
)
