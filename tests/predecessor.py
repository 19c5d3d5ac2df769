"""A dataset with the faults of a public one, whose 5,287 labels are not in this repository.

One row in five is another dialect's or broken, 98 % hold a single table, 263 share one constant stub, the three shapes of a
screen are mixed, and no picture is there.
"""

import json
import random
from pathlib import Path

COUNT, STUBS = 5287, 263
STUB = "CREATE TABLE ui_elements (id SERIAL PRIMARY KEY, element_type VARCHAR(50), label VARCHAR(255), created_at TIMESTAMP);"
NOUNS = ("user", "order", "product", "invoice", "task", "event", "booking", "ticket", "payment", "message", "report", "team")
FIELDS = ("name", "email", "status", "title", "amount", "notes", "phone", "city", "price", "rating", "due_date", "priority")
WRONG = (
    lambda sql: sql.replace("SERIAL", "INT AUTO_INCREMENT").replace(";", " ENGINE=InnoDB;"),
    lambda sql: sql.replace("SERIAL PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"),
    lambda sql: sql.replace("VARCHAR", "NVARCHAR"),
    lambda sql: sql.replace(");", ", parent_id INTEGER REFERENCES nowhere(id));"),
    lambda sql: sql.replace(" VARCHAR", " VARCHARR"),
    lambda sql: sql[: len(sql) // 2],
)


def label(rng: random.Random, number: int) -> str:
    """One label: a single table mostly, two with a key now and then."""
    noun = f"{rng.choice(NOUNS)}_{number % 1900}"
    columns = ", ".join(f"{field} VARCHAR({rng.choice((50, 100, 255))})" for field in rng.sample(FIELDS, 6))
    sql = f"CREATE TABLE {noun} (id SERIAL PRIMARY KEY, {columns}, created_at TIMESTAMP);"
    if rng.random() < 0.02:
        sql += f" CREATE TABLE {noun}_items (id SERIAL PRIMARY KEY, parent_id INTEGER REFERENCES {noun}(id));"
    return rng.choice(WRONG)(sql) if rng.random() < 0.2 else sql


def row(number: int, sql: str) -> dict:
    """A record in one of the three shapes."""
    picture = f"data/ui_screenshots/screen_{number}.png"
    if number % 3 == 0:
        return {"image_path": picture, "instruction": "Generate the schema.", "output": sql, "ui_analysis": {}}
    if number % 3 == 1:
        return {"image_path": f"https://example.com/{number}.png", "ui_analysis": "a dashboard", "sql_schema": sql}
    parts = [{"type": "image", "image": picture, "text": ""}, {"type": "text", "text": "Generate the schema."}]
    return {"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": sql}]}


def write(file: Path, rng: random.Random, *, count: int = COUNT, stubs: int = STUBS) -> Path:
    """The dataset as a JSON file."""
    labels = [STUB] * stubs + [label(rng, number) for number in range(count - stubs)]
    file.write_text(json.dumps([row(number, sql) for number, sql in enumerate(labels)]))
    return file
