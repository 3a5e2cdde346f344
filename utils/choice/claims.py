"""A popular article on RAG and fine-tuning, fact-checked: its claims, with what is known and what is measured here.

The claims are paraphrased. Figures from the literature stand here with their source; the course's own are looked up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from utils.choice.measured import Measured, figures_of
from utils.choice.sources import SKILLS

Judgement = Literal["false", "misleading", "unsupported", "imprecise", "roughly right", "right"]
NOT_MEASURED = "not a matter of measurement"


@dataclass(frozen=True)
class Claim:
    """A claim and our judgement. `keys` name figures of ours that speak to it, from those notebooks."""

    statement: str
    judgement: Judgement
    reason: str
    sources: tuple[str, ...]
    notebooks: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    def cells(self, measured: Mapping[str, Measured]) -> dict[str, str]:
        """Return the claim's texts by column. Raises ValueError for a figure that is missing."""
        origin = f"notebook {' and '.join(self.notebooks)}"
        return {
            "the article says": self.statement,
            "judgement": f"**{self.judgement}**",
            "why": self.reason,
            "source": "; ".join(self.sources),
            "measured here": f"{origin}\n{figures_text(self.keys, measured)}" if self.keys else NOT_MEASURED,
        }


def figures_text(keys: Iterable[str], measured: Mapping[str, Measured]) -> str:
    """Return figures of ours, one a line. Raises ValueError for one that is missing."""
    return "\n".join(map(str, figures_of(keys, measured)))


CLAIMS = (
    Claim(
        "RAG is a technique by which a language model learns.",
        "misleading",
        "Retrieval works at the moment of the question and changes no weight. The original work did train, together "
        "with the generator, the part that encodes the query; most systems of today do not.",
        ("Lewis et al. 2020",),
        ("07",),
        ("base_alone", "rag_never_trained"),
    ),
    Claim(
        "LLM is short for language model.",
        "false",
        "It is short for large language model. By that name our own model of 135 million parameters is hardly one.",
        ("common usage, as in Ovadia et al. 2024 and Gekhman et al. 2024",),
    ),
    Claim(
        "RAG comes from OpenAI.",
        "false",
        "The name and the method come from Facebook AI Research and university co-authors; DrQA, ORQA, REALM and DPR "
        "prepared the ground.",
        ("Lewis et al. 2020",),
    ),
    Claim(
        "RAG makes answers 35 % more accurate; fine-tuning halves the errors.",
        "unsupported",
        "No data set, model or baseline is named, nor whether the shares are relative. In one paper, on one set of "
        "questions, retrieval brought three models between 23 and 42 points, fine-tuning between −13 and 5.5.",
        ("worked out from Ovadia et al. 2024, current events",),
        ("07",),
        ("rag_over_base", "tuned_over_base"),
    ),
    Claim(
        "Language models are usually trained by unsupervised learning.",
        "imprecise",
        "They predict the next token, which the text itself supplies: self-supervised. After that come stages with "
        "examples and preferences given by people.",
        ("the loss of notebook 05",),
    ),
    Claim(
        "Fine-tuning adjusts a model only a little.",
        "misleading",
        "A small change of the weights can have a large effect: fine-tuned on new texts, Llama2 fell from .353 "
        "to .219 on questions about them. Look also at what becomes of a skill that training never touched: reading.",
        ("Ovadia et al. 2024",),
        ("05", "07"),
        ("reading_after_tuning", "general_before", "general_after"),
    ),
    Claim(
        "Once fine-tuned, the model is given the question together with the data that belong to it.",
        "false",
        "That describes RAG. A fine-tuned model gets the question alone, unless it is also given passages.",
        ("Lewis et al. 2020", "the two pipelines of notebooks 03 and 05"),
        ("07",),
        ("tuned_trained_wording", "both_over_tuned"),
    ),
    Claim(
        "RAG needs a large store of knowledge, and is as good as what that store covers.",
        "imprecise",
        "Size is no condition: a handbook will do. What counts is that the answer is there and is found, and that the "
        "model can read it.",
        ("Joren et al. 2025", "Zhang et al. 2024 (RAFT)"),
        ("03", "07"),
        ("gold_over_random", "gold_over_retrieved", "reader_over_base"),
    ),
    Claim(
        "A fine-tuned model has no store of knowledge of its own and may get facts wrong.",
        "roughly right",
        "What it was taught is in its weights, but tied to the wording and without a source. What it was not taught, "
        "it makes up.",
        ("Allen-Zhu & Li 2023", "Wu et al. 2024 (FineTuneBench)"),
        ("07",),
        ("memory_over_access", "tuned_never_trained"),
    ),
    Claim(
        "RAG keeps answers up to date.",
        "roughly right",
        "If somebody updates the index, and if the model follows the passage rather than its memory.",
        ("Lewis et al. 2020",),
        ("03",),
        ("altered_over_original",),
    ),
    Claim(
        "RAG is for question answering, chatbots, teaching, law, medicine, translation with context; fine-tuning is "
        "for classification, entities, summaries, translation, dialogue.",
        "roughly right",
        "As habits, yes; as a border, no. Translation stands in both lists, examples can be retrieved for any of these "
        "tasks, and a simple classifier needs neither.",
        ("notebooks 04 and 06, where each of them is run",),
        ("06",),
        tuple(SKILLS),
    ),
)
