"""What nano lists of pages by itself, to be gone on with: its own mistakes are what its SQL will follow."""

import json
from collections.abc import Sequence
from pathlib import Path

from ghostlib.corpus.practice import Own
from ghostlib.models import load

ROWS = 32  # lists at once
LONGEST = 320  # tokens; a list that has not ended by then says one thing again and again


def write(folder: Path, prompts: Sequence[str], out: Path) -> None:
    """Have the nano in `folder` list what is asked, the likeliest token each; `out` gets a JSON line a list that ended.

    `prompts` are questions about pages, as `practice.unlisted` makes them. On two cores 1,200 took 4.6 minutes.
    """
    import torch
    from tqdm import tqdm
    from transformers import Gemma3ForConditionalGeneration

    model = Gemma3ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = load.processor(str(folder)).tokenizer
    tokenizer.padding_side = "left"
    ends = tokenizer.convert_tokens_to_ids("<end_of_turn>")
    ordered = sorted(prompts, key=len)
    rows: list[str] = []
    for start in tqdm(range(0, len(ordered), ROWS), desc="own lists", unit="batch"):
        part = ordered[start : start + ROWS]
        turns = [f"<bos><start_of_turn>user\n{asked}<end_of_turn>\n<start_of_turn>model\n" for asked in part]
        inputs = tokenizer(turns, return_tensors="pt", padding=True, add_special_tokens=False)
        with torch.inference_mode():
            made = model.generate(**inputs, max_new_tokens=LONGEST, do_sample=False, eos_token_id=ends)
        for asked, ids in zip(part, made[:, inputs["input_ids"].shape[1] :], strict=True):
            listed = tokenizer.decode(ids, skip_special_tokens=True).strip()
            if ends in ids.tolist() and listed.startswith("# "):
                rows.append(json.dumps({"prompt": asked, "listed": listed}, ensure_ascii=False))
    partial = out.with_suffix(".partial")
    partial.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    partial.replace(out)


def read(file: Path) -> list[Own]:
    """The lists of a file; none where there is no file."""
    if not file.is_file():
        return []
    return [Own(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
