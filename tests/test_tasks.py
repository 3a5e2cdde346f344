"""The tasks: enough of each, labelled and split as the datasheet says, and not made from templates."""

import json
import re
from collections import Counter, defaultdict
from typing import get_args

import pytest
from datasets import load_dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from data.build import split_tasks
from data.build.sources import near_duplicates
from tests.shared import catalogue_splits, mask
from utils import data
from utils.corpus import Document, load_documents, split_sentences
from utils.house_style import house_style_faults
from utils.metrics import normalize

SPLITS = ("train", "dev", "test")
LOADERS = {
    "triage": data.load_triage,
    "sentiment": data.load_sentiment,
    "entities": data.load_entities,
    "summaries": data.load_summaries,
    "translation": data.load_translation,
    "dialogue": data.load_dialogue,
    "review": data.load_review,
    "clinic": data.load_clinic,
    "tutor": data.load_tutor,
}
DOCUMENT_TASKS = ("dialogue", "clinic", "tutor")
# What a model reads or writes in each task, one text after another.
TEXTS = {
    "triage": lambda item: [item.text],
    "sentiment": lambda item: [item.text],
    "entities": lambda item: [item.text],
    "summaries": lambda item: [item.text, item.summary],
    "translation": lambda item: [item.en, item.fr],
    "dialogue": lambda item: [item.conversation[-1].content, item.reply],
    "review": lambda item: [item.text],
    "clinic": lambda item: [item.question],
    "tutor": lambda item: [item.question],
}
PLACEHOLDER = re.compile(r"%\d|%\([a-z_]+\)s|%[sd]\b|\{\w*\}|`[^`]*`")
TASK_FILES = sorted(data.TASKS_FOLDER.glob("*/*.jsonl"))


@pytest.fixture(scope="module")
def tasks() -> dict[str, dict[str, list]]:
    return {task: {split: load(split) for split in SPLITS} for task, load in LOADERS.items()}


@pytest.fixture(scope="module")
def items(tasks) -> dict[str, list]:
    return {task: [item for split in SPLITS for item in by_split[split]] for task, by_split in tasks.items()}


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {document.id: document for document in load_documents(data.HANDBOOK_FOLDER)}


def class_of(item: data.TriageMessage | data.LogLine | data.Summary | data.ReviewText) -> str:
    """The class within which an item was split."""
    return getattr(item, "label", getattr(item, "kind", ""))


def evidence(item: data.Dialogue | data.ClinicQuestion | data.TutorQuestion) -> list[str]:
    """What an item quotes from its document."""
    if isinstance(item, data.Dialogue):
        return item.notes
    return [item.evidence] if isinstance(item, data.ClinicQuestion) else item.evidence


def largest_copied_share(summary: data.Summary) -> float:
    """The largest share of a summary's words that stand in one sentence of the text, each word counted as often."""
    words = Counter(normalize(summary.summary).split())
    sentences = (Counter(normalize(sentence).split()) for sentence in split_sentences(summary.text))
    return max((words & sentence).total() for sentence in sentences) / words.total()


def test_every_task_has_its_folder_and_its_three_files():
    assert {path.parent.name for path in TASK_FILES} == set(LOADERS)
    extra = {"translation/glossary.jsonl", "review/checklist.jsonl"}
    names = {f"{path.parent.name}/{path.name}" for path in TASK_FILES}
    assert names == extra | {f"{task}/{split}.jsonl" for task in LOADERS for split in SPLITS}


def test_there_are_enough_items(items):
    least = {"triage": 600, "sentiment": 2000, "entities": 400, "dialogue": 120, "review": 40, "tutor": 40}
    assert {task: len(items[task]) for task in least if len(items[task]) < least[task]} == {}
    pairs = Counter(pair.kind for pair in items["translation"])
    assert pairs["interface"] >= 1500 and pairs["station"] >= 120 and len(data.load_glossary()) >= 120
    answerable = Counter(question.answerable for question in items["clinic"])
    assert answerable[True] >= 60 and answerable[False] >= 20


def test_ids_are_unique_over_the_splits(items):
    for found in items.values():
        assert len({item.item_id for item in found}) == len(found)


def test_every_split_of_a_class_has_its_share(tasks):
    for task in ("triage", "entities", "summaries", "review"):
        of_class = {split: Counter(class_of(item) for item in tasks[task][split]) for split in SPLITS}
        for name, count in sum(of_class.values(), Counter()).items():
            shares = {split: of_class[split][name] / count for split in SPLITS}
            assert shares == pytest.approx({"train": 0.60, "dev": 0.15, "test": 0.25}, abs=0.03)


