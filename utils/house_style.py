"""The form of Vesper Desk's replies (`data/build/world.md`, "The house style"), as far as a program can check it."""

import re

GREETING = "Dear colleague,"
CLOSING = "Warm regards, Vesper Desk"
MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"

TWELVE_HOURS = re.compile(r"\b\d+ ?[ap]\.?m\b", re.IGNORECASE)
NOT_METRIC = re.compile(r"\d ?(?:feet|foot|inch|inches|yards?|miles?|pounds?|ounces?|gallons?|°F)\b", re.IGNORECASE)
OTHER_DATE = re.compile(rf"\b{MONTH} \d\d?\b|\d(?:st|nd|rd|th) (?:of )?{MONTH}|\b\d{{4}}-\d\d-\d\d\b")


def house_style_faults(reply: str, doc_id: str) -> list[str]:
    """Return what is wrong with a reply's form, in plain words; an empty list if it keeps the house style.

    The rules: it begins with the greeting, ends with the closing, names the document as `[doc_id]`, and has metric
    units, 24-hour time and dates as "3 March 2034". Units are seen after figures only ("six feet" is not), and dates
    may leave out the year. Whether the content is right is not looked at.
    """
    rules = {
        f"it must begin with {GREETING!r}": reply.startswith(GREETING),
        f"it must end with {CLOSING!r}": reply.endswith(CLOSING),
        f"it must name its document as [{doc_id}]": f"[{doc_id}]" in reply,
        "times must be of 24 hours, such as 14:30": not TWELVE_HOURS.search(reply),
        "units must be metric": not NOT_METRIC.search(reply),
        "dates must be written as 3 March 2034": not OTHER_DATE.search(reply),
    }
    return [fault for fault, kept in rules.items() if not kept]
