"""Small screenshots, and the answers that a teacher gives to them: right ones and wrong ones."""

import json
from pathlib import Path

from PIL import Image, ImageDraw

KEY = "AIzaSy-a-very-secret-key-000000000000001"
SQL = """CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    full_name text NOT NULL,
    email text
);"""
MYSQL = "CREATE TABLE `customers` (`id` INT AUTO_INCREMENT PRIMARY KEY, `full_name` VARCHAR(80), `email` TEXT) ENGINE=InnoDB;"
DANGLING = SQL.replace("email text", "email text,\n    city_id bigint REFERENCES cities (id)")
UNSEEN = SQL.replace("email text", "email text,\n    shoe_size integer")


def said(sql: str = SQL, *more: tuple[str, str], **changes) -> str:
    """The answer for a picture of `draw`; `more` are further (column, label)."""
    labels = [("full_name", "Full name *"), ("email", "Email address"), *more]
    elements = [{"label": text, "widget": "Text input", "column": f"customers.{column}"} for column, text in labels]
    answer = {
        "no_data": False,
        "screen": "Form",
        "domain": "CRM",
        "elements": [*elements, {"label": "Save", "widget": "button", "column": ""}],
        "relationships": [],
        "complexity": "low",
        "sql": sql,
    }
    return json.dumps(answer | changes)


def draw(path: Path, title: str, *lines: str) -> Path:
    """A form with a title of its own."""
    words = [title, *(lines or ("Full name *", "Email address"))]
    image = Image.new("RGB", (420, max(260, 80 + 60 * len(words))) if lines else (420, 260), "white")
    pen = ImageDraw.Draw(image)
    for row, line in enumerate(words):
        pen.text((20, 20 + 60 * row), line, fill="black", font_size=20)
    image.save(path)
    return path