def test_triage_has_eight_classes_of_about_the_same_size(tasks):
    for messages in tasks["triage"].values():
        counts = Counter(message.label for message in messages)
        assert set(counts) == set(get_args(data.Desk)) and len(counts) == 8
        assert max(counts.values()) <= 1.1 * min(counts.values())


def test_sentiment_is_balanced_by_label_and_source(tasks):
    for snippets in tasks["sentiment"].values():
        counts = Counter((snippet.source, snippet.label) for snippet in snippets)
        assert len(counts) == 4
        assert max(counts.values()) <= 1.1 * min(counts.values())


def test_spans_are_whole_words_and_every_label_occurs_in_every_split(tasks):
    for lines in tasks["entities"].values():
        assert {span.label for line in lines for span in line.spans} == set(get_args(data.EntityLabel))
        for line in lines:
            for span in line.spans:
                assert line.text[span.start : span.end] == span.text == span.text.strip()
                assert not re.match(r"\w", line.text[span.end :]) and not re.search(r"\w$", line.text[: span.start])


def test_incident_reports_have_80_to_200_words_and_short_summaries(items):
    incidents = [item for item in items["summaries"] if item.kind == "incident"]
    assert len(incidents) >= 150 and len(items["summaries"]) - len(incidents) >= 30
    assert [item.item_id for item in incidents if not 80 <= len(item.text.split()) <= 200] == []
    assert [item.item_id for item in items["summaries"] if not 8 <= len(item.summary.split()) <= 40] == []


def test_few_summaries_are_copied_sentences(items):
    copied = [item.item_id for item in items["summaries"] if largest_copied_share(item) >= 0.8]
    assert len(copied) < 0.2 * len(items["summaries"])


def test_a_copied_summary_would_be_seen():
    text = "The pump froze. Anton thawed the pump with a hair dryer in an hour. Then it ran."
    copy = data.Summary(
        item_id="s", kind="incident", title="t", text=text, summary="Anton thawed it with a hair dryer."
    )
    assert largest_copied_share(copy) == pytest.approx(5 / 6)  # all but "it"; "a" is not counted


def test_placeholders_of_interface_pairs_agree(items):
    pairs = [pair for pair in items["translation"] if pair.kind == "interface"]
    found = [(Counter(PLACEHOLDER.findall(pair.en)), Counter(PLACEHOLDER.findall(pair.fr))) for pair in pairs]
    assert sum(bool(english) for english, _ in found) >= 200
    assert [pair.item_id for pair, (english, french) in zip(pairs, found, strict=True) if english != french] == []


def test_station_sentences_use_the_terms_that_they_list(items):
    glossary = {term.term_id: term for term in data.load_glossary()}
    for pair in items["translation"]:
        for term in (glossary[name] for name in pair.terms):
            assert re.search(rf"(?<!\w){re.escape(term.en)}", pair.en, re.IGNORECASE)
            forms = "|".join(map(re.escape, term.accepted))
            assert re.search(rf"(?<!\w)(?:{forms})(?!\w)", pair.fr, re.IGNORECASE)


def test_translation_groups_stay_in_one_split(tasks):
    where = defaultdict(set)
    for split, pairs in tasks["translation"].items():
        for pair in pairs:
            where[pair.group].add(split)
    assert {group: splits for group, splits in where.items() if len(splits) > 1} == {}


@pytest.mark.parametrize("task", LOADERS)
def test_no_near_duplicate_stands_in_two_splits(task, tasks):
    rows = [(split, item) for split in SPLITS for item in tasks[task][split]]
    for texts in zip(*(TEXTS[task](item) for _, item in rows), strict=True):
        pairs = near_duplicates(texts)
        assert [(texts[a], texts[b]) for a, b in pairs if rows[a][0] != rows[b][0]] == []


def test_near_duplicates_are_found():
    texts = [
        "The recovery winch on Bison lost its brake this morning.",
        "Nobody has seen the harmonica.",
        "The recovery winch on Bison lost its brake this morning!",
        "The recovery winch on Bison has lost its brake this morning.",
    ]
    # The first and the last share 48 of their 58 five-grams.
    assert near_duplicates(texts) == [(0, 2), (0, 3), (2, 3)]


