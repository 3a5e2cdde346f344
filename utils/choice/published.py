"""Published trends: what was claimed, how its figures were seen, and which of the course's figures speaks to it.

Statements are in our own words. None was replicated here: sizes, data and training differ, as each caveat says.
"""

from dataclasses import dataclass

READ, ABSTRACT, SECOND_HAND = "read in the paper", "from the abstract", "reported by others, not checked in the paper"


@dataclass(frozen=True)
class Trend:
    """A published trend. `key` names the figure of ours to compare, `expected` the sign that it should have."""

    id: str
    source: str
    statement: str
    seen: str
    direction: str
    key: str
    expected: int
    caveat: str


TRENDS = (
    Trend(
        "retrieval or tuning",
        "Ovadia et al. 2024 (EMNLP).",
        "New facts: Mistral 7B has .875 on current events with retrieval, .504 after fine-tuning on the text.",
        READ,
        "RAG > fine-tuning",
        "rag_over_tuned",
        1,
        "They trained on plain text and asked multiple-choice questions that were made from the indexed chunks. We "
        "train on questions about the very facts that are asked for, and our reader is some fifty times smaller.",
    ),
    Trend(
        "memorised or generalised",
        "Wu et al. 2024 (FineTuneBench).",
        "A fine-tuned GPT-4o-mini: .99 on the questions that it was trained on, .65 on others about the same facts.",
        READ,
        "trained wording > new wording",
        "memory_over_access",
        1,
        "Hosted fine-tuning of a far larger model; their other questions are not ours.",
    ),
    Trend(
        "tuned and retrieving",
        "Soudani et al. 2024 (SIGIR-AP).",
        "FlanT5-small (80 M) on PopQA: about 47 % with RAG, about 62 to 64 % with RAG after fine-tuning.",
        READ,
        "adapter + RAG > base + RAG",
        "both_over_rag",
        1,
        "The nearest in size, but an encoder–decoder. The kind of tuning matters: they saw full fine-tuning cut the "
        "score with passages to about 13 %, where parameter-efficient tuning kept about 48 %.",
    ),
    Trend(
        "gains add up",
        "Balaguer et al. 2024.",
        "Questions on agriculture: fine-tuning brings more than 6 points and RAG a further 5.",
        ABSTRACT,
        "adapter + RAG > adapter",
        "both_over_tuned",
        1,
        "GPT-4 and others, with GPT-4 as the judge of long answers. Our adapter never saw a passage in training.",
    ),
    Trend(
        "trained to read",
        "Zhang et al. 2024 (RAFT).",
        "LLaMA2-7B on HotpotQA: 0.03 % with retrieved passages, 35.28 % after training to read them among distractors.",
        READ,
        "reader + RAG > base + RAG",
        "reader_over_base",
        1,
        "The authors blame the low base score on answer style, which containment forgives. Our reader was trained on "
        "other documents than those asked about.",
    ),
    Trend(
        "lost in the middle",
        "Liu et al. 2024 (TACL).",
        "GPT-3.5, 20 documents: 75.8 % with the answer in the first, 53.8 % in the tenth, 63.2 % in the last.",
        SECOND_HAND,
        "ends > middle",
        "ends_over_middle",
        1,
        "Five short passages here, and a small sample of development questions.",
    ),
    Trend(
        "another index",
        "Lewis et al. 2020 (NeurIPS).",
        "Swapping the index: 70 and 68 % right where index and question match in year, 12 and 4 % where not.",
        READ,
        "the answer that is shown > the former one",
        "altered_over_original",
        1,
        "They swapped an index; we alter one sentence. Our model knows nothing of its own here that could resist.",
    ),
    Trend(
        "insufficient context",
        "Joren et al. 2025 (ICLR).",
        "Gemma's wrong answers rise from 10.2 to 66.1 % when passages are shown that do not suffice.",
        SECOND_HAND,
        "failures with a useless passage > without any",
        "missed_with_random_over_none",
        1,
        "Their models may decline; our base model was not invited to. Where it already fails without passages, nothing "
        "is left to rise. A reply that declines counts as a failure here.",
    ),
    Trend(
        "small readers",
        "Pandey 2026 (preprint).",
        "With the right passage shown, models of up to 7 B failed on 85 to 100 % of what they could not answer alone.",
        ABSTRACT,
        "failures > right answers",
        "missed_over_answered_with_gold",
        1,
        "They count exact matches, by which a talkative model nearly always fails; we count replies that "
        "contain the answer.",
    ),
    Trend(
        "wordings",
        "Allen-Zhu & Li 2023.",
        "Facts learnt in one wording: 9.7 % can be asked for afterwards; in five wordings 96.2 %.",
        SECOND_HAND,
        "ten wordings > one",
        "ten_wordings_over_one",
        1,
        "They trained models from scratch on made-up biographies; the questions came in a second training. Here the "
        "wordings are those of questions, and both variants take as many steps.",
    ),
    Trend(
        "text or questions",
        "Allen-Zhu & Li 2023.",
        "What was memorised as text alone, each fact in one wording, can hardly be extracted by a question.",
        ABSTRACT,
        "taught by questions > by text",
        "questions_over_text",
        1,
        "Their model was trained on text, then on questions about others of the facts; ours sees only one of the two.",
    ),
    Trend(
        "which layers",
        "Schulman and others 2025 (LoRA Without Regret).",
        "Adapters should sit on all linear layers; on attention alone they do worse.",
        SECOND_HAND,
        "all layers > attention only",
        "all_layers_over_attention",
        1,
        "Models from 1 B on. Our two variants have the same rank, so the one on attention has fewer parameters.",
    ),
    Trend(
        "new facts, old knowledge",
        "Gekhman et al. 2024 (EMNLP).",
        "PaLM 2: the more unknown facts it has fitted, the fewer of the known ones it still gets right.",
        READ,
        "general knowledge before > after",
        "forgotten",
        1,
        "Their known facts are of the same kind as the new ones; ours are about the world, and so small a model knows "
        "few of them. Replies also became short, and a short reply contains an answer less often.",
    ),
    Trend(
        "learns less, forgets less",
        "Biderman et al. 2024.",
        "Llama 2 on code and mathematics: LoRA keeps more of what the model could do before than training all weights.",
        ABSTRACT,
        "kept by LoRA > kept by all weights",
        "adapter_forgets_less",
        1,
        "7 B parameters and billions of tokens there. Each way has one learning rate here, all weights a tenth of the "
        "adapter's.",
    ),
)
