"""Screenshots of pages by a real Chromium from a local site that does all that the web does: polite, and nothing hangs it."""

import json
from dataclasses import replace

import faulty_site
import pytest
from PIL import Image
from terminal import ghost

from ghostlib.config import Capture
from ghostlib.corpus import capture
from ghostlib.corpus.capture import addresses, journal, robots, visit
from ghostlib.corpus.picture import open_picture
from ghostlib.corpus.screens import browser
from ghostlib.errors import DataError

QUICK = Capture(width=640, height=400, tallest=900, pause=0.05, timeout=2.5)
PINK, GREEN = (255, 0, 255), (0, 170, 0)
drawn = pytest.mark.skipif(not browser.installed(), reason="no Chromium on this machine")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """The local site is near; a page that hangs is given up sooner."""
    monkeypatch.setattr(visit, "SETTLE", 1.0)
    monkeypatch.setattr(visit, "GRACE", 0.5)


@pytest.fixture
def site():
    with faulty_site.running() as running:
        yield running


@pytest.fixture
def take(site, tmp_path):
    def run(*paths, **settings):
        file = tmp_path / "urls.csv"
        file.write_text("url\n" + "\n".join(path if ":" in path else site.url + path for path in paths) + "\n")
        made = capture.run(file, tmp_path / "shots", settings=replace(QUICK, **settings), progress=False)
        return {one.url.removeprefix(site.url): one for one in made}

    run.folder = tmp_path / "shots"
    return run


def colours(folder, taken) -> set:
    picture = Image.open(folder / taken.file).convert("RGB")
    return {colour for count, colour in picture.getcolors(1 << 20) if count > 400}


@drawn
def test_pages_become_pictures_of_the_window_whatever_floats_over_them(take, site):
    made = take(
        "/form",
        "/late",
        "/there",
        "/banner",
        "/only-accept",
        "/shadow",
        "/header",
        "/tall",
        "/wide",
        "/many",
        "/drip",
        "/alert",
        "/meta",
        timeout=5.0,
    )
    for path, one in made.items():
        assert one.file and not one.reason, (path, one)
        picture = open_picture(take.folder / one.file)
        assert picture.size == one.size and picture.width == 640 and 400 <= picture.height <= 900, path
    assert made["/tall"].size == (640, 900) and "cut at 900 of" in made["/tall"].notes[-1]
    assert made["/there"].landed == made["/meta"].landed == site.url + "/form"
    plain = colours(take.folder, made["/form"])
    for path in ("/banner", "/only-accept", "/shadow"):
        assert colours(take.folder, made[path]) == plain, path
    assert made["/banner"].notes == ("a cookie banner was refused",)
    assert made["/only-accept"].notes == made["/shadow"].notes == ("a cookie banner was hidden",)
    assert GREEN in colours(take.folder, made["/header"]) and made["/header"].notes == ()
    assert "/refused" in site.paths() and "/agreed" not in site.paths()


@drawn
def test_what_cannot_be_captured_has_a_reason_and_only_what_may_pass_is_tried_again(take, site):
    expected = {
        "/slow": "timeout",
        "/hang": "timeout",
        "/blank": "blank",
        "/download": "download",
        "/pdf": "content",
        "/json": "content",
        "/nothing": "content",
        "/empty": "unreachable",
        "/loop": "unreachable",
        "/gone": "status",
        "/broken": "unreachable",
        "/private/a": "robots",
        "/x.secret": "robots",
        "http://127.0.0.1:9/": "robots",  # nobody is there, so nobody allows it
        "ftp://example.org/": "address",
        "file:///etc/passwd": "address",
        "http://127.0.0.1": "address",  # was asked for with a password, which is not written down
    }
    asked_for = [
        path.replace("http://127.0.0.1", "http://someone:secret@127.0.0.1") if path[-1] == "1" else path for path in expected
    ]
    made = take(*asked_for, timeout=3.0)
    assert {path: one.reason for path, one in made.items()} == expected
    assert all(one.detail and not one.file for one in made.values())
    assert not list(take.folder.glob("*.png")) and "secret@" not in (take.folder / "captured.jsonl").read_text()
    assert not {"/private/a", "/x.secret"} & set(site.paths())
    site.well, asked = True, len(site.asked)
    again = take(*asked_for)
    assert {path for path, one in again.items() if one.file} == {"/slow", "/broken"}
    tried = set(site.paths()[asked:]) - {"/robots.txt", "/favicon.ico"}
    assert tried == {"/slow", "/hang", "/blank", "/empty", "/loop", "/broken"}


@drawn
def test_a_host_is_asked_by_name_once_at_a_time_and_with_pauses(take, site):
    other = site.url.replace("127.0.0.1", "localhost")
    take("/form", "/other", "/late", other + "/form", other + "/other", pause=0.6)
    assert {agent for _, _, agent, *_ in site.asked} == {robots.AGENT} and "+https://" in robots.AGENT
    for host in {row[0] for row in site.asked}:
        rows = [row for row in site.asked if row[0] == host and row[1] != "/favicon.ico"]
        assert rows[0][1] == "/robots.txt" and [row[1] for row in rows].count("/robots.txt") == 1
        pages = rows[1:]
        assert all(later[3] - earlier[4] >= 0.6 for earlier, later in zip(pages, pages[1:], strict=False)), host
    hosts = [row[0] for row in site.asked if row[1] in ("/form", "/other", "/late")]
    assert hosts[0] != hosts[1], "while one host rests, the other is asked"


