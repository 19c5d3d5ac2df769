"""A question in words about a database -> the SQL query that answers it, as in Spider, BIRD and WikiSQL.

Judged by running the query (execution.py) and by Spider's exact set match (setmatch.py); learnt in one phase, from text.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from ghostlib import config as configs
from ghostlib.config import Config
from ghostlib.errors import DataError
from ghostlib.tasks import Example, Terms
from ghostlib.tasks.text2sql import catalog, hub, scoring, statements
from ghostlib.tasks.text2sql.catalog import Database
from ghostlib.tasks.text2sql.layouts import Question
from ghostlib.tasks.text2sql.scoring import Score

INSTRUCTION = "Write one SQL query that answers the question about this database. Answer with the query alone."
TERMS = Terms(
    phases=("text",),
    noun="questions",
    judge="The database",
    metrics={
        "execution_accuracy": "right answer",
        "exact_set_match": "exact\nset match",
        "exact_match": "same text",
        "valid_sql": "valid SQL",
    },
)


class Place(str):
    """A database's name, by which results are grouped, that knows the data set which it is of."""

    source: str

    def __new__(cls, name: str, source: str) -> "Place":
        made = super().__new__(cls, name)
        made.source = source
        return made


def examples(config: Config, phase: str, split: str) -> list[Example]:
    """The questions of a split of `data.texts` (a folder, or hf://owner/name), in its order; there is one phase, of text.

    Raises DataError for a folder of no known layout, and for a question about a database that is not there.
    """
    where = source(config)
    known = scoring.scorer(where)
    return [_example(known, question, where) for question in known.corpus.questions.get(split, [])]


def question(config: Config, words: str, database: Database | None = None, *, name: str = "") -> Example:
    """A question in words that has no answer yet, about a database (as `asking.connect` gives it). Raises DataError without."""
    if database is None:
        raise DataError(
            f"{words[:60]!r}: about which database? Name one: ghost ask 'How many are there?' --database FILE.sqlite"
        )
    return Example(id=name or words, prompt=prompt(database, words.strip()), group={"domain": database.name})


def prompt(database: Database, words: str, hint: str = "") -> str:
    """The words of the question: instruction, the database's tables and keys, what is asked."""
    told = [INSTRUCTION, catalog.linking(database, words), *([f"Hint: {hint}"] if hint else []), f"Question: {words}"]
    return "\n".join(told)


def parse(text: str) -> str:
    """The query inside an answer: the first fenced block where there is one, else what begins with a word of SQL."""
    fenced = re.search(r"```(?:\w+)?\s*\n(.*?)(?:```|\Z)", text, re.DOTALL)
    inside = (fenced.group(1) if fenced else text).strip()
    begun = re.search(r"\b(?:select|with)\b.*", inside, re.DOTALL | re.IGNORECASE)
    return " ".join(statements.first(begun.group() if begun and not fenced else inside)[0].split())


def by_rule(text: str) -> str:
    """Nothing: what is no query is not made one by a rule."""
    return ""


def score(answers: Sequence[str], questions: Sequence[Example]) -> list[Score]:
    """One Score an answer, its query run on the question's database and compared with the example's own completion."""
    made = []
    for answer, example in zip(answers, questions, strict=True):
        asked = Question(example.id, example.group["domain"], "", example.completion, level=example.group.get("hardness", ""))
        made.append(scoring.scorer(example.group["domain"].source).score(asked, parse(answer)))
    return made


def aggregate(rows: Sequence[Score], *, seed: int = 0) -> dict[str, dict[str, float]]:
    """Each metric's mean with a 95 % bootstrap interval; execution accuracy first."""
    return scoring.aggregate(rows, seed=seed)


def source(config: Config) -> str:
    """Where the data set is: `data.texts`, a relative path from the root."""
    told = config.data.texts
    return told if told.startswith(hub.SCHEME) or Path(told).is_absolute() else str(configs.root() / told)


def _example(known: scoring.Scorer, one: Question, where: str) -> Example:
    words = prompt(known.corpus.database(one.database), one.text, one.hint)
    group = known.groups[one.id]
    return Example(one.id, words, completion=one.gold, group=group | {"domain": Place(group["domain"], where)})
