"""The looks that a product can have: how the page is laid out, its type and colours, and the sizes it is seen at."""

from dataclasses import dataclass

DESKTOP = ((1280, 800), (1440, 900), (1366, 768))
TABLET = (1024, 768)


@dataclass(frozen=True)
class Look:
    """A product's design.

    `layout` is where the navigation stands: "side" (icons and words), "rail" (icons), "top" (a bar of words) or
    "double" (a bar over a column). `form` puts labels "above", "beside" or "inside" the input's border; `detail` puts
    the facts of a record "over" or "beside" the rows that belong to it; `switch` draws yes and no as "toggle",
    "checkbox" or "words", `choice` an enumeration as "segments", "radio" or "chips". `letter` and `nav` are pixels.
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

    def room(self, width: int) -> int:
        """How many characters a row of a full-width list has room for at a window `width` pixels wide."""
        return int((min(width - self.nav, 1360) - 90 - 40 * self.selectable) / self.letter)


LOOKS: dict[str, Look] = {
    look.name: look
    for look in (
        Look("harbor", "side", "above", "over", "toggle", "segments", 7.5, 236, DESKTOP),
        Look("daylight", "top", "above", "beside", "toggle", "radio", 7.6, 0, (*DESKTOP, TABLET)),
        Look("midnight", "rail", "above", "over", "toggle", "chips", 7.5, 68, (*DESKTOP, TABLET)),
        Look("ledger", "double", "beside", "over", "checkbox", "radio", 7.1, 196, DESKTOP, avatars=False),
        Look("meadow", "side", "above", "beside", "words", "chips", 7.7, 224, DESKTOP, selectable=False),
        Look("outline", "top", "inside", "over", "checkbox", "radio", 7.7, 0, (*DESKTOP, TABLET), selectable=False),
    )
}
