"""Writes the questions that ship."""

from ghostlib.corpus.questions import main

main()