@drawn
def test_a_busy_host_is_left_alone_until_the_next_run_which_takes_only_what_is_missing(take, site):
    host = site.url.partition("://")[2]
    site.robots = {host: "", host.replace("127.0.0.1", "localhost"): "User-agent: *\nDisallow: /\n"}
    made = take("/elsewhere", "/form", "/busy", "/other")
    assert [one.reason for one in made.values()] == ["robots", "", "busy", "busy"] and "/other" not in site.paths()
    assert "leads to http://localhost" in made["/elsewhere"].detail and made["/form"].file
    site.well, asked = True, len(site.asked)
    with open(take.folder / "captured.jsonl", "a") as file:
        file.write('{"url": "half a li')
    again = take("/form", "/busy", "/other")
    assert all(one.file for one in again.values()) and again["/form"] == made["/form"]
    assert not {"/form", "/elsewhere"} & set(site.paths()[asked:])
    (take.folder / again["/other"].file).unlink()
    assert take("/form", "/other", pause=0.01)["/other"].file and site.paths()[asked:].count("/other") == 2


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        ("User-agent: GhostArchitect\nDisallow: /\n", False),
        ("User-agent: *\nDisallow: /form\nAllow: /form$\n", True),
        ("User-agent: *\nDisallow: /*orm\n", False),
        ("", True),
        ("\x00\xff<html>not a robots file</html>", True),
        ("User-agent: *\nCrawl-delay: 9999\n", False),
        ("User-agent: *\n" + "Disallow: /elsewhere\n" * 40_000, True),
        (404, True),
        (403, True),
        (429, False),
        (500, False),
    ],
    ids=["named", "allow wins", "pattern", "empty", "noise", "slow", "long", "404", "403", "429", "500"],
)
def test_the_rules_of_a_host_are_read_as_the_standard_says(site, answer, allowed):
    site.robots = answer
    verdict = robots.Robots(patience=2.0).verdict(site.url + "/form")
    assert verdict.allowed is allowed and bool(verdict.why) is not allowed


def test_the_pause_that_a_host_asks_for_is_kept(site):
    site.robots = "User-agent: *\nCrawl-delay: 7\nRequest-rate: 1/20\n"
    assert robots.Robots(patience=2.0).verdict(site.url + "/form").delay == 20.0


def test_lists_of_addresses_in_several_shapes(tmp_path):
    file = tmp_path / "urls.csv"
    for text in (
        "name,url\nA,https://a.example/x#part\nB,https://b.example\nA,https://a.example/x\n",
        "https://a.example/x\n\n# no more\nhttps://b.example/\n",
        "\ufeffURL\nHTTPS://a.example/x\nhttps://b.example\n",
    ):
        file.write_text(text, encoding="utf-8")
        assert [address.url for address in addresses.read(file)] == ["https://a.example/x", "https://b.example/"]
    for bad in (b"", b"url\n", b"\xff\xfe", b"# only words\n"):
        file.write_bytes(bad)
        with pytest.raises(DataError, match="urls.csv"):
            addresses.read(file)
    with pytest.raises(DataError, match="cannot be read"):
        addresses.read(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    "word", ["javascript:alert(1)", "http://", "http://[::1", "http://a:99999/", "http://a\x00b/", "data:,x", "a b"]
)
def test_what_is_no_address_of_a_page_is_said_and_not_asked_for(tmp_path, word):
    file = tmp_path / "urls.csv"
    file.write_text(f'url\n"{word}"\n')
    assert addresses.read(file)[0].wrong


def test_a_name_on_disk_holds_nothing_of_an_addresss_tricks(tmp_path):
    kept = journal.Journal(tmp_path).keep("https://a.example/../../etc/passwd?x=%2F/" + "y" * 500, b"png")
    assert (tmp_path / kept).read_bytes() == b"png" and "/" not in kept and len(kept) < 80
    assert [file.name for file in tmp_path.iterdir()] == [kept]


@drawn
def test_the_command_prints_what_was_taken_and_leaves_with_1_where_nothing_was(capsys, site, tmp_path, monkeypatch):
    file = tmp_path / "urls.csv"
    file.write_text(f"{site.url}/form\n{site.url}/gone\n")
    quick = ("--profile", "nano", "--set", "capture.pause=0.05", "--set", "capture.timeout=3")
    code, out, _ = ghost(capsys, "capture", str(file), "--out", str(tmp_path / "a"), *quick)
    assert code == 0 and "1 of 2 pages" in out and "/gone: status: the server answers 404" in out
    # what cannot be had is not asked for again, so the next two start no browser
    code, out, _ = ghost(capsys, "capture", str(file), "--out", str(tmp_path / "a"), "--json", *quick)
    assert [bool(row["file"]) for row in json.loads(out)] == [True, False]
    file.write_text(f"{site.url}/gone\n")
    assert ghost(capsys, "capture", str(file), "--out", str(tmp_path / "a"), *quick)[0] == 1
    assert ghost(capsys, "capture", str(tmp_path / "no.csv"), "--out", str(tmp_path / "b"), *quick)[0] == 2
