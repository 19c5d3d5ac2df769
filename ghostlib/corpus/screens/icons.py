"""Icons drawn for this project: paths of a 24 x 24 picture, as outlines, filled, or outlines with a light inside."""

OPEN = frozenset(  # shapes that enclose nothing, alike in every set
    "percent list chart arrows check flag plus down right left updown dots filter download menu sort close search".split()
)

ICONS: dict[str, str] = {
    "users": (
        "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21v-1a6 6 0 0 1 6-6h2a6 6 0 0 1 6 6v1"
        "M16 4a4 4 0 0 1 0 7M18 14.5a6 6 0 0 1 4 5.5v1"
    ),
    "user": "M12 12a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM4 21a8 8 0 0 1 16 0",
    "tag": "M3 4v7l10 10 8-8L11 3H4a1 1 0 0 0-1 1zM7.5 7.5h.01",
    "box": "M3 8l9-5 9 5v8l-9 5-9-5zM3 8l9 5 9-5M12 13v8",
    "cart": "M2 4h3l2.5 11h11L21 7H6M9 20h.01M17 20h.01",
    "list": "M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01",
    "star": "M12 3l2.8 5.8 6.2.9-4.5 4.4 1 6.3-5.5-3-5.5 3 1-6.3L3 9.700l6.2-.9z",
    "percent": "M19 5L5 19M7.5 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM16.5 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
    "building": "M5 21V4h9v17M14 9h5v12M3 21h18M8 8h3M8 12h3M8 16h3",
    "file": "M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h7",
    "card": "M3 6h18v13H3zM3 10h18M7 15h4",
    "receipt": "M5 3v18l3-2 2 2 2-2 2 2 2-2 3 2V3zM9 8h6M9 12h6",
    "home": "M3 11l9-8 9 8M5 10v11h14V10M10 21v-6h4v6",
    "chart": "M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6",
    "arrows": "M4 8h15l-4-4M20 16H5l4 4",
    "truck": "M2 6h12v11H2zM14 10h4l4 4v3h-8M6 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
    "map": "M3 6l6-3 6 3 6-3v15l-6 3-6-3-6 3zM9 3v15M15 6v15",
    "drop": "M12 3s7 7 7 11.500a7 7 0 0 1-14 0C5 10 12 3 12 3z",
    "wrench": "M14.5 6a5 5 0 0 1 6-2l-3 3 .5 2.5 2.5.5 3-3a5 5 0 0 1-7 6L8 21.5 3.5 17z",
    "flag": "M5 21V4h13l-3 4.5 3 4.500H5",
    "calendar": "M4 6h16v15H4zM4 11h16M8 3v5M16 3v5",
    "book": "M4 5c3-1.5 6-1 8 1 2-2 5-2.5 8-1v14c-3-1.5-6-1-8 1-2-2-5-2.5-8-1zM12 6v14",
    "target": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
    "check": "M4 12.500l5 5L20 6.5",
    "megaphone": "M3 10v4h4l9 5V5L7 10zM19 9a4 4 0 0 1 0 6",
    "coin": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM14.5 9c-1-1.5-5-1.5-5 .8s5 1.6 5 4-4 2.2-5 .7M12 6.500v11",
    "folder": "M3 6h6l2 3h10v11H3z",
    "clock": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
    "chat": "M4 4h16v12H9l-5 5z",
    "ticket": "M3 7h18v3.500a1.5 1.5 0 0 0 0 3V17H3v-3.500a1.5 1.5 0 0 0 0-3zM14 7v10",
    "mic": "M12 14a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.500V21",
    "plane": "M21 3L3 10.500l7 3.5 3.5 7z",
    "utensils": "M7 3v18M4 3v5a3 3 0 0 0 6 0V3M17 21v-8M17 13c-2 0-3-2-3-5s1.5-5 3-5z",
    "heart": "M12 20S4 15 4 9a4 4 0 0 1 8-1 4 4 0 0 1 8 1c0 6-8 11-8 11z",
    "bell": "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
    "search": "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
    "gear": (
        "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.600l2.1 2.1"
        "M16.3 16.300l2.1 2.100M5.6 18.400l2.1-2.100M16.3 7.700l2.1-2.1"
    ),
    "plus": "M12 5v14M5 12h14",
    "down": "M6 9l6 6 6-6",
    "right": "M9 6l6 6-6 6",
    "left": "M15 6l-6 6 6 6",
    "updown": "M8 10l4-4 4 4M8 14l4 4 4-4",
    "dots": "M5 12h.01M12 12h.01M19 12h.01",
    "filter": "M4 6h16M7 12h10M10 18h4",
    "download": "M12 4v11M7 11l5 5 5-5M4 20h16",
    "help": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.500a2.5 2.5 0 1 1 3.5 2.300c-.7.3-1 .8-1 1.700M12 17h.01",
    "menu": "M4 6h16M4 12h16M4 18h16",
    "grid": "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
    "mail": "M3 6h18v13H3zM3 7l9 7 9-7",
    "edit": "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    "trash": "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14",
    "sort": "M12 5v14M7 14l5 5 5-5",
    "close": "M6 6l12 12M18 6L6 18",
}


