"""The record types of the tasks in `data/tasks/`. Each line of a file is one record, and is validated as such.

No record says which split it belongs to: that is the name of its file.
"""

from typing import Literal

from pydantic import Field, model_validator

from utils.data.records import Answered, Record, Turn
from utils.metrics import contains_answer

Desk = Literal["power", "water", "vehicles", "it", "stores", "clinic", "field", "house"]
Sentiment = Literal["negative", "positive"]
EntityLabel = Literal["person", "organisation", "place", "equipment", "datetime", "quantity"]
LegalKind = Literal["permit", "contract"]


class TriageMessage(Record):
    """A message to the station's help desk; the label is the desk that must act next."""

    item_id: str
    text: str = Field(min_length=1)
    label: Desk


class SentimentSnippet(Record):
    """A sentence or two of a review; the rating is the mean of people's ratings, the label is its side of zero."""

    item_id: str
    source: Literal["film", "product"]
    text: str = Field(min_length=1)
    rating: float = Field(ge=-4, le=4)
    label: Sentiment

    @model_validator(mode="after")
    def check(self) -> "SentimentSnippet":
        """Refuse a label that is not the side of the rating."""
        if self.rating == 0 or (self.rating > 0) != (self.label == "positive"):
            raise ValueError(f"field label: {self.label!r} does not agree with a rating of {self.rating}")
        return self


class Span(Record):
    """A named thing in a text: the characters from `start` up to, but not including, `end`."""

    start: int = Field(ge=0)
    end: int
    label: EntityLabel
    text: str = Field(min_length=1)


class LogLine(Record):
    """A line of a station log with the named things in it, in their order."""

    item_id: str
    text: str = Field(min_length=1)
    spans: list[Span]

    @model_validator(mode="after")
    def check(self) -> "LogLine":
        """Refuse spans that are out of order, overlap, or have another text than their characters."""
        last = 0
        for span in self.spans:
            if span.start < last:
                raise ValueError(f"field spans: {span.text!r} begins before the end of the span before it")
            found = self.text[span.start : span.end]
            if found != span.text:
                raise ValueError(f"field spans: characters {span.start} to {span.end} are {found!r}, not {span.text!r}")
            last = span.end
        return self


class Summary(Record):
    """An incident report, permit or contract with its summary in one sentence."""

    item_id: str
    kind: Literal["incident", "permit", "contract"]
    title: str = Field(min_length=1)
    text: str = Field(min_length=1)
    summary: str = Field(min_length=1)

    @model_validator(mode="after")
    def check(self) -> "Summary":
        """Refuse a summary that is not shorter than half of the text, or that is of several lines."""
        if 2 * len(self.summary) > len(self.text):
            raise ValueError("field summary: it must be shorter than half of the text")
        if "\n" in self.summary:
            raise ValueError("field summary: it must be one line")
        return self


class TranslationPair(Record):
    """An English text with its French translation: a string of an interface, or a sentence of the station.

    `terms` are the glossary's entries that a station sentence uses; pairs of one `group` are nearly the same.
    """

    item_id: str
    kind: Literal["interface", "station"]
    en: str = Field(min_length=1)
    fr: str = Field(min_length=1)
    group: str
    component: str
    terms: list[str]

    @model_validator(mode="after")
    def check(self) -> "TranslationPair":
        """Refuse an untranslated text, and terms where there must be none or none where there must be some."""
        if self.en == self.fr:
            raise ValueError("field fr: it is the same as field en")
        if bool(self.terms) != (self.kind == "station"):
            raise ValueError("field terms: a station sentence has one or more, an interface string none")
        return self


class GlossaryTerm(Record):
    """A term of the station in English with the French term to use for it, and other forms of that term."""

    term_id: str
    en: str = Field(min_length=1)
    fr: str = Field(min_length=1)
    note: str
    fr_forms: list[str]

    @property
    def accepted(self) -> list[str]:
        """Every accepted French form, the glossary's own first."""
        return [self.fr, *self.fr_forms]

    @model_validator(mode="after")
    def check(self) -> "GlossaryTerm":
        """Refuse a form that stands there twice."""
        if len(set(self.accepted)) < len(self.accepted):
            raise ValueError("field fr_forms: each form once, and not the one of field fr")
        return self


class Dialogue(Record):
    """A conversation with Vesper Desk that waits for the desk's reply, the notes to reply from, and a good reply.

    Each fact of `required` is a list of accepted forms; a reply must contain one form of each.
    """

    item_id: str
    doc_id: str
    notes: list[str] = Field(min_length=1)
    conversation: list[Turn] = Field(min_length=1)
    reply: str = Field(min_length=1)
    required: list[list[str]] = Field(min_length=1)

    @model_validator(mode="after")
    def check(self) -> "Dialogue":
        """Refuse roles that do not take turns, and required facts that the reply or the notes do not contain."""
        roles = [turn.role for turn in self.conversation]
        if roles != [("user", "assistant")[number % 2] for number in range(len(roles))] or roles[-1] != "user":
            raise ValueError("field conversation: user and assistant must take turns, the user first and last")
        for forms in self.required:
            if not contains_answer(self.reply, forms):
                raise ValueError(f"field reply: it must contain one of {forms}")
            if not any(contains_answer(note, forms) for note in self.notes):
                raise ValueError(f"field notes: one of them must contain one of {forms}")
        return self


