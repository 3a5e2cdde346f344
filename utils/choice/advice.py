"""What the questionnaire can recommend: each choice with its reasons, its evidence and what would change it."""

from dataclasses import dataclass
from typing import Literal

Choice = Literal["prompting", "RAG", "LoRA", "both", "neither yet"]
CHOICES: tuple[Choice, ...] = ("prompting", "RAG", "LoRA", "both", "neither yet")


@dataclass(frozen=True)
class Recommendation:
    """What to choose, why, what that rests on (papers, notebooks of the course), and what would change it."""

    choice: Choice
    reasons: tuple[str, ...]
    evidence: tuple[str, ...]
    would_change: tuple[str, ...]


NO_EVALUATION = Recommendation(
    "neither yet",
    (
        "Without test questions nobody can tell whether a change helped.",
        "With 100 questions a share near one half is known to about ten points either way; later choices reuse them.",
    ),
    (
        "Notebook 07: differences between arms are judged on a set of questions, with intervals.",
        "Notebook 03: an error can belong to the search or to the reader; only test questions tell which.",
    ),
    ("A set of test questions, written by somebody who knows what users ask: then answer the other questions again.",),
)
CONFLICT = Recommendation(
    "neither yet",
    (
        "Sources, deletion, facts per user and reading all need passages in the prompt, and the prompt has no room.",
        "Training cannot make up for that: weights name no source and delete no single fact.",
    ),
    (
        "Notebook 03: citations are passages that the model was shown; no passage, no citation.",
        "Notebook 05: an adapter's confidence is no reliable sign of whether it was taught the answer.",
    ),
    (
        "Room for one short passage, by a faster machine or a smaller chunk: then RAG.",
        "Dropping the requirement, if it turns out to be a wish: then LoRA becomes possible.",
    ),
)
REQUIRED_BOTH = Recommendation(
    "both",
    (
        "The passages have to be there, and what is missing beside them is a skill that examples can teach.",
        "Train the reading, the tone or the task with passages in the prompt; leave the facts in the index.",
    ),
    (
        "Zhang et al. 2024 (RAFT): training with distractors lifted LLaMA2-7B far above plain RAG on HotpotQA; the "
        "authors blame answer style for the low scores without it.",
        "Soudani et al. 2024: at 80 M parameters parameter-efficient tuning kept the gain from passages, full "
        "fine-tuning lost most of it.",
        "Notebook 07: the reader adapter with RAG, on documents that it was not trained on.",
    ),
    (
        "Better replies from a better prompt or fewer passages: then RAG alone (notebook 03).",
        "A larger model that reads well untrained: then RAG alone.",
    ),
)
REQUIRED_RAG = Recommendation(
    "RAG",
    (
        "A passage can be cited, deleted, or kept from a user who may not see it; a weight cannot.",
        "Whatever else is missing has to come from the prompt, as long as examples are few.",
    ),
    (
        "Lewis et al. 2020: exchanging the index changes the answers, without training.",
        "Notebook 03: citations with precision and recall, and a new edition that takes effect at once.",
    ),
    (
        "A few hundred examples of good replies to retrieved passages, if the replies are still poor: then both.",
        "No duty to cite, delete or separate: then the other rules decide.",
    ),
)
PROMPTING = Recommendation(
    "prompting",
    (
        "The model lacks instructions, not facts or skill, and instructions cost nothing to change.",
        "It is also the baseline that any other way has to beat.",
    ),
    ("Notebook 03: several prompts, compared on the same questions with intervals.",),
    (
        "Several prompts tried on the test questions, with errors that are missing facts: then RAG.",
        "The same, with errors of style or skill, and examples at hand: then LoRA.",
    ),
)
FACTS_IN_WEIGHTS = Recommendation(
    "LoRA",
    (
        "The facts never change, the queries are many, and there are thousands of examples to teach them.",
        "Each query saves its passages, so the training is paid back; compare with RAG before it is dropped.",
    ),
    (
        "The break-even formula: beyond it, training is the cheaper way by operations.",
        "Allen-Zhu & Li 2023: facts that were seen in one wording were hardly extractable; vary the wording.",
        "Notebook 07: a taught fact in a new wording is answered less often than in a trained one.",
    ),
    (
        "A test in new wordings that RAG wins by more than its price: then RAG.",
        "The first change of a fact, or the first request for a source: then RAG.",
    ),
)
FACTS_AND_STYLE = Recommendation(
    "both",
    (
        "Facts and manner are two gaps: the index holds the facts, the adapter the manner.",
        "Train on passages with replies in the wanted manner, so that reading is practised and not unlearned.",
    ),
    (
        "Balaguer et al. 2024: with larger models the gains of fine-tuning and of RAG added up.",
        "Ovadia et al. 2023: on current events, models that were fine-tuned on the text itself did worse with RAG than "
        "untrained ones with RAG. Train the manner, not the facts.",
        "Notebooks 06 and 07: skills by adapter, and the reader adapter with RAG.",
    ),
    (
        "Instructions or worked examples in the prompt that bring about the manner: then RAG.",
        "A loss of correct answers after training, on the same test questions: then RAG.",
    ),
)
FACTS_BY_RAG = Recommendation(
    "RAG",
    (
        "What is missing are facts, and a prompt with the right passage brings them in at once.",
        "A change of the facts is a change of the index; nothing is trained again.",
    ),
    (
        "Ovadia et al. 2023: on current events RAG gained more than unsupervised fine-tuning, for all three models.",
        "Gekhman et al. 2024: new facts that fine-tuning did press in came with more wrong answers elsewhere.",
        "Notebook 07: facts that no adapter was taught are the test of what passages bring.",
    ),
    (
        "Errors that remain when the right passage is in the prompt: the reading is missing, then both.",
        "No room in the prompt, or fixed facts with queries far beyond the break-even: then LoRA comes into question.",
    ),
)
TRAINED = Recommendation(
    "LoRA",
    (
        "Enough examples show what is wanted, and a training lasts for a year or is paid back by the queries.",
        "The prompt stays short, and a merged adapter adds no time to a query.",
    ),
    (
        "Hu et al. 2021: few trained parameters, and no added latency once merged.",
        "Biderman et al. 2024: LoRA learned less than full fine-tuning, and forgot less; test what it forgot.",
        "Allen-Zhu & Li 2023: where facts are trained, one wording of each is hardly enough to get them out again.",
        "Notebook 05 (what was learned and forgotten) and notebook 06 (tasks by adapter, against plain baselines).",
    ),
    (
        "A few examples in the prompt, or nearest neighbours among the labelled ones, that do as well: then these.",
        "A task or facts that begin to change faster than a training pays back: then prompting or RAG.",
    ),
)
FACTS_NOWHERE = Recommendation(
    "neither yet",
    (
        "The facts do not fit into the prompt, and there is too little to train on, or it changes too fast.",
        "Either gap can be closed by work; choosing first would not close it.",
    ),
    (
        "Allen-Zhu & Li 2023: without varied wordings, memorised facts were hardly extractable.",
        "Notebook 05: a training teaches what it asks for, and nothing of the facts next door.",
    ),
    (
        "Room for one passage: then RAG.",
        "Hundreds of questions and answers about the facts, and updates that are rare or paid back: then LoRA.",
    ),
)
FEW_EXAMPLES = Recommendation(
    "prompting",
    (
        "A skill is missing, but there are too few examples to train on, or it changes before a training pays back.",
        "Instructions with a few worked examples come first; what they produce, once corrected, is training data.",
    ),
    (
        "Notebook 06: the few-shot prompt and nearest neighbours are the baselines of every task.",
        "Labelling, not compute, is often the larger part of the cost of fine-tuning.",
    ),
    ("A few hundred corrected replies, for a task that holds still or is asked often: then LoRA.",),
)
