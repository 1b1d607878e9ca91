"""HTML as a tree: elements are built, never pasted together, so that no text can become markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence

Node = ET.Element | str
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
"""Elements without an end."""
_REFERENCES = ("href", "aria-labelledby")


def el(tag: str, /, *children: Node | None, **attributes: str | None) -> ET.Element:
    """An element with children; a trailing underscore of an attribute falls off (`class_`), another becomes a dash.

    Children and attributes that are None are left out.
    """
    named = {key.rstrip("_").replace("_", "-"): clean(value) for key, value in attributes.items() if value is not None}
    return append(ET.Element(tag, named), *children)


def append(parent: ET.Element, *children: Node | None) -> ET.Element:
    """The element with further children; text is cleaned, and escaped when it is written."""
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            _append_text(parent, clean(child))
        else:
            parent.append(child)
    return parent


def _append_text(parent: ET.Element, text: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def clean(text: str) -> str:
    """Text without characters that HTML does not allow."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[Node | ET.Element]], class_: str = ""
) -> ET.Element:
    """A table that scrolls where it is too wide; the first cell of each row heads it. Cells may be `td` themselves."""
    body = el("tbody", *(el("tr", el("th", row[0], scope="row"), *map(_cell, row[1:])) for row in rows))
    header = el("thead", el("tr", *(el("th", name, scope="col") for name in head)))
    made = el("table", el("caption", caption), header, body, class_=class_ or None)
    return el("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _cell(content: Node) -> ET.Element:
    return content if isinstance(content, ET.Element) and content.tag == "td" else el("td", content)


def inline_svg(text: str, name: str, alt: str) -> ET.Element:
    """An SVG document as an element of a page: without namespaces, with ids of its own, and with words for it."""
    root = ET.fromstring(text)
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) == "metadata":
                parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        for key in list(element.attrib):
            value = element.attrib.pop(key)
            element.attrib[_local(key)] = _own(_local(key), value, name)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.attrib |= {"role": "img", "aria-label": clean(alt)}
    return root


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _own(key: str, value: str, name: str) -> str:
    """An attribute with ids made unique within the page."""
    if key == "id":
        return f"{name}-{value}"
    if key in _REFERENCES and value.startswith("#"):
        return f"#{name}-{value[1:]}"
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", value)


def document(title: str, style: str, body: Iterable[Node], language: str = "en") -> str:
    """A whole page as text."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", title),
    )
    head.append(el("style", style))
    page = el("html", head, el("body", *body), lang=language)
    return "<!DOCTYPE html>\n" + ET.tostring(page, encoding="unicode", method="html") + "\n"
