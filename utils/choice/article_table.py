"""The popular article's table of differences, paraphrased; beside each cell stands what the course measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from utils.choice.claims import figures_text
from utils.choice.measured import Measured
from utils.choice.sources import SKILLS


@dataclass(frozen=True)
class ArticleRow:
    """A row of the article's table of differences, with the figures of ours that stand for each side."""

    name: str
    says_of_rag: str
    says_of_tuning: str
    rag_keys: tuple[str, ...]
    tuning_keys: tuple[str, ...]

    def cells(self, measured: Mapping[str, Measured]) -> dict[str, str]:
        """Return the row's texts by column. Raises ValueError for a figure that is missing."""
        return {
            "row": f"**{self.name}**",
            "the article on RAG": self.says_of_rag,
            "measured: retrieval": figures_text(self.rag_keys, measured),
            "the article on fine-tuning": self.says_of_tuning,
            "measured: LoRA": figures_text(self.tuning_keys, measured),
        }


ARTICLE_ROWS = (
    ArticleRow(
        "definition",
        "a retriever joined to a generator",
        "a pretrained model adapted to a task",
        ("rag_over_base",),
        ("tuned_over_base",),
    ),
    ArticleRow(
        "training, knowledge required",
        "a large store of knowledge",
        "training on data of the task",
        ("rag_never_trained",),
        ("tuned_new_wording", "tuned_never_trained"),
    ),
    ArticleRow(
        "architecture",
        "a retriever and a generator",
        "a single model",
        ("gold_over_retrieved", "reader_over_base"),
        ("reading_after_tuning", "both_over_tuned"),
    ),
    ArticleRow(
        "knowledge base",
        "outside of the model",
        "none of its own",
        ("altered_followed", "altered_over_original"),
        ("tuned_trained_wording", "tuned_new_wording"),
    ),
    ArticleRow(
        "how the response is made",
        "from what is retrieved",
        "by the model alone",
        ("rag_exact", "reader_exact"),
        ("tuned_exact",),
    ),
    ArticleRow(
        "use cases",
        "question answering, chatbots, teaching, law, medicine",
        "classification, entities, summaries, translation, dialogue",
        ("rag_over_tuned_never_trained",),
        tuple(SKILLS),
    ),
    ArticleRow(
        "limitation",
        "as good as the quality and the coverage of its store",
        "may lack factual accuracy",
        ("gold_over_random", "near_misses_declined"),
        ("memory_over_access", "tuned_never_trained"),
    ),
)
