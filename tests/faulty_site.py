"""A local web site with everything that goes wrong with pages, and a list of who asked for what, when."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FORM = "<form><h1>Edit customer</h1><p><label>Full name * <input></label></p><p><label>Email <input></label></p></form>"
BANNER = (
    "<div style='position:fixed;left:0;right:0;bottom:0;height:400px;background:#f0f' {more}>We use cookies. {buttons}</div>"
    "<div style='position:fixed;inset:0;background:rgba(0,0,255,.6)'></div>"
)
ACCEPT = "<button onclick='fetch(\"/agreed\")'>Accept all</button>"
REJECT = "<button onclick=\"fetch('/refused'); document.querySelectorAll('div').forEach(e => e.remove())\">Reject all</button>"
SHADOW = (
    "<div id=usercentrics-root></div>"
    "<script>const root = document.getElementById('usercentrics-root').attachShadow({mode: 'open'});"
    "root.innerHTML = \"<div style='position:fixed;inset:0;background:#f0f'>Cookie consent <button>OK</button></div>\"</script>"
)
PAGES = {
    "/form": FORM,
    "/other": FORM.replace("customer", "supplier"),
    "/banner": FORM + BANNER.format(more="", buttons=ACCEPT + REJECT),
    "/only-accept": FORM + BANNER.format(more="id=cookies", buttons=ACCEPT),
    "/shadow": FORM + SHADOW,
    "/header": FORM
    + "<header style='position:sticky;top:0;background:#0a0'>Shop <a>Privacy</a> <button>Log in</button></header>",
    "/blank": "<body></body>",
    "/late": f"<body><script>setTimeout(() => document.body.innerHTML = `{FORM}`, 1500)</script></body>",
    "/tall": FORM + "<div style='height:60000px;background:linear-gradient(red,blue)'></div>",
    "/wide": FORM + "<div style='width:20000px;height:50px;background:red'></div>",
    "/many": FORM + "<i>x</i>" * 20_000,
    "/hang": FORM + "<script>setTimeout(() => { while (true) {} }, 50)</script>",
    "/alert": FORM + "<script>alert('hello'); window.onbeforeunload = () => 'stay'; open('/form')</script>",
    "/meta": "<meta http-equiv=refresh content='0;url=/form'>",
}
ROBOTS = "User-agent: *\nDisallow: /private\nDisallow: /*.secret$\n\nUser-agent: OtherBot\nDisallow: /\n"


@dataclass
class Site:
    """`asked` has (host, path, agent, began, ended) of every request; `robots` is a text, a status, or a text for each host."""

    url: str = ""
    robots: str | int | dict[str, str] = ROBOTS
    asked: list[tuple[str, str, str, float, float]] = field(default_factory=list)
    well: bool = False  # what fails at first is well again

    def paths(self) -> list[str]:
        return [path for _, path, *_ in self.asked]


@contextmanager
def running() -> Iterator[Site]:
    """The site on a free port until the block ends; it answers to 127.0.0.1 and to localhost."""
    site = Site()
    server = _Server(("127.0.0.1", 0), _handler(site))
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.socket.close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Nothing: whoever asked hung up."""


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            began, path = time.monotonic(), self.path
            with suppress(OSError):
                self.answer(path)
            site.asked.append((self.headers["Host"], path, self.headers["User-Agent"], began, time.monotonic()))

        def answer(self, path: str) -> None:
            if path == "/robots.txt":
                told = site.robots[self.headers["Host"]] if isinstance(site.robots, dict) else site.robots
                status, text = (200, told) if isinstance(told, str) else (told, "")
                return self.send(status, text, "text/plain")
            if path in PAGES:
                return self.send(200, PAGES[path])
            known = {
                "/slow": lambda: time.sleep(0 if site.well else 20) or self.send(200, FORM),
                "/drip": self.drip,
                "/download": lambda: self.send(200, "a,b", "text/csv", ("Content-Disposition", "attachment; filename=a.csv")),
                "/pdf": lambda: self.send(200, "%PDF-1.7", "application/pdf"),
                "/json": lambda: self.send(200, "{}", "application/json"),
                "/nothing": lambda: self.send(204, ""),
                "/empty": lambda: self.connection.close(),
                "/there": lambda: self.send(302, "", "text/html", ("Location", "/form")),
                "/loop": lambda: self.send(302, "", "text/html", ("Location", "/loop")),
                "/broken": lambda: self.send(200 if site.well else 500, FORM),
                "/busy": lambda: self.send(200 if site.well else 429, FORM, "text/html", ("Retry-After", "3600")),
                "/elsewhere": lambda: self.send(
                    302, "", "text/html", ("Location", f"{site.url}/form".replace("127.0.0.1", "localhost"))
                ),
            }
            known.get(path, lambda: self.send(404, "<h1>Not found</h1>"))()

        def drip(self) -> None:
            """A page that never ends, its beginning worth seeing."""
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(FORM.encode() + b" " * 2048)
            for _ in range(200):
                self.wfile.write(b"<br>")
                self.wfile.flush()
                time.sleep(0.1)

        def send(self, status: int, text: str, kind: str = "text/html", *headers: tuple[str, str]) -> None:
            self.send_response(status)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(text.encode()))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
