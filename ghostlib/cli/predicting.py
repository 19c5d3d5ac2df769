"""Commands that answer screenshots: predict, repl, serve."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostlib.cli import forms, parser, texts

if TYPE_CHECKING:
    from ghostlib.inference.predict import Prediction, Wishes

OVERLAY = "overlay"
REPL = """\
Name a picture to get its schema, or say what to change in the schema so far ("add tags to products").
:sql shows it, :undo takes the last change back, :save FILE writes it, :quit ends."""


def add(commands: Any) -> None:
    """Their parsers."""
    profiled, asking = parser.profiled(), _asking()
    about, example = "the schema behind screenshots", "ghost predict screens/ --out answers.jsonl"
    predict = parser.command(commands, "predict", _predict, about, example, profiled, asking)
    predict.add_argument("image", nargs="+", help="a file, a folder, or a pattern such as 'shots/*.png'")
    how = predict.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="for programs")
    how.add_argument("--as", dest="form", choices=(*forms.ENDINGS, OVERLAY), help="the schema in another form")
    how.add_argument("--prompt", action="store_true", help="only what the model would be asked, as JSON")
    about = "a file for one --as, a folder for several; else the JSON Lines file to write, or to go on with"
    predict.add_argument("--out", type=Path, help=about)
    predict.add_argument("--no-indexes", action="store_true", help="leave the indexes out")
    predict.add_argument("--no-constraints", action="store_true", help="leave CHECK, UNIQUE and foreign keys out")
    about = "a picture in, its schema out, then requests on it"
    repl = parser.command(commands, "repl", _repl, about, "ghost repl screen.png", profiled, asking)
    repl.add_argument("image", nargs="?", type=Path)
    about = "the exported model for other programs, on this machine's loopback (OpenAI's protocol)"
    serve = parser.command(commands, "serve", _serve, about, "ghost serve --port 8080", profiled)
    serve.add_argument("--model", type=Path, help="a run's folder or an export; without it the newest, else the shipped nano")
    serve.add_argument("--port", type=parser.count, default=8080)


def _asking() -> argparse.ArgumentParser:
    """The options of who is asked, and how."""
    parent = argparse.ArgumentParser(add_help=False)
    about = "a run's folder or an export (for ollama its name there); without it the newest, else the shipped nano"
    parent.add_argument("--model", help=about)
    parent.add_argument("--backend", choices=("gguf", "hf", "ollama"), default="gguf", help="ollama is at GHOST_OLLAMA_URL")
    parent.add_argument("--free", action="store_true", help="do not hold the model to the grammar of the target language")
    about = "times that the model sees PostgreSQL's message at most (2); 0 leaves a refused answer as it is"
    parent.add_argument("--repairs", type=int, choices=range(3), default=2, help=about)
    return parent


def _wishes(chosen: argparse.Namespace) -> "Wishes":
    from ghostlib.inference.predict import Wishes

    leave = vars(chosen)
    wanted = {name: not leave.get(f"no_{name}") for name in ("indexes", "constraints")}
    return Wishes(grammar=not chosen.free, repairs=chosen.repairs, by_rule=chosen.repairs > 0, **wanted)


def _predict(chosen: argparse.Namespace) -> int:
    from ghostlib import config as configs
    from ghostlib.inference import backends, folder

    settings, images = parser.config(chosen), folder.named(chosen.image)
    if chosen.prompt:
        return _prompts(images, settings)
    if chosen.out is None and chosen.form is None and not chosen.json and any(map(folder.many, chosen.image)):
        chosen.out = configs.output() / "predictions" / f"{Path(chosen.image[0]).resolve().name.strip('*.') or 'all'}.jsonl"
    asked = backends.opened(chosen.backend, settings, chosen.model)
    if chosen.out and not chosen.form:
        found = folder.run(images, chosen.out, asked, settings, _wishes(chosen), progress=sys.stderr.isatty())
        for line in found.failed:
            print(f"ghost: {texts.plain(line)}", file=sys.stderr)
        known = f", {found.kept} known already" * bool(found.kept)
        print(f"{chosen.out}: {found.asked} screens asked{known}; PostgreSQL accepts {found.valid} of {len(images)}")
        return 0 if found.valid == len(images) else 1
    made, code = [], 0
    for image, told in folder.stream(images, asked, settings, _wishes(chosen)):
        if isinstance(told, Exception) and len(images) == 1:
            raise told
        if isinstance(told, Exception):
            print(f"ghost: {texts.plain(str(told))}", file=sys.stderr)
            code = 1
            continue
        code = code if told.valid else 1
        if chosen.form:
            made.append((image, told))
            if not told.valid:
                print(_state(told), file=sys.stderr)
        elif chosen.json:
            made.append((image, told))
        else:
            print(f"{told.sql}\n\n-- {_state(told)}")
    if chosen.json:
        print(json.dumps([told.as_dict() for _, told in made], indent=2))
    if chosen.form:
        _written(chosen.form, made, chosen.out)
    return code


def _prompts(images: list[Path], settings: Any) -> int:
    """What a model would be asked about each picture, and the square of pixels that it would see."""
    from ghostlib import tasks
    from ghostlib.corpus import picture
    from ghostlib.inference import llama

    rows = []
    for image in images:
        question = tasks.named(settings.task).ask(settings, image)
        square = picture.letterbox(picture.open_picture(image), settings.model.image_side)
        rows.append({"image": str(image), "prompt": question.prompt, "picture": llama.data_uri(square)})
    print(json.dumps(rows, indent=2))
    return 0


def _written(form: str, made: "list[tuple[Path, Prediction]]", out: Path | None) -> None:
    if form == OVERLAY:
        contents = [(image.stem, _overlay(image, told)) for image, told in made]
        files = forms.place(contents, ".overlay.png", out)
    else:
        named = [(texts.Text(str(image), image.stem, ""), told.schema) for image, told in made if told.schema]
        files = forms.write(form, named, out) if named else []
    for file in files:
        print(file)


def _overlay(image: Path, told: "Prediction") -> bytes:
    import io

    from ghostlib.inference import overlay

    file = io.BytesIO()
    overlay.drawn(told.evidence, image).save(file, "PNG")
    return file.getvalue()


def _state(told: "Prediction") -> str:
    """What else is to be said of an answer, on one line."""
    state = "PostgreSQL accepts it" if told.valid else f"PostgreSQL refuses it: {'; '.join(map(str, told.problems))}"
    parts = [f"{told.image}: {state}", f"{told.seconds:.1f} s", told.backend, told.model, f"confidence {told.confidence:.2f}"]
    if told.expected_score is not None:
        parts.append(f"expected score {told.expected_score:.2f}")
    if told.attempts > 1:
        parts.append(f"asked {told.attempts} times")
    return texts.plain("; ".join([*parts, *told.notes]))


def _repl(chosen: argparse.Namespace) -> int:
    from ghostlib.inference import backends

    settings = parser.config(chosen)
    talk = _Talk(settings, backends.opened(chosen.backend, settings, chosen.model), _wishes(chosen))
    if sys.stdin.isatty():
        print(REPL)
    if chosen.image:
        talk.say(str(chosen.image))
    while talk.open:
        try:
            line = input("ghost> " if sys.stdin.isatty() else "").strip()
        except EOFError:
            break
        if line:
            talk.say(line)
    return 0 if talk.versions else 1


class _Talk:
    """What was said in one repl: the versions of the schema, the newest one last."""

    def __init__(self, settings: Any, asked: Any, wishes: "Wishes"):
        self.settings, self.asked, self.wishes = settings, asked, wishes
        self.versions: list[str] = []
        self.open = True

    def say(self, line: str) -> None:
        """One line of the user: a command, a picture, or a request. What goes wrong is one line, and the talk goes on."""
        from ghostlib.errors import GhostError

        word, _, rest = line.partition(" ")
        try:
            if word in (":quit", ":q", ":exit"):
                self.open = False
            elif word.startswith(":"):
                self._command(word, rest.strip())
            elif Path(line).is_file() or Path(line).suffix.lower() in (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"):
                self._picture(Path(line))
            else:
                self._request(line)
        except (GhostError, OSError) as error:
            print(f"ghost: {texts.plain(str(error))}")

    def _command(self, word: str, rest: str) -> None:
        from ghostlib.errors import DataError

        if word not in (":sql", ":undo", ":save"):
            raise DataError(f"{word}: there is no such command. There are :sql, :undo, :save FILE and :quit")
        if not self.versions:
            raise DataError("there is no schema yet. Name a picture first")
        if word == ":save":
            if not rest:
                raise DataError(":save needs a file, for example :save schema.sql")
            Path(rest).write_text(self.versions[-1] + "\n", encoding="utf-8")
            print(f"written to {rest}")
            return
        if word == ":undo" and len(self.versions) > 1:
            self.versions.pop()
        print(self.versions[-1])

    def _picture(self, image: Path) -> None:
        from ghostlib import tasks
        from ghostlib.inference import predict

        question = tasks.named(self.settings.task).ask(self.settings, image)
        told = predict.answered(question, self.asked, self.settings, self.wishes)
        print(f"{told.sql}\n\n-- {_state(told)}")
        self.versions = [told.sql]

    def _request(self, wish: str) -> None:
        from ghostlib.errors import DataError
        from ghostlib.inference import dialogue

        if not self.versions:
            raise DataError("there is no schema yet. Name a picture first")
        reply = dialogue.follow(self.versions[-1], wish, self.asked, self.settings, self.wishes)
        same = reply.sql == self.versions[-1]
        if reply.verdict.valid:
            state = "PostgreSQL accepts it" + ", and nothing has changed" * same
        else:
            state = f"PostgreSQL refuses it, so the schema stays as it was: {'; '.join(map(str, reply.verdict.problems))}"
        print(f"{reply.sql}\n\n-- {texts.plain(state)}; {reply.seconds:.1f} s")
        if reply.verdict.valid and not same:
            self.versions.append(reply.sql)


def _serve(chosen: argparse.Namespace) -> int:
    import threading

    from ghostlib.inference import serving

    served = serving.start(parser.config(chosen), chosen.model, port=chosen.port)
    print(serving.told(served), flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("stopped")
    finally:
        served.stop()
    return 0
