"""A question in words about a database -> the SQL query that answers it, as in Spider, BIRD and WikiSQL.

Judged by running the query (execution.py) and by Spider's exact set match (setmatch.py); learnt in one phase, from text.
"""

import re
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ghostlib import config as configs
from ghostlib.config import Config
from ghostlib.errors import DataError
from ghostlib.tasks import Example, Story, Terms
from ghostlib.tasks.text2sql import catalog, hub, practice, sandbox, scoring, statements
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
    story=Story(
        lesson="Can the model learn to answer a question about a database with a query that gives the right rows?",
        data="Questions about databases, each with its query, as in Spider. The prompt holds the tables with columns and keys.",
        untrained="The base of nano has never seen a SELECT; TinyLlama knows SQL, but not to answer with the query alone.",
        judged="Every query is run, read-only, and its rows are compared with those of the true query; beside that stand "
        "Spider's exact set match and the same text. No database of the validation questions is trained on.",
        use='ghost ask --task text2sql --database FILE.sqlite "How many are there?"',
        limits=(
            "It was measured on small databases of this project's own, in English.",
            "A query that gives the right rows on one small database may be wrong on a larger one.",
        ),
    ),
)
TRIED = ("SELECT name FROM boats WHERE price > 50", "SELECT nme FROM boats", "DELETE FROM boats")


class Place(str):
    """A database's name, by which results are grouped, that knows the data set which it is of."""

    source: str

    def __new__(cls, name: str, source: str) -> "Place":
        made = super().__new__(cls, name)
        made.source = source
        return made


def examples(config: Config, phase: str, split: str) -> list[Example]:
    """The questions of a split of `data.texts` (a folder, or hf://owner/name), in its order; there is one phase, of text.

    To train on there are `data.generated` more (practice.py), without those whose tables `data.background` leaves out.
    Raises DataError for a folder of no known layout, and for a question about a database that is not there.
    """
    found = _asked(config, source(config), split)
    if split == "train" and config.data.generated:
        made = _asked(config, practice.address(config.data.generated, config.seed), split)
        found += [one for one in made if practice.told(one.completion, one.prompt)]
    return found


def question(config: Config, words: str, database: Database | None = None, *, name: str = "") -> Example:
    """A question in words that has no answer yet, about a database (as `asking.connect` gives it). Raises DataError without."""
    if database is None:
        raise DataError(
            f"{words[:60]!r}: about which database? Name one: ghost ask 'How many are there?' --database FILE.sqlite"
        )
    asked = prompt(database, words.strip(), budget=config.data.background)
    return Example(id=name or words, prompt=asked, group={"domain": database.name})


def prompt(database: Database, words: str, hint: str = "", *, budget: int = configs.Data.background) -> str:
    """The words of the question: instruction, the database's tables and keys in about `budget` characters, what is asked."""
    told = [
        INSTRUCTION,
        catalog.linking(database, words, budget=budget),
        *([f"Hint: {hint}"] if hint else []),
        f"Question: {words}",
    ]
    return "\n".join(told)


def parse(text: str) -> str:
    """The query inside an answer: the first fenced block where there is one, else what begins with a word of SQL."""
    fenced = re.search(r"```(?:\w+)?\s*\n(.*?)(?:```|\Z)", text, re.DOTALL)
    inside = (fenced.group(1) if fenced else text).strip()
    begun = re.search(r"\b(?:select|with)\b.*", inside, re.DOTALL | re.IGNORECASE)
    return " ".join(statements.first(begun.group() if begun and not fenced else inside)[0].split())


def check(text: str) -> list[str]:
    """What is wrong with an answer before any database has seen it: there is no query, or it would change something."""
    query = parse(text)
    if not query:
        return ["there is no query in it"]
    changing = statements.changes(query)
    return [f"{changing}: a query may only read"] if changing else []


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


def trial() -> list[str]:
    """What a database says of a query, of one with a column that it has not, and of one that would change it, in lines."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "marina.sqlite"
        with closing(sqlite3.connect(file)) as link:
            link.executescript("CREATE TABLE boats (name TEXT, price); INSERT INTO boats VALUES ('Anna', 99), ('Berta', 7);")
        with closing(sandbox.Sandbox(file)) as there:
            told = []
            for query, found in ((query, there.run(query)) for query in TRIED):
                took = found.state == "rows"
                told.append(f"{TERMS.judge} {'accepts' if took else 'refuses'} it: {query}")
                told.append(f"  {found.rows}" if took else f"  {found.message}")
    return told


def source(config: Config) -> str:
    """Where the data set is: `data.texts`, a relative path from the root."""
    told = config.data.texts
    return told if told.startswith(hub.SCHEME) or Path(told).is_absolute() else str(configs.root() / told)


def _asked(config: Config, where: str, split: str) -> list[Example]:
    """The questions of one data set with their answers, in the one spelling that is taught (statements.spelled)."""
    known = scoring.scorer(where)
    found = []
    for one in known.corpus.questions.get(split, []):
        words = prompt(known.corpus.database(one.database), one.text, one.hint, budget=config.data.background)
        group = known.groups[one.id]
        place = {"domain": Place(group["domain"], where)}
        found.append(Example(one.id, words, completion=statements.spelled(one.gold), group=group | place))
    return found
