"""The looks that a product can have: how the page is laid out, its type and colours, and the sizes it is seen at."""

from dataclasses import dataclass

DESKTOP = ((1280, 800), (1366, 768), (1440, 900), (1920, 1080))
TABLET = ((1024, 768), (820, 1180))
PHONE = ((390, 844), (360, 780))
NARROW = 900  # below this width, in pixels, no navigation stands beside the page
SMALL = 600  # below this width the window is a phone


@dataclass(frozen=True)
class Look:
    """A product's design.

    `layout` is where the navigation stands, one template of templates/frames each: "side" (icons and words), "rail"
    (icons), "top" (a bar of words), "bar" (a coloured bar over a row of tabs), "double" (a bar over a column), "classic" (a
    bar over a centred page with a footer), "console" (a path over a column of plain words), "desk" (menus, a ribbon, a tree
    and a status bar) or "hero" (icons over words beside a wide coloured band). `form` puts labels "above", "beside" or
    "inside" the input's border; `detail` puts the facts of a record "over" or "beside" the rows that belong to it; `switch`
    draws yes and no as "toggle", "checkbox" or "words", `choice` an enumeration as "segments", "radio" or "chips". `letter`,
    `nav` and `wide` (the most that content takes) are pixels. `icons` is a set of icons.py; `over` is where a short form may
    open, "modal" or "drawer", over the dimmed page; `phone` is a phone's navigation, "tabs" or "menu", and empty where the
    look is not seen on one.
    """

    name: str
    layout: str
    form: str
    detail: str
    switch: str
    choice: str
    letter: float
    nav: int
    sizes: tuple[tuple[int, int], ...]
    selectable: bool = True
    avatars: bool = True
    wide: int = 1360
    icons: str = "outline"
    over: str = ""
    phone: str = ""
    validation_only: bool = False

    def room(self, width: int) -> int:
        """How many characters a row of a full-width list has room for at a window `width` pixels wide."""
        nav = self.nav if width >= NARROW else 0
        return int((min(width - nav, self.wide) - 90 - 40 * self.selectable) / self.letter)

    def frame(self, width: int) -> str:
        """The template of templates/frames that stands round the content at a window `width` pixels wide."""
        if width < SMALL:
            return "phone"
        return "tablet" if width < NARROW and self.nav else self.layout


LOOKS: dict[str, Look] = {
    look.name: look
    for look in (
        Look("harbor", "side", "above", "over", "toggle", "segments", 7.6, 236, (*DESKTOP, TABLET[1]), over="modal"),
        Look("daylight", "top", "above", "beside", "toggle", "radio", 7.7, 0, (*DESKTOP, *TABLET, *PHONE), phone="tabs"),
        Look(
            "midnight", "rail", "above", "over", "toggle", "chips", 7.6, 68, (*DESKTOP, TABLET[0], PHONE[0]),
            icons="duotone", over="drawer", phone="tabs",
        ),
        Look("ledger", "double", "beside", "over", "checkbox", "radio", 7.2, 196, DESKTOP, avatars=False),
        Look(
            "meadow", "side", "above", "beside", "words", "chips", 8.2, 256, (*DESKTOP[:3], TABLET[1], *PHONE),
            selectable=False, icons="duotone", over="modal", phone="tabs",
        ),
        Look(
            "outline", "bar", "inside", "over", "checkbox", "radio", 7.8, 0, (*DESKTOP[:3], *TABLET, *PHONE),
            selectable=False, wide=1240, icons="filled", phone="menu",
        ),
        Look(
            "bulletin", "classic", "beside", "beside", "checkbox", "radio", 7.6, 0, (*DESKTOP, TABLET[0], PHONE[1]),
            avatars=False, wide=1170, icons="filled", over="modal", phone="menu",
        ),
        Look(
            "console", "console", "above", "over", "toggle", "segments", 8.0, 216, (*DESKTOP, PHONE[0]),
            selectable=False, wide=1300, over="drawer", phone="menu",
        ),
        Look(
            "workbench", "desk", "beside", "over", "checkbox", "radio", 6.7, 222, (DESKTOP[0], *DESKTOP[2:], TABLET[0]),
            avatars=False, wide=1800, icons="duotone", over="modal", validation_only=True,
        ),
        Look(
            "plaza", "hero", "above", "beside", "toggle", "chips", 7.9, 92, (*DESKTOP, *TABLET, *PHONE),
            selectable=False, icons="filled", over="drawer", phone="tabs", validation_only=True,
        ),
    )
}  # fmt: skip
