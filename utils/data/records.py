"""The record types of the course's data files. Each line of a file is one record, and is validated as such."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from utils.metrics import contains_answer

Split = Literal["train", "dev", "test"]
AnswerType = Literal["name", "quantity", "date", "time", "code", "place", "phrase"]


class Record(BaseModel):
    """A line of a data file: fields as declared, no others, not changeable."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Answered(Record):
    """Anything that has a short answer and other accepted forms of it."""

    answer: str = Field(min_length=1)
    aliases: list[str]

    @property
    def answers(self) -> list[str]:
        """Every accepted form of the answer, the preferred one first."""
        return [self.answer, *self.aliases]

    def refuse_giveaway(self, question: str) -> None:
        """Raise ValueError when a question contains its own answer."""
        if contains_answer(question, self.answers):
            raise ValueError(f"question {question!r} contains its own answer")

    def require_answer_in(self, evidence: str) -> None:
        """Raise ValueError when evidence contains neither the answer nor an alias."""
        if not contains_answer(evidence, self.answers):
            raise ValueError("field evidence: it must contain the answer or an alias")


class Wording(Record):
    """One way to ask for a fact, and the role in which that wording may be used."""

    text: str = Field(min_length=1)
    role: Split


class Fact(Answered):
    """A fact of the handbook: where it stands, what the answer is, and how it is asked for.

    `doc_split` tells the *reader* adapter's training documents from test documents; `trained` tells which facts the
    *questions* adapter is taught.
    """

    fact_id: str
    doc_id: str
    doc_split: Split
    trained: bool
    entity: str
    attribute: str
    answer_type: AnswerType
    evidence: str
    questions: list[Wording]

    @model_validator(mode="after")
    def check(self) -> "Fact":
        """Refuse evidence without the answer, and questions that give it away."""
        self.require_answer_in(self.evidence)
        for wording in self.questions:
            self.refuse_giveaway(wording.text)
        return self


class RevisedFact(Fact):
    """A fact whose answer changed with a new revision of its document; `evidence` and `answer` are the new ones."""

    old_answer: str

    @model_validator(mode="after")
    def check_change(self) -> "RevisedFact":
        """Refuse a revision in which nothing changed."""
        if contains_answer(self.old_answer, self.answers):
            raise ValueError("field old_answer: it contains the new answer, so nothing changed")
        return self


class Hop(Record):
    """One of the sentences that a two-hop question needs."""

    doc_id: str
    evidence: str


class TwoHopQuestion(Answered):
    """A question whose answer needs two sentences of two documents; the second hop contains the answer."""

    question_id: str
    split: Literal["dev", "test"]
    question: str
    answer_type: AnswerType
    hops: list[Hop] = Field(min_length=2, max_length=2)

    @model_validator(mode="after")
    def check(self) -> "TwoHopQuestion":
        """Refuse a giveaway, hops in one document, and a last hop without the answer."""
        self.refuse_giveaway(self.question)
        self.require_answer_in(self.hops[1].evidence)
        if self.hops[0].doc_id == self.hops[1].doc_id:
            raise ValueError("field hops: the two sentences must stand in two documents")
        return self


class ReversedQuestion(Answered):
    """A fact of the ledger asked backwards: its answer is given and its entity is asked for."""

    question_id: str
    fact_id: str
    doc_id: str
    split: Literal["dev", "test"]
    question: str
    answer_type: AnswerType
    evidence: str

    @model_validator(mode="after")
    def check(self) -> "ReversedQuestion":
        """Refuse a giveaway and evidence without the answer."""
        self.refuse_giveaway(self.question)
        self.require_answer_in(self.evidence)
        return self


class UnanswerableQuestion(Record):
    """A near miss: a question that the handbook does not answer, close to one that it does."""

    question_id: str
    split: Literal["dev", "test"]
    question: str
    kind: Literal["entity", "attribute"]
    near_doc_id: str
    near_evidence: str
    reason: str


class Turn(Record):
    """What the user or the assistant said in a conversation."""

    role: Literal["user", "assistant"]
    content: str = Field(min_length=1)


class FollowUp(Answered):
    """A conversation so far, an elliptic question that continues it, and that question's stand-alone form."""

    question_id: str
    split: Literal["dev", "test"]
    conversation: list[Turn] = Field(min_length=2)
    question: str
    standalone: str
    doc_id: str
    answer_type: AnswerType
    evidence: str

    @model_validator(mode="after")
    def check(self) -> "FollowUp":
        """Refuse giveaways in both forms of the question, and evidence without the answer."""
        self.refuse_giveaway(self.question)
        self.refuse_giveaway(self.standalone)
        self.require_answer_in(self.evidence)
        return self


class HouseStyleQuestion(Answered):
    """A question with the reply that Vesper Desk would write; the style's rules are in `utils.house_style`."""

    question_id: str
    split: Split
    question: str
    styled_answer: str
    doc_id: str
    evidence: str

    @model_validator(mode="after")
    def check(self) -> "HouseStyleQuestion":
        """Refuse a giveaway, and a reply or evidence without the answer."""
        self.refuse_giveaway(self.question)
        self.require_answer_in(self.evidence)
        if not contains_answer(self.styled_answer, self.answers):
            raise ValueError("field styled_answer: it must contain the answer or an alias")
        return self


class GeneralQuestion(Answered):
    """A question about the world at large, for measuring what fine-tuning makes a model forget."""

    question_id: str
    split: Literal["dev", "test"]
    question: str
    topic: str

    @model_validator(mode="after")
    def check(self) -> "GeneralQuestion":
        """Refuse a giveaway."""
        self.refuse_giveaway(self.question)
        return self
