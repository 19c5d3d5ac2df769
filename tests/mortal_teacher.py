"""`python tests/mortal_teacher.py FAULT FOLDER OUT URL SDK TIMEOUT`: a run of the teacher that dies at a given moment.

FAULT is `none`, or file:N: killed at the N-th thing that it does in GHOST_OUTPUT. The key is the tests'; waits are short.
All pictures say the same words, so the OCR reads the first of them for all.
"""

import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import mortal
from lessons import KEY

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from ghostlib.config import TeacherSettings
    from ghostlib.corpus import picture, teacher
    from ghostlib.corpus.reading import fingerprint, reading
    from ghostlib.errors import QuotaError

    fault, folder, out, url, sdk, timeout = sys.argv[1:]
    first = cache(lambda: reading(picture.open_picture(picture.files(folder)[0])))
    teacher.reading = lambda image: replace(first(), picture=fingerprint(image))
    mortal.arrange(fault)
    settings = TeacherSettings(endpoint=url, sdk=sdk, timeout=float(timeout), requests_per_minute=600_000)
    try:
        teacher.label(
            picture.files(folder), Path(out), settings=settings, key=KEY, sleep=lambda seconds: time.sleep(min(seconds, 0.01))
        )
    except QuotaError as error:
        print(error)
        sys.exit(2)