def test_no_text_occurs_more_than_three_times_when_names_and_numbers_are_masked(items):
    texts = {task: [text for item in items[task] for text in TEXTS[task](item)] for task in LOADERS}
    # Interface strings are names themselves ("Delete Cell"), so only the station's sentences count.
    station = [pair for pair in items["translation"] if pair.kind == "station"]
    texts["translation"] = [text for pair in station for text in (pair.en, pair.fr)]
    texts["dialogue turns"] = [turn.content for item in items["dialogue"] for turn in item.conversation]
    for found in texts.values():
        forms = Counter(mask(text) for text in found)
        assert {form: count for form, count in forms.items() if count > 3} == {}


def test_quoted_evidence_stands_verbatim_in_its_document(items, documents):
    for task in DOCUMENT_TASKS:
        missing = [item.item_id for item in items[task] for e in evidence(item) if e not in documents[item.doc_id].text]
        assert missing == []


def test_document_tasks_follow_the_splits_of_the_documents(tasks):
    splits = catalogue_splits()
    for task in DOCUMENT_TASKS:
        for split, found in tasks[task].items():
            assert [item.item_id for item in found if splits[item.doc_id] != split] == []


def test_every_reply_of_the_desk_keeps_the_house_style(items):
    for item in items["dialogue"]:
        replies = [turn.content for turn in item.conversation if turn.role == "assistant"]
        assert replies
        assert [house_style_faults(reply, item.doc_id) for reply in [*replies, item.reply]] == [[]] * (len(replies) + 1)


def test_the_conversation_does_not_give_the_required_facts_away(items):
    for item in items["dialogue"]:
        said = f" {normalize(' '.join(turn.content for turn in item.conversation))} "
        assert [form for forms in item.required for form in forms if f" {normalize(form)} " in said] == []


def test_every_clause_of_the_checklist_is_judged_and_neither_always_nor_never_there(items):
    clauses = defaultdict(list)
    for clause in data.load_checklist():
        clauses[clause.kind].append(clause.clause)
    judgements = defaultdict(list)
    for text in items["review"]:
        assert [judgement.clause for judgement in text.clauses] == clauses[text.kind]
        for judgement in text.clauses:
            judgements[judgement.clause].append(judgement.present)
    assert {name: sum(found) for name, found in judgements.items() if not 0.2 < sum(found) / len(found) < 0.8} == {}


def test_permits_and_contracts_are_the_same_in_review_and_summaries(tasks):
    for split in SPLITS:
        reviewed = {(text.kind, text.title, text.text, text.summary) for text in tasks["review"][split]}
        legal = [item for item in tasks["summaries"][split] if item.kind != "incident"]
        assert {(item.kind, item.title, item.text, item.summary) for item in legal} == reviewed


def test_triage_is_neither_trivial_nor_hopeless_for_counted_words(tasks):
    train, test = tasks["triage"]["train"], tasks["triage"]["test"]
    classifier = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
    classifier.fit([message.text for message in train], [message.label for message in train])
    accuracy = classifier.score([message.text for message in test], [message.label for message in test])
    assert 0.60 <= accuracy <= 0.92


def test_licences_lie_beside_the_data_that_they_are_for():
    for name, words in {
        "sentiment/LICENSE-vaderSentiment.txt": "The MIT License",
        "translation/LICENSE-jupyterlab-language-pack.txt": "Redistribution and use in source and binary forms",
    }.items():
        assert words in (data.TASKS_FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_file_loads_with_datasets(path, tmp_path):
    loaded = load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path))
    assert len(loaded) == len(path.read_text(encoding="utf-8").splitlines())


def test_splitting_again_gives_the_same_files(tmp_path):
    split_tasks.main(["--into", str(tmp_path)])
    written = sorted(tmp_path.glob("*/*.jsonl"))
    assert len(written) == 3 * 7
    for path in written:
        # As text, since git may write the line ends of the system into a checkout.
        committed = data.TASKS_FOLDER / path.relative_to(tmp_path)
        assert path.read_text(encoding="utf-8") == committed.read_text(encoding="utf-8")
        assert b"\r" not in path.read_bytes()


def test_a_task_keeps_every_item_that_was_written(items):
    for path in split_tasks.AUTHORED.glob("*.jsonl"):
        written = [json.loads(line)["item_id"] for line in path.read_text(encoding="utf-8").splitlines()]
        assert sorted(item.item_id for item in items[path.stem]) == written


