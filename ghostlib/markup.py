"""HTML that notebooks show: tables, SQL in colour, a file to keep. Each comes back as text; show.py displays it."""

import base64
import html
from collections.abc import Mapping, Sequence
from typing import Any

from ghostlib.charts import INK


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a table; numbers to the right, every cell escaped."""
    heads = list(rows[0])
    top = "".join(f"<th>{html.escape(str(head))}</th>" for head in heads)
    body = "".join("<tr>" + "".join(_cell(row.get(head, "")) for head in heads) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def sql(text: str) -> str:
    """SQL with its syntax in colour; each word carries its own, since style sheets differ from one front end to the next."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    style = HtmlFormatter(noclasses=True, prestyles=f"color: {INK}; text-align: left; padding: 8px; margin: 0")
    return highlight(text, get_lexer_by_name("postgresql"), style)


def download(text: str, name: str) -> str:
    """A button that saves `text` as a file; the text is in the button itself, so it works in saved pages too."""
    data = base64.b64encode(text.encode()).decode()
    style = "display: inline-block; margin: 4px 0; padding: 4px 12px; border: 1px solid #9fb3c8; border-radius: 4px"
    link = f'href="data:application/sql;base64,{data}" download="{html.escape(name)}" style="{style}; text-decoration: none"'
    return f"<a {link}>Download {html.escape(name)}</a>"


def _cell(value: Any) -> str:
    right = isinstance(value, (int, float)) or (isinstance(value, str) and value.replace(".", "", 1).isdigit())
    return f'<td style="text-align:{"right" if right else "left"}">{html.escape(str(value))}</td>'
