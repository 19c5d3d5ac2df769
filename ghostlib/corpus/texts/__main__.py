"""`python -m ghostlib.corpus.texts`."""

from ghostlib.corpus.texts import main

if __name__ == "__main__":
    main()
