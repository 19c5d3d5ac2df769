"""The rules of keys between tables, of NOT NULL and UNIQUE, and of indexes."""

from ghostlib.corpus.screens.rules.example import Rule, card, section

ORDERS = """
Order no. | *order_number code | SO-10412; SO-10415; SO-10420
Customer | customer_id ref:customers.full_name | Marta Olsen; Jonas Weber; Aisha Rahman
Total | total money | $240.00; $59.90; $118.00
"""

RULES = (
    Rule(
        "A select filled with records, or a cell with another record's name, is a foreign key",
        "The label's noun gives the column and the table. Of the other record one column is seen, its name: what is shown "
        "says how "
        "it is called (rule 13).",
        "list",
        (section("rows", "orders", ORDERS),),
    ),
    Rule(
        "A code that names another record is that record's number",
        '"Invoice: INV-2026-014" points at `invoices`, whose number is UNIQUE.',
        "form",
        (
            section(
                "fields",
                "payments",
                "Invoice | invoice_id ref:invoices.invoice_number | INV-2026-014\nAmount | amount money | $310.00",
                title="Details",
            ),
        ),
        (("title", "New payment"), ("is_new", True)),
    ),
    Rule(
        "A person in a role of the staff is one of the `users`",
        "Owner, assignee, reviewer, author, and From and To of a message: `owner_id`, `assignee_id` and so on. A role that "
        "is a "
        'table of its own on the navigation ("Teachers") is that table.',
        "list",
        (
            section(
                "rows",
                "tickets",
                "Title | *title list | Printer is offline; New laptop\nAssignee | assignee_id ref:users.full_name | Marta "
                "Olsen; "
                "Jonas Weber",
            ),
        ),
    ),
    Rule(
        "Two keys to one table keep the words of their labels",
        '"Home club" and "Away club" are `home_club_id` and `away_club_id`, both to `clubs`.',
        "form",
        (
            section(
                "fields",
                "matches",
                "Home club | home_club_id ref:clubs.name | Riverside\nAway club | away_club_id ref:clubs.name | Old Town",
                title="Details",
            ),
        ),
        (("title", "Edit match"),),
    ),
    Rule(
        "A key to the same table points at the table itself",
        '"Parent board" on a page of boards is `parent_board_id REFERENCES boards (id)`.',
        "list",
        (
            section(
                "rows",
                "boards",
                "Name | *name list | Feature ideas; Bugs\nParent board | parent_board_id ref:boards.name | Product; Product",
            ),
        ),
    ),
    Rule(
        "Chips that name several records are a table that joins both",
        "It is called by the page's noun and the label, and its key is its two columns. The key serves searches by the "
        "first, so "
        "the second has the index.",
        "form",
        (
            section(
                "fields",
                "courses",
                "Title | *title list | Chemistry\nStudents | student_id many:students.full_name | Marta Olsen + Jonas Weber",
                title="Details",
            ),
        ),
        (("title", "Edit course"),),
    ),
    Rule(
        "Every foreign key has an index on its column",
        "It is written after the tables.",
        "list",
        (
            section(
                "rows",
                "lessons",
                "Teacher | teacher_id ref:teachers.full_name | Clara Moreau; Hugo Berg\nRoom | room_id ref:rooms.name | "
                "Studio 2; "
                "Main hall",
            ),
        ),
    ),
    Rule(
        'A report\'s "Group by" names a column; its sums are computed',
        "The words in the lines between the rows are that column's values. A filter for a period names a date. Subtotals, "
        "totals, "
        "averages and counts are no columns.",
        "report",
        (
            section(
                "groups",
                "expenses",
                "Team | team_id ref:teams.name | Design; Design; Sales\nPurpose | *purpose list | Train to Lyon; Paper; "
                "Dinner\n"
                "Amount | amount money | $84.00; $12.50; $61.00",
                grouped_by="team_id",
                totals=("", "", "$157.50"),
            ),
        ),
        (
            ("title", "Expenses by team"),
            ("figures", (card("Number of expenses", "3", ""), card("Total amount", "$157.50", ""))),
        ),
    ),
    Rule(
        "An asterisk is NOT NULL",
        'Where a form marks "(optional)" instead, every field without the mark is NOT NULL. A form with no mark at all '
        "says nothing. "
        "A help text or an error below an input is no data, though the error may say that the field is required.",
        "form",
        (
            section(
                "fields",
                "leads",
                "Company | *company! company | Oakfield Foods\nPhone | phone phone | +44 20 555 0182",
                title="Details",
            ),
        ),
        (("title", "New lead"), ("marks", "asterisk"), ("is_new", True)),
    ),
    Rule(
        "The name of a record is NOT NULL",
        "`name`, `full_name`, `title`, or the code in the first column of its list.",
        "list",
        (section("rows", "teams", "Name | *name list | Design; Sales\nCity | city city | Leeds; Lyon"),),
    ),
    Rule(
        "A code or a number that identifies is UNIQUE",
        'Order number, SKU, ISBN, license plate, passport number. An input that can be read but not changed ("Read-only") is a '
        "column as any other.",
        "list",
        (section("rows", "books", "Title | *title list | Tides; A House of Paper\nISBN | isbn code | 978-1-4028; 978-0-3065"),),
    ),
    Rule(
        "The search box of a list names columns",
        '"Search customers by name or email" is an index on each. A box that only says "Search" names nothing.',
        "list",
        (
            section(
                "rows",
                "customers",
                "Name | *full_name person | Marta Olsen; Jonas Weber\nEmail | email email | marta@example.org; "
                "jonas@example.org",
                search="Search customers by name or email",
                searched=("full_name", "email"),
            ),
        ),
    ),
    Rule(
        'A sort arrow beside a heading, or "Sort by", is an index on that column',
        "No second index where the column is UNIQUE or a foreign key.",
        "list",
        (
            section(
                "rows",
                "invoices",
                "Number | *invoice_number code | INV-014; INV-009\nDue date | due_date date | 30 May 2026; 4 May 2026",
                sorted_by="due_date",
            ),
        ),
    ),
    Rule(
        "An empty list has the columns of its headings, as far as their words say what they hold",
        '"No suppliers yet" below the headings. A heading tells words, money and codes by itself; it does not tell a key to '
        "another table, so a drawn empty list shows none.",
        "list",
        (
            section(
                "rows",
                "suppliers",
                "Name | *name company | -\nCity | city city | -\nEmail | email email | -",
                extras=("empty",),
            ),
        ),
    ),
)
