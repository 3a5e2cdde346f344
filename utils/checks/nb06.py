"""Checks of the exercises of notebook 06: fine-tuning applications."""

from collections.abc import Mapping, Sequence

from utils.checks.verdicts import Verdict, call, check, close, done, not_done, wrong
from utils.metrics import Interval

GOLD = [
    {(0, 2, "PLACE"), (4, 5, "PERSON")},
    {(3, 4, "PERSON"), (6, 8, "ITEM")},
    {(1, 2, "ITEM")},
    set(),
]
PREDICTED = [
    {(0, 2, "PLACE"), (4, 5, "PERSON")},
    {(3, 4, "PLACE"), (6, 7, "ITEM")},
    {(1, 2, "PLACE")},
    {(5, 6, "ITEM")},
]
DESKS = ["clinic"] * 6 + ["galley"] * 2 + ["radio"]
REPLIES = ["clinic"] * 5 + ["galley", "galley", "clinic", "clinic"]
ITEMS = [
    (f"{verb} the {thing}", thing)
    for thing in ("pump", "sledge", "stove", "mast")
    for verb in ("Open", "Close", "Check")
]


@check
def beaten_adapter(prediction: str, differences: Mapping[str, Interval]) -> Verdict:
    """Exercise 1: `prediction` is the letter of the task on which the simple method beats the adapter.

    `differences` gives adapter minus simple method, with its interval, by "letter, task".
    """
    letters = {name[0]: name for name in differences}
    if not isinstance(prediction, str) or prediction not in letters:
        return wrong(f"Answer with one of the letters {', '.join(letters)}, in quotation marks.")
    listed = "; ".join(f"{name}: {difference.as_points()}" for name, difference in differences.items())
    difference = differences[letters[prediction]]
    if difference.high < 0:
        return done(f"Adapter minus simple method: {listed}. A trick that copies the notes passes this measure.")
    if difference.low > 0:
        return wrong(f"There the adapter wins: {listed}. Where could a measure be passed without understanding?")
    return wrong(f"There the interval holds zero, so neither is shown to win: {listed}.")


@check
def entity_f1(function: object) -> Verdict:
    """Exercise 2: `function(gold, predicted)` gives the F1 of entities over all sentences together."""
    given = call(function, GOLD, PREDICTED)
    looks = {
        4 / 11: None,
        8 / 11: "You compared places alone. An entity with the wrong label is a wrong entity.",
        6 / 11: "You compared beginning and label. Both borders must be right.",
        1 / 3: "That is the precision. F1 is the harmonic mean of precision and recall.",
        2 / 5: "That is the recall. F1 is the harmonic mean of precision and recall.",
        1 / 4: "You averaged over sentences. Count over all sentences together, then divide once.",
        2 / 9: "You divided by the union of both sets. F1 divides twice the hits by the sum of both sizes.",
        11 / 30: "That is the ordinary mean of precision and recall; F1 is their harmonic mean.",
    }
    for value, hint in looks.items():
        if close(given, value, 1e-4):
            return no_entities(function) if hint is None else wrong(hint)
    return wrong(
        f"2 of 6 predicted entities are among the 5 true ones, so F1 is 2 · 2 / (6 + 5) = 0.36; yours is {given}."
    )


def no_entities(function: object) -> Verdict:
    """Check the case in which nothing was to be found."""
    if not close(call(function, [set()], [{(0, 1, "ITEM")}]), 0.0):
        return wrong("With nothing to find and something predicted, F1 is 0.")
    return done("Type and both borders must agree: that is what seqeval counts in the table.")


@check
def split_repaired(function: object) -> Verdict:
    """Exercise 3: `function(items, seed)` splits (text, group) pairs so that no group is on both sides."""
    for seed in range(3):
        given = call(function, list(ITEMS), seed)
        if not isinstance(given, Sequence) or len(given) != 2:
            return wrong("Return two lists: training, test.")
        train, test = (list(part) for part in given)
        if any(item not in ITEMS for item in [*train, *test]):
            return wrong("The two lists hold the items themselves: pairs of text and group.")
        if {group for _, group in train} & {group for _, group in test}:
            return not_done("The same thing is still on both sides, so the test asks for what was trained.")
        if not train or not test:
            return wrong("One of the two sides is empty.")
        if sorted([*train, *test]) != sorted(ITEMS):
            return wrong("Items were lost or doubled. A group goes whole to one side; nothing is thrown away.")
        if len(test) > len(train):
            return wrong("The test side is the larger one. Draw a quarter of the groups for it.")
    tests = {tuple(sorted(call(function, list(ITEMS), seed)[1])) for seed in range(8)}
    if len(tests) == 1:
        return wrong("Every seed gives the same test. Shuffle the groups with the seed before you draw.")
    return done("Near-duplicates stay together, so the test measures what is new.")


@check
def macro_f1(function: object) -> Verdict:
    """Exercise 4: `function(gold, predicted)` gives the mean over the true classes of each class's F1."""
    given = call(function, DESKS, REPLIES)
    of_classes = [10 / 13, 1 / 2, 0.0]
    looks = {
        sum(of_classes) / 3: None,
        6 / 9: "That is the accuracy: the rare desk hardly counts in it.",
        sum(of_classes) / 2: "The desk that was never predicted is missing. Its F1 is 0, and it counts.",
        (6 * of_classes[0] + 2 * of_classes[1])
        / 9: "You weighted by frequency. In the macro mean every desk counts once.",
        (5 / 6 + 1 / 2) / 3: "That is the mean recall. A class's F1 is 2 · hits / (predicted + true).",
        (5 / 7 + 1 / 2) / 3: "That is the mean precision. A class's F1 is 2 · hits / (predicted + true).",
    }
    for value, hint in looks.items():
        if close(given, value, 1e-4):
            return (
                done("A classifier that ignores the rare desk can no longer hide it.") if hint is None else wrong(hint)
            )
    return wrong(f"The three classes have F1 0.77, 0.50 and 0.00, so the mean is 0.42; yours is {given}.")
