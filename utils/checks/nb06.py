"""Checks of the exercises of notebook 06: fine-tuning applications."""

import random
from collections.abc import Mapping
from copy import deepcopy

from utils.checks.verdicts import Verdict, call, check, close, done, not_done, wrong
from utils.metrics import Interval

GOLD = [
    {(0, 4, "person"), (14, 20, "place"), (25, 31, "quantity")},
    {(3, 9, "person"), (16, 28, "equipment")},
    {(10, 17, "equipment")},
    set(),
]
PREDICTED = [
    {(0, 4, "person"), (14, 20, "place"), (25, 31, "quantity")},
    {(3, 9, "place"), (16, 22, "equipment")},
    {(10, 17, "place")},
    {(5, 11, "equipment")},
]
DESKS = ["house"] * 6 + ["power"] * 2 + ["clinic"]
REPLIES = ["house"] * 5 + ["power", "power", "house", "house"]
ITEMS = [
    (f"{verb} the {thing}", thing)
    for thing in ("pump", "sledge", "stove", "mast")
    for verb in ("Open", "Close", "Check")
]


@check
def prompt_search(prediction: str, gains: Mapping[str, Interval]) -> Verdict:
    """Exercise 1: `prediction` is the letter of the task on which the search for a prompt gained most.

    `gains` gives the best prompt minus the worst, with its interval, by "letter, task".
    """
    letters = {name[0]: name for name in gains}
    if not isinstance(prediction, str) or prediction not in letters:
        return wrong(f"Answer with one of the letters {', '.join(letters)}, in quotation marks.")
    listed = "; ".join(f"{name}: {gain.as_points()}" for name, gain in gains.items())
    predicted = gains[letters[prediction]]
    if predicted.estimate == max(gain.estimate for gain in gains.values()):
        return done(
            f"Best minus worst prompt: {listed}. Both were picked by these very items, which flatters the search; the "
            "test items above were not used for it."
        )
    if predicted.estimate == 0:
        return wrong(f"There no prompt was better than another: {listed}. How many things must be right in one reply?")
    return wrong(f"There the search gained less: {listed}. Where does a list of the allowed answers help most?")


@check
def entity_f1(function: object) -> Verdict:
    """Exercise 2: `function(gold, predicted)` gives the F1 of entities over all sentences together."""
    given = call(function, deepcopy(GOLD), deepcopy(PREDICTED))
    looks = {
        6 / 13: None,
        3 / 13: "The factor 2 is missing: a perfect tagger would get 0.5.",
        10 / 13: "You compared places alone. An entity with the wrong label is a wrong entity.",
        8 / 13: "You compared beginning and label. Both borders must be right.",
        3 / 7: "That is the precision. F1 is the harmonic mean of precision and recall.",
        3 / 6: "That is the recall. F1 is the harmonic mean of precision and recall.",
        1 / 4: "You averaged over sentences. Count over all sentences together, then divide once.",
        1 / 3: "You averaged over the sentences that have entities. What was invented in the others counts too.",
        3 / 10: "You divided by the union of both sets. F1 divides twice the hits by the sum of both sizes.",
        13 / 28: "That is the ordinary mean of precision and recall; F1 is their harmonic mean.",
    }
    for value, hint in looks.items():
        if close(given, value, 1e-4):
            return no_entities(function) if hint is None else wrong(hint)
    return wrong(
        f"3 of 7 predicted entities are among the 6 true ones, so F1 is 2 · 3 / (7 + 6) = 0.46; yours is {given}."
    )


def no_entities(function: object) -> Verdict:
    """Check the case in which nothing was to be found."""
    if not close(call(function, [set()], [{(0, 1, "ITEM")}]), 0.0):
        return wrong("With nothing to find and something predicted, F1 is 0.")
    return done("Type and both borders must agree: that is what seqeval counts in the table.")


@check
def split_repaired(function: object) -> Verdict:
    """Exercise 3: `function(items, seed)` splits (text, group) pairs so that no group is on both sides."""
    tests = set()
    for seed in range(8):
        given = call(function, list(ITEMS), seed)
        hint = split_fault(given, seed)
        if hint is not None:
            return hint
        tests.add(frozenset(given[1]))
        again = call(function, list(ITEMS), seed)
        if split_fault(again, seed) is not None or set(again[1]) != set(given[1]):
            return wrong("The same seed gives another test each time. Draw with random.Random(seed).")
    if len(tests) == 1:
        return wrong("Every seed gives the same test. Shuffle the groups with the seed before you draw.")
    return done("Near-duplicates stay together, so the test measures what is new.")


def split_fault(given: object, seed: int) -> Verdict | None:
    """Return what is wrong with one split of ITEMS, or None."""
    if not isinstance(given, list | tuple) or len(given) != 2 or not all(isinstance(p, list | tuple) for p in given):
        return wrong("Return two lists: training, test.")
    train, test = (list(part) for part in given)
    if not all(isinstance(item, tuple) and item in ITEMS for item in [*train, *test]):
        return wrong("The two lists hold the items themselves: pairs of text and group.")
    quarter, shuffled = len(ITEMS) // 4, random.Random(seed).sample(ITEMS, len(ITEMS))
    groups = {group for _, group in test}
    if groups & {group for _, group in train}:
        if (train, test) == (shuffled[quarter:], shuffled[:quarter]):
            return not_done("The same thing is still on both sides, so the test asks for what was trained.")
        return wrong("A group is on both sides. Draw groups first, then send every item where its group went.")
    if not train or not test:
        return wrong("One of the two sides is empty.")
    if sorted([*train, *test]) != sorted(ITEMS):
        return wrong("Items were lost or doubled. A group goes whole to one side; nothing is thrown away.")
    if len(test) > len(train):
        return wrong(
            "The test side is the larger one. Return training first, then the test with a quarter of the groups."
        )
    if len(groups) != 1:
        return wrong(f"Of 4 groups, {len(groups)} are in the test; a quarter of them is 1. Count groups, not items.")
    return None


@check
def macro_f1(function: object) -> Verdict:
    """Exercise 4: `function(gold, predicted)` gives the mean over the true classes of each class's F1."""
    given = call(function, list(DESKS), list(REPLIES))
    of_classes = [10 / 13, 1 / 2, 0.0]
    looks = {
        sum(of_classes) / 3: None,
        6 / 9: "That is the accuracy: the rare desk hardly counts in it.",
        sum(of_classes) / 2: "The desk that was never predicted is missing. Its F1 is 0, and it counts.",
        (6 * of_classes[0] + 2 * of_classes[1])
        / 9: "You weighted by frequency. In the macro mean every desk counts once.",
        (5 / 6 + 1 / 2) / 3: "That is the mean recall. A class's F1 is 2 · hits / (predicted + true).",
        (5 / 7 + 1 / 2) / 3: "That is the mean precision. A class's F1 is 2 · hits / (predicted + true).",
        2
        * (4 / 9)
        * (17 / 42)
        / (4 / 9 + 17 / 42): "Take each class's F1 first and the mean last, not the F1 of the means.",
    }
    for value, hint in looks.items():
        if close(given, value, 1e-4):
            return (
                done("A classifier that ignores the rare desk can no longer hide it.") if hint is None else wrong(hint)
            )
    return wrong(f"The three classes have F1 0.77, 0.50 and 0.00, so the mean is 0.42; yours is {given}.")
