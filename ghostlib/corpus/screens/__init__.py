"""Screens drawn from a known schema: domains -> archetypes.plan -> pages.html -> browser -> records, with exact truth.

domains/     the relational models (notation.py); labels' wordings in wordings.py, sample values in samples.py
archetypes/  chooses what a screen shows, a plan (plan.py, rows.py, figures.py); truth.py says which schema it implies
looks.py     the designs; pages.py and templates/ make the HTML, icons.py its icons, furniture.py what stands round the data
browser.py   headless Chromium; drawing.py makes the dataset; `python -m ghostlib.corpus.screens` makes the shipped one
"""