SOLID: dict[str, str] = {  # what the filled set draws otherwise; its holes are the even-odd rule's
    "users": (
        "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21a7 7 0 0 1 14 0zM17 11a3.5 3.5 0 1 0 0-7 6 6 0 0 1 0 7z"
        "M18 21h4a6 6 0 0 0-6-7 9 9 0 0 1 2 7z"
    ),
    "user": "M12 12a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM3 21a9 8 0 0 1 18 0z",
    "tag": "M3 3h8l10 10-8 8L3 11zM7.5 9a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z",
    "box": "M12 2l9 5-9 5-9-5zM2.5 8.500l8.7 4.800V22l-8.7-4.800zM21.5 8.500l-8.7 4.800V22l8.7-4.800z",
    "cart": (
        "M2 3h3.500l.8 3H22l-2.5 10H8.500L4.5 5H2z"
        "M9 21.500a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.400zM17 21.500a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.400z"
    ),
    "building": "M4 3h11v6h5v13h-8v-4H8v4H4zM7 7v2h2V7zM11 7v2h2V7zM7 12v2h2v-2zM11 12v2h2v-2z",
    "file": "M5 2h9v6h6v14H5zM16 2l4 4h-4zM8 12v1.500h9V12zM8 16v1.500h9V16z",
    "card": "M2 5h20v3H2zM2 10.500h20V19H2zM5 15v1.500h5V15z",
    "receipt": "M4 2h16v20l-2.7-2-2.6 2-2.7-2-2.7 2-2.6-2L4 22zM8 7v1.500h8V7zM8 11v1.500h8V11z",
    "home": "M12 2l10 9h-3v11h-5v-7h-4v7H5V11H2z",
    "truck": (
        "M1 5h13v11H1zM15 9h4l4 4v3h-8zM6 21a2.3 2.3 0 1 0 0-4.600A2.3 2.3 0 0 0 6 21z"
        "M18 21a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.600z"
    ),
    "map": "M2 6l6-3v15l-6 3zM9.5 3l5 2.500v15l-5-2.500zM16 5.500L22 3v15l-6 3z",
    "drop": "M12 2s8 8 8 13a8 8 0 0 1-16 0C4 10 12 2 12 2z",
    "wrench": (
        "M14.5 5.500a5.5 5.5 0 0 1 6.5-2.500l-3.3 3.3.5 2.5 2.5.5L23 6.500a5.5 5.5 0 0"
        " 1-7.5 6.500L8 22l-5-5z"
    ),
    "calendar": "M3 5h4V2h2v3h6V2h2v3h4v4H3zM3 10.500h18V22H3zM7 13.500v2.500h2.500v-2.500zM14 13.500v2.500h2.500v-2.500z",
    "book": "M2 4c4-1.5 7-1 9.3 1v15C9 18.5 6 18 2 19zM22 4c-4-1.5-7-1-9.3 1v15c2.3-1.5 5.3-2 9.3-1z",
    "target": (
        "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20zM12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12z"
        "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z"
    ),
    "megaphone": "M2 9h5l10-5v16L7 15H2zM19 8a5 5 0 0 1 0 8zM5 16h3l1.5 6H6.500z",
    "coin": "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20zM12 5.500l5 6.5-5 6.500L7 12z",
    "folder": "M2 5h7l2 3h11v12H2z",
    "clock": "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20zM11 6v6.600l4.5 2.7 1-1.6-3.6-2.200V6z",
    "chat": "M3 3h18v14H9.500L4 22v-5H3z",
    "ticket": "M2 6h11v12H2v-4a2 2 0 0 0 0-4zM14.5 6H22v4a2 2 0 0 0 0 4v4h-7.500z",
    "mic": (
        "M12 15a3.5 3.5 0 0 0 3.5-3.500V5.500a3.5 3.5 0 0 0-7 0v6A3.5 3.5 0 0 0 12 15z"
        "M4.5 11h2a5.5 5.5 0 0 0 11 0h2a7.5 7.5 0 0 1-6.5 7.400V22h-2v-3.600A7.5 7.5 0 0 1 4.5 11z"
    ),
    "utensils": (
        "M3 2h2v6h1V2h2v6h1V2h2v7a4 4 0 0 1-3 3.800V22H6v-9.200A4 4 0 0 1 3 9z"
        "M17 2c3 0 4 3.5 4 6.500S19.5 13 18.5 13.500V22h-3v-8.500C14.5 13 13 11.5 13 8.500S14 2 17 2z"
    ),
    "bell": "M5 17v-6a7 7 0 0 1 14 0v6l2 2H3zM9.5 20.500h5a2.5 2.5 0 0 1-5 0z",
    "gear": (
        "M10 2h4l.6 3 2.6 1.5 2.9-1 2 3.4-2.3 2v2.200l2.3 2-2 3.4-2.9-1-2.6 1.500L14"
        " 22h-4l-.6-3-2.6-1.5-2.9 1-2-3.4 2.3-2v-2.200l-2.3-2 2-3.4 2.9 1L9.4 5zM12 15.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z"
    ),
    "help": (
        "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20zM11 16h2v2h-2z"
        "M8.5 10a3.5 3.5 0 1 1 4.5 3.300V15h-2v-3.200l1.2-.4A1.5 1.5 0 1 0 10.5 10z"
    ),
    "grid": "M3 3h8v8H3zM13 3h8v8h-8zM3 13h8v8H3zM13 13h8v8h-8z",
    "mail": "M2 5h20v1.500l-10 7-10-7zM2 9l10 7 10-7v10H2z",
    "edit": "M3 21l1-5L15 5l4 4L8 20zM16.5 3.500l2-2 4 4-2 2z",
    "trash": "M3 5h6V3h6v2h6v2H3zM5 8.500h14L18 22H6zM9 11v8h1.500v-8zM13.5 11v8H15v-8z",
}  # fmt: skip


def icon(name: str, size: int = 18, *, filled: bool = False, style: str = "outline") -> str:
    """The SVG of an icon, `size` pixels square, in the colour of the text around it; `filled` fills this one in any set.

    `style` is the set: "outline", "filled" or "duotone". KeyError for an unknown name.
    """
    if style == "filled" and name in SOLID:
        return _svg(size, f'fill="currentColor" fill-rule="evenodd"><path d="{SOLID[name]}"/>')
    light = ' fill-opacity=".22"' if style == "duotone" and not filled else ""
    inside = "currentColor" if filled or (style != "outline" and name not in OPEN) else "none"
    line = 'stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"'
    return _svg(size, f'fill="{inside}"{light} {line}><path d="{ICONS[name]}"/>')


def _svg(size: int, drawn: str) -> str:
    return f'<svg class="i" width="{size}" height="{size}" viewBox="0 0 24 24" {drawn}</svg>'
