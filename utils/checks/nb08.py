"""Checks of the exercises of notebook 08: choosing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from utils.checks.verdicts import NotDone, Verdict, call, check, close, done, not_done, wrong

CHOICES = ("prompting", "RAG", "LoRA", "both", "neither yet")
# What a wrong prediction overlooks: by the question that was changed, and by what was predicted for it
OVERLOOKED = {
    ("labels", "LoRA"): "A few dozen examples are too few to train on, by the rule of thumb of a hundred.",
    ("labels", "neither yet"): "Only missing facts end there. A skill can still be described and shown in the prompt.",
    ("labels", "RAG"): "No fact is missing, so there is nothing to look up.",
    ("citations", "RAG"): "A source to name needs passages, and rule 2 asks first whether a prompt has room for them.",
    ("citations", "both"): "A skill and sources call for both, but rule 2 comes before rule 3: is there room?",
    ("citations", "LoRA"): "An adapter cannot say where its answer comes from.",
    ("updates", "prompting"): "Weekly trainings can pay too: look at how many queries come between two of them.",
    ("updates", "RAG"): "A change calls for RAG only where facts are missing. Here it is a skill.",
    ("updates", "neither yet"): "The skill can be trained again each week. Would the queries pay for it?",
    ("room", "RAG"): "Room allows passages and does not call for them: no fact is missing.",
    ("room", "both"): "Passages would have to bring something, and no fact is missing.",
}
WORDS = ("agrees", "disagrees", "cannot tell", "too small")
# Interval, expected sign and margin, then the right word, and what it looks like if another one is given
INTERVALS = [
    ((0.10, 0.30, 1, 0.05), "agrees", "The whole interval is on the claimed side, and far from the margin."),
    ((-0.30, -0.10, 1, 0.05), "disagrees", "The whole interval is on the other side of zero."),
    ((-0.30, -0.10, -1, 0.05), "agrees", "You forgot `expected`: where the claim is −1, a negative difference agrees."),
    ((0.10, 0.30, -1, 0.05), "disagrees", "You forgot `expected`: where the claim is −1, a positive one disagrees."),
    ((-0.20, 0.10, 1, 0.05), "cannot tell", "Zero is inside, and so are differences that matter, on both sides."),
    ((-0.02, 0.03, 1, 0.05), "too small", "All that the interval holds is nearer to zero than the margin."),
    (
        (0.01, 0.03, 1, 0.05),
        "too small",
        "It misses zero, but all of it is below the margin: ask for the margin first.",
    ),
    ((-0.03, -0.01, 1, 0.05), "too small", "It misses zero, but all of it is within the margin, on the negative side."),
    ((0.03, 0.20, 1, 0.05), "agrees", "Only a part is within the margin, so the sign decides, as in the notebook."),
    ((-0.08, 0.02, 1, 0.05), "cannot tell", "Compare both ends with the margin: the lower end lies beyond −margin."),
    ((-0.02, 0.08, 1, 0.05), "cannot tell", "Compare both ends with the margin: the upper end lies beyond it."),
    ((0.00, 0.20, 1, 0.05), "cannot tell", "An end that is exactly zero counts as zero inside."),
    ((-0.08, 0.02, 1, 0.10), "too small", "Use the argument `margin`: here it is 0.10, not 0.05."),
]


@check
def changed_choices(prediction: object, choices: dict[str, str]) -> Verdict:
    """Exercise 1: `prediction` gives, for each changed question, the recommendation that `choices` has for it."""
    if not isinstance(prediction, Mapping) or set(prediction) != set(choices):
        return wrong(f"Keep the dictionary as it was, with one answer for each of {', '.join(choices)}.")
    for name, choice in choices.items():
        given = prediction[name]
        if not isinstance(given, str) or given not in CHOICES:
            return wrong(f"For {name}, write one of {', '.join(map(repr, CHOICES))}; {given!r} is none of them.")
        if given != choice:
            hint = OVERLOOKED.get((name, given), "Go through the six rules in order; the first that applies decides.")
            return wrong(f"{name}: not {given!r}. {hint}")
    listed = ", ".join(f"{name} → {choice}" for name, choice in choices.items())
    return done(f"{listed}. The first rule that applies decides, so one answer can undo all the later ones.")


@check
def break_even_in_euros(function: object) -> Verdict:
    """Exercise 2: `function(T, E, C, train_price, read_price, labelling)` gives the break-even in queries per update.

    The prices are in euros per million tokens, `labelling` is in euros.
    """
    tokens, epochs, context, train, read, labelling = 50_000, 4, 500, 6.0, 0.5, 3.8
    given = call(function, tokens, epochs, context, train, read, labelling)
    million = 1_000_000
    training, reading = tokens * epochs * train / million, context * read / million
    mistakes = [
        ((training * million + labelling) / (reading * million), "Both prices are for a million tokens: divide them."),
        (training / reading, "The labelling is missing: it is paid at every update, beside the training."),
        (
            (training + labelling) / (reading * million),
            "The read price is for a million tokens too: divide it as well.",
        ),
        ((training * million + labelling) / reading, "The training price is for a million tokens: divide it as well."),
        (reading / (training + labelling), "That is upside down: updates per query instead of queries per update."),
        ((training / epochs + labelling) / reading, "Each token is trained on once per pass: multiply by the passes."),
        ((training + labelling * epochs) / reading, "The labelling is done once per update, not once per pass."),
        ((2 * training + labelling) / reading, "The factor 2 counted operations. The two prices have taken its place."),
        ((tokens * epochs * read / million + labelling) / (context * train / million), "The two prices are swapped."),
        ((context * epochs * train / million + labelling) / (tokens * read / million), "T and C are swapped."),
        (training / reading + labelling, "Labelling is euros, the rest is queries: add before you divide."),
    ]
    for value, hint in mistakes:
        if near(given, value):
            return wrong(f"{hint} Write the unit beside each number.")
    if not near(given, (training + labelling) / reading):
        return wrong(
            "For 50,000 tokens, 4 passes, 500 tokens a query, 6 and 0.50 euros per million and 3.80 euros of "
            f"labelling, an update costs 1.20 + 3.80 euros and a query 0.00025: 20,000 queries. Yours: {given!r}."
        )
    if not near(call(function, 20_000, 8, 200, 2.0, 1.0, 0.0), 1600):
        return wrong("Right once, but not for the notebook's 1,600 queries: use the arguments, no fixed numbers.")
    return done("Euros over euros per query is queries. With prices 2 to 1 and no labelling it gives the 1,600 again.")


@check
def costs_repaired(function: object) -> Verdict:
    """Exercise 3: `function(days, queries_a_day, updates_a_day, training_cost, reading_cost)` gives both costs."""
    days, queries, updates, training, reading = 70, 200, 1 / 7, 640_000, 400
    given = call(function, days, queries, updates, training, reading)
    given = given.tolist() if isinstance(given, np.ndarray) else given
    if not isinstance(given, tuple | list) or len(given) != 2:
        return wrong("Return two numbers, RAG's cost and then LoRA's.")
    rag, trainings = days * queries * reading, days * updates
    if near(given, (rag, trainings * training)):
        if near(call(function, 30, 100, 2, 500, 4), (12_000, 30_000)):
            return done("Both costs grow with the days, so the answer no longer depends on how long you look ahead.")
        return wrong("Right for one change a week, but not for two a day: use the arguments, no fixed numbers.")
    if near(given, (rag, training)):
        return not_done("In 70 days with a change every week it still pays for one training, although there are ten.")
    if near(given, (trainings * training, rag)):
        return wrong("The two are swapped: RAG's cost comes first.")
    if near(given, (rag, (1 + trainings) * training)):
        return wrong("You count one training too many: the first one is the first of the updates.")
    if near(given, (rag / trainings, training)):
        return wrong("That is the cost between two updates. The comparison is right, but the whole period is wanted.")
    if not near(given[0], rag):
        return wrong("RAG's cost was right before: every query of every day reads its passages. Repair the other one.")
    hints = [
        (updates, "That is LoRA's cost of one day: how many days are there?"),
        (days, "That is a training every day: use `updates_a_day`, a seventh here."),
        (1 / updates, "Dividing by updates a day gives days between two updates. More updates must cost more."),
        (days / updates, "Dividing by updates a day makes rare changes dear. More updates must cost more."),
        (days * queries, "A training for every query? It is paid for every update."),
        (days * updates * queries, "Training does not depend on how many queries come."),
    ]
    for times, hint in hints:
        if near(given[1], times * training):
            return wrong(hint)
    return wrong(f"A change every week for 70 days is ten trainings, {10 * training:,}; yours cost {given[1]!r}.")


def near(given: Any, wanted: Any) -> bool:
    """Tell whether two numbers, or two sequences of one length, agree to one part in a million."""
    scale = np.asarray(wanted, dtype=float)
    try:
        return close(np.asarray(given, dtype=float) / scale, np.ones(scale.shape), 1e-6)
    except (TypeError, ValueError, OverflowError):
        return False


@check
def verdict_with_margin(function: object) -> Verdict:
    """Exercise 4: `function(low, high, expected, margin)` gives a word of WORDS for an interval of a difference."""
    words = [word_from(function, arguments) for arguments, _, _ in INTERVALS]
    if all(word is None for word in words):
        return not_done()
    for word, ((low, high, expected, margin), wanted, hint) in zip(words, INTERVALS, strict=True):
        where = f"[{low:+.2f}, {high:+.2f}], claimed sign {expected:+d}, margin {margin:.2f}"
        if word is None:
            return wrong(f"Your function gives nothing for {where}: some branch has no return.")
        if not isinstance(word, str) or word not in WORDS:
            return wrong(f"Return one of {', '.join(map(repr, WORDS))}; for {where} yours is {word!r}.")
        if word != wanted:
            return wrong(f"{where}: {wanted!r} is right, yours is {word!r}. {hint}")
    return done(
        "“Cannot tell” is left for intervals that are too wide. A score at the bottom or the top of its scale would "
        "look “too small” as well, so look at the level first."
    )


def word_from(function: object, arguments: Sequence[float]) -> object:
    """Return what the learner's function gives for one interval, None where it gives nothing."""
    try:
        return call(function, *arguments)
    except NotDone:
        return None