class ChecklistClause(Record):
    """A clause to look for in a permit or contract: the question that it answers, and when it counts as present."""

    clause: str
    kind: LegalKind
    name: str = Field(min_length=1)
    question: str = Field(min_length=1)
    description: str = Field(min_length=1)

    @model_validator(mode="after")
    def check(self) -> "ChecklistClause":
        """Refuse a clause that does not begin with its kind."""
        if not self.clause.startswith(f"{self.kind}-"):
            raise ValueError(f"field clause: {self.clause!r} must begin with '{self.kind}-'")
        return self


class ClauseJudgement(Record):
    """Whether a text has a clause of the checklist, and the sentence that is this clause."""

    clause: str
    present: bool
    sentence: str | None

    @model_validator(mode="after")
    def check(self) -> "ClauseJudgement":
        """Refuse a present clause without a sentence, and a missing one with it."""
        if self.present != bool(self.sentence) or self.sentence == "":
            raise ValueError("field sentence: a present clause has one, a missing clause has null")
        return self


class ReviewText(Record):
    """A permit or contract, with one judgement for each clause of the checklist of its kind."""

    item_id: str
    kind: LegalKind
    title: str = Field(min_length=1)
    text: str = Field(min_length=1)
    summary: str = Field(min_length=1)
    clauses: list[ClauseJudgement] = Field(min_length=1)

    @model_validator(mode="after")
    def check(self) -> "ReviewText":
        """Refuse clauses of the other kind, clauses judged twice, and sentences that are not in the text."""
        names = [judgement.clause for judgement in self.clauses]
        if len(set(names)) < len(names):
            raise ValueError("field clauses: each clause must be judged once")
        for judgement in self.clauses:
            if not judgement.clause.startswith(f"{self.kind}-"):
                raise ValueError(f"field clauses: {judgement.clause!r} is no clause of a {self.kind}")
            if judgement.sentence is not None and judgement.sentence not in self.text:
                raise ValueError(f"field clauses: the sentence of {judgement.clause!r} must stand in the text")
        return self


class ClinicQuestion(Answered):
    """A question to the clinic. Its guidelines answer it, or they do not, and then `reason` says what is missing."""

    item_id: str
    question: str = Field(min_length=1)
    answerable: bool
    answer: str
    doc_id: str
    evidence: str
    reason: str

    @property
    def answers(self) -> list[str]:
        """Every accepted form of the answer, the preferred one first; none if the question must be declined."""
        return super().answers if self.answerable else []

    @model_validator(mode="after")
    def check(self) -> "ClinicQuestion":
        """Refuse a giveaway, evidence without the answer, and anything but a reason where there is no answer."""
        if not self.answerable:
            if self.answer or self.aliases or self.evidence or not self.reason:
                raise ValueError("field reason: an unanswerable question has it, and no answer, aliases or evidence")
            return self
        if not self.answer or self.reason:
            raise ValueError("field answer: an answerable question has it, and no reason")
        self.refuse_giveaway(self.question)
        self.require_answer_in(self.evidence)
        return self


class KeyPoint(Record):
    """Something that a good explanation says; it counts as said if one of the accepted forms occurs."""

    point: str = Field(min_length=1)
    accepted: list[str] = Field(min_length=1)

    @model_validator(mode="after")
    def check(self) -> "KeyPoint":
        """Refuse accepted forms that do not accept the point itself."""
        if not contains_answer(self.point, self.accepted):
            raise ValueError(f"field accepted: one of {self.accepted} must stand in the point")
        return self


class TutorQuestion(Record):
    """A learner's question, the points of a good explanation with their evidence, and a question to check with."""

    item_id: str
    question: str = Field(min_length=1)
    doc_id: str
    key_points: list[KeyPoint] = Field(min_length=1)
    evidence: list[str]
    check_question: str = Field(min_length=1)
    check_answer: str = Field(min_length=1)

    @model_validator(mode="after")
    def check(self) -> "TutorQuestion":
        """Refuse points without their evidence, and questions that contain what is asked for."""
        if len(self.evidence) != len(self.key_points):
            raise ValueError("field evidence: one sentence for each key point, in the same order")
        for point, sentence in zip(self.key_points, self.evidence, strict=True):
            if not contains_answer(sentence, point.accepted):
                raise ValueError(f"field evidence: {sentence!r} must contain one of {point.accepted}")
            if contains_answer(self.question, point.accepted):
                raise ValueError(f"field question: it must not contain one of {point.accepted}")
        if contains_answer(self.check_question, [self.check_answer]):
            raise ValueError("field check_question: it must not contain the check answer")
        return self
