"""Ghost Architect: a screenshot of an application in, a PostgreSQL schema out, by a Gemma-3 that you tuned yourself."""

__version__ = "0.1.0"
