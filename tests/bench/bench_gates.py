"""What the gates cost on a dataset as bad as the public predecessor's: printed, never a timed assert (`make bench`)."""

import random
import time

from predecessor import write

from ghostlib.corpus.quality.files import check_files


def test_the_gates_stop_5287_labels_of_a_collapsed_dataset(tmp_path):
    file = write(tmp_path / "public.json", random.Random(7))
    started = time.perf_counter()
    report = check_files([file])
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    report.save(tmp_path / "rejects.jsonl")
    print(f"\n{report.count} rows in {seconds:.1f} s ({report.count / seconds:.0f} a second)\n{report}")
    assert not report.passed
