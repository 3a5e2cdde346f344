"""Checks of the exercises of notebook 04: RAG applications."""

from collections.abc import Sequence

import numpy as np

from utils.checks.verdicts import CallFailed, Verdict, call, check, close, done, not_done, wrong

PAGE = "Wipe the guide with lanolin.\nGrease spoils the cells,\n  so none is used.  Check it weekly."
GLOSSARY = {"ice": "glace", "core": "noyau", "ice core": "carotte"}
SENTENCE = "The ice core service keeps each core on ice."
MISSING = [{"fee", "term"}, {"notice"}, set(), {"law"}]
FLAGGED = [{"fee", "term", "law"}, set(), {"fee"}, {"law"}]


@check
def found_terms(prediction: str, found: Sequence[str]) -> Verdict:
    """Exercise 1: `prediction` is the letter for the terms that `found` lists."""
    letters = {
        "a": ["clinic guideline"],
        "b": ["clinic guideline", "clinic"],
        "c": ["clinic"],
    }
    if not isinstance(prediction, str) or prediction not in letters:
        return wrong("Answer with one of the letters a, b, c, in quotation marks.")
    listed = ", ".join(found)
    if letters[prediction] == list(found):
        return done(f"Found: {listed}. The longer term comes first, and a part of a word is no term.")
    if prediction == "a":
        return wrong(f"Found: {listed}. A term also counts in the plural: read the sentence to its end.")
    if prediction == "c":
        return wrong(f"Found: {listed}. Where a longer term stands, the shorter one inside it is not looked for first.")
    return wrong(f"Found: {listed}. Which of the words in the sentence only begin like a term?")


@check
def verbatim(function: object) -> Verdict:
    """Exercise 2: `function(quote, page)` tells whether a quote stands word for word in a page."""
    cases = [
        ("Wipe the guide with lanolin.", True, "A quote that stands there exactly should pass."),
        (
            "Grease spoils the cells, so none is used.",
            True,
            "A line break or two spaces are no other words: make all white space single spaces, in both.",
        ),
        ("  Check it weekly. ", True, "White space around a quote does not count either."),
        (
            "Wipe with lanolin. Check it weekly.",
            False,
            "The words stand there, but not together: look for the whole quote.",
        ),
        (
            "Checkitweekly.",
            False,
            "The spaces between words are gone: make them single, do not take them away.",
        ),
        ("Grease spoils the cells so none is used.", False, "A comma is missing, so it is not word for word."),
        ("wipe the guide with lanolin.", False, "Capitals belong to the words: keep them."),
        ("Wipe the guide with grease.", False, "That is not in the page. Looking for single words is not enough."),
        ("", False, "An empty quote stands in every text and proves nothing: refuse it."),
        ("   ", False, "A quote of nothing but spaces proves nothing: refuse it."),
    ]
    for quote, right, hint in cases:
        given = call(function, quote, PAGE)
        if not isinstance(given, bool | np.bool_):
            return wrong("Return True or False.")
        if given != right:
            return wrong(f"For the quote {quote!r} yours gives {given}. {hint}")
    return done("Such a check costs nothing and catches every invented quote.")


@check
def glossary_repaired(function: object) -> Verdict:
    """Exercise 3: `function(text, glossary)` replaces whole terms, the longest first, in one go."""
    given = call(function, SENTENCE, dict(GLOSSARY))
    if not isinstance(given, str):
        return wrong(f"Return the text, not a {type(given).__name__}.")
    if given == replaced_in_turn(SENTENCE):
        return not_done("It still replaces inside words: “service” became “servglace”.")
    if "servglace" in given:
        return wrong("It replaces inside words: “service” became “servglace”. A term needs a border on both sides.")
    if "glace noyau" in given or "glace core" in given or "ice noyau" in given:
        return wrong("“ice core” was taken apart. Put the longest terms first in the pattern.")
    if given == SENTENCE.replace("ice core", "carotte"):
        return wrong("Only one term was replaced. The sentence has three, and each has its own French.")
    if given != "The carotte service keeps each noyau on glace.":
        return wrong(f"“The carotte service keeps each noyau on glace.” is wanted; yours gives “{given}”.")
    if not is_text(call(function, "an ice core", {"ice core": "core", "core": "noyau"}), "an core"):
        return wrong("What was inserted is replaced again. Replace all terms in one go, with one pattern.")
    if not escapes_brackets(function):
        return wrong("Brackets in a term are no pattern: use re.escape.")
    if not is_text(call(function, "ice", {}), "ice"):
        return wrong("Without a glossary the text should stay as it is.")
    return done("Whole words, longest first, in one go: three lines of care that a prompt cannot promise.")


def replaced_in_turn(text: str) -> str:
    """Return what the untouched exercise makes of a text: each term in turn, also inside words."""
    for english, french in GLOSSARY.items():
        text = text.replace(english, french)
    return text


def is_text(given: object, *wanted: str) -> bool:
    """Tell whether the learner's function gave one of the wanted texts; False for anything that is no text."""
    return isinstance(given, str) and given in wanted


def escapes_brackets(function: object) -> bool:
    """Tell whether a term with brackets is taken as it stands; an error over it means that it is not."""
    try:
        return is_text(call(function, "a (b) c", {"(b)": "x"}), "a x c", "a (b) c")
    except CallFailed:
        return False


@check
def review_scores(function: object) -> Verdict:
    """Exercise 4: `function(missing, flagged)` gives precision, recall and F1 over all texts together."""
    given = call(function, [set(each) for each in MISSING], [set(each) for each in FLAGGED])
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 3:
        return wrong("Return three numbers: precision, recall, F1.")
    precision, recall, f1 = 3 / 5, 3 / 4, 2 / 3
    if close(given, [precision, recall, f1]):
        return nothing_flagged(function)
    if close(given[:2], [recall, precision]):
        return wrong(
            "Precision and recall are swapped. Precision asks: of what was flagged, how much is really missing?"
        )
    if close(given[:2], [precision, recall]) and close(given[2], (precision + recall) / 2):
        return wrong("F1 is the harmonic mean: 2 · hits / (flagged + missing).")
    if close(given[:2], [precision, recall]):
        return wrong(f"Precision and recall are right; F1 should be 2 · 3 / (5 + 4) = 0.67, yours is {given[2]}.")
    if close(given[0], (2 / 3 + 0 + 0 + 1) / 4):
        return wrong("You averaged over the texts. Count hits over all texts together, then divide once.")
    return wrong(f"3 of 5 flagged clauses are among the 4 missing ones: 0.60, 0.75, 0.67. Yours: {list(given)}.")


def nothing_flagged(function: object) -> Verdict:
    """Check the case in which nothing was flagged."""
    if not close(call(function, [{"fee"}], [set()]), [0.0, 0.0, 0.0]):
        return wrong("Where nothing is flagged, the three are 0; yours gives something else.")
    return done(
        "Over all texts together, as in the review. Its trap: flagging everything reaches a fair F1 without reading."
    )