MALFORMED = [
    ("triage", {"label": "kitchen"}, "field label: Input should be 'power'"),
    ("triage", {"text": ""}, "field text: String should have at least 1 character"),
    ("triage", {"split": "test"}, "field split: Extra inputs are not permitted"),
    ("sentiment", {"rating": 4.5}, "field rating: Input should be less than or equal to 4"),
    ("sentiment", {"rating": 1.0, "label": "negative"}, "field label: 'negative' does not agree"),
    ("sentiment", {"rating": 0.0}, "field label: .* does not agree with a rating of 0"),
    ("entities", {"spans": [{"start": 0, "end": 3, "label": "tool", "text": "abc"}]}, r"field spans\.0\.label"),
    ("entities", {"spans": [{"start": 0, "end": 3, "label": "place", "text": "…"}]}, "characters 0 to 3 are"),
    ("summaries", {"summary": "two\nlines"}, "field summary: it must be one line"),
    ("summaries", {"text": "short"}, "field summary: it must be shorter"),
    ("translation", {"fr": "x", "en": "x"}, "field fr: it is the same as field en"),
    ("translation", {"kind": "interface", "terms": ["term-001"]}, "field terms: a station sentence has one or more"),
    ("dialogue", {"required": [["seven giraffes"]]}, "field reply: it must contain one of"),
    ("dialogue", {"notes": ["Nothing."]}, "field notes: one of them must contain"),
    ("dialogue", {"conversation": [{"role": "assistant", "content": "Hm?"}]}, "field conversation: user and assistant"),
    ("review", {"text": "Nothing."}, "must stand in the text"),
    ("review", {"clauses": [{"clause": "a", "present": True, "sentence": None}]}, r"field clauses\.0: .*has one"),
    ("review", {"clauses": [{"clause": "a", "present": False, "sentence": None}]}, "'a' is no clause of a"),
    ("review", {"clauses": [{"clause": "a", "present": False, "sentence": None}] * 2}, "must be judged once"),
    ("clinic", {"answerable": True, "answer": "", "reason": ""}, "field answer: an answerable question has it"),
    ("clinic", {"answerable": False, "answer": "three"}, "field reason: an unanswerable question has it"),
    ("clinic", {"answerable": True, "answer": "owl", "reason": "", "aliases": []}, "field evidence: it must contain"),
    ("tutor", {"evidence": []}, "field evidence: one sentence for each key point"),
    ("tutor", {"key_points": [{"point": "Wait.", "accepted": ["go"]}]}, r"field key_points\.0: .*must stand in the"),
    ("tutor", {"check_question": "Is it blue?", "check_answer": "blue"}, "must not contain the check answer"),
]


@pytest.mark.parametrize(("task", "change", "message"), MALFORMED)
def test_a_malformed_line_is_refused_with_file_line_and_field(task, change, message, tmp_path):
    lines = (data.TASKS_FOLDER / task / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    wrong = json.loads(lines[1]) | change
    path = tmp_path / "dev.jsonl"
    path.write_text(f"{lines[0]}\n{json.dumps(wrong)}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message) as refused:
        LOADERS[task]("dev", folder=tmp_path)
    assert str(refused.value).startswith(f"{path}, line 2: ")


def test_spans_that_overlap_are_refused():
    winch = {"start": 0, "end": 11, "label": "equipment", "text": "Heron winch"}
    heron = {"start": 0, "end": 5, "label": "equipment", "text": "Heron"}
    assert data.LogLine(item_id="e", text="Heron winch greased.", spans=[winch]).spans[0].end == 11
    with pytest.raises(ValueError, match="field spans: 'Heron' begins before the end of the span before it"):
        data.LogLine(item_id="e", text="Heron winch greased.", spans=[winch, heron])


def test_a_question_to_decline_has_no_accepted_answers(items):
    assert all(bool(question.answers) == question.answerable for question in items["clinic"])


@pytest.mark.parametrize(
    ("name", "field", "load"),
    [
        ("triage/dev.jsonl", "item_id", lambda path: data.load_triage("dev", path.parent)),
        ("translation/glossary.jsonl", "term_id", data.load_glossary),
        ("review/checklist.jsonl", "clause", data.load_checklist),
    ],
)
def test_a_repeated_id_is_refused(name, field, load, tmp_path):
    source = data.TASKS_FOLDER / name
    line = source.read_text(encoding="utf-8").splitlines()[0]
    path = tmp_path / source.name
    path.write_text(f"{line}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=f"line 2: field {field}: .* is already on line 1"):
        load(path)
