"""The command line as a person at a terminal uses it."""

from ghostlib import cli


def ghost(capsys, *words):
    """(exit code, standard output, standard error)"""
    try:
        code = cli.main([str(word) for word in words])
    except SystemExit as left:
        code = left.code
    told = capsys.readouterr()
    return code, told.out, told.err


def refused(capsys, *words) -> str:
    """The one line on standard error of a command that was used wrongly."""
    code, out, err = ghost(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith("ghost: ") and err.count("\n") == 1 and "Traceback" not in err
    return err
