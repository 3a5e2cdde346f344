"""The five skills: formats, scores and baselines; the results files, with a tiny model."""

import json
from dataclasses import replace

import numpy as np
import pytest
from seqeval.metrics import f1_score

from tests.stand_ins import Parrot
from utils.data import load_entities
from utils.data.task_records import Dialogue, LogLine, SentimentSnippet, Summary, TranslationPair, TriageMessage
from utils.experiments import results as results_module
from utils.experiments import skills as protocol
from utils.finetuning import LoraSettings, encode, train_adapter
from utils.skills import (
    TASKS,
    SkillItem,
    ask,
    ask_adapter,
    check_classes,
    classification,
    dialogue,
    entities,
    score_skill,
    summaries,
    translation,
)
from utils.skills.scores import micro_f1_difference, micro_f1_interval
from utils.skills.tasks import Prompt

LINE = LogLine(
    item_id="l1",
    text="Kato saw Petrel at Petrel Bluff, 0640.",
    spans=[
        {"start": 0, "end": 4, "label": "person", "text": "Kato"},
        {"start": 9, "end": 15, "label": "equipment", "text": "Petrel"},
        {"start": 19, "end": 31, "label": "place", "text": "Petrel Bluff"},
        {"start": 33, "end": 37, "label": "datetime", "text": "0640"},
    ],
)
DIALOGUE = Dialogue(
    item_id="d1",
    doc_id="ice-drill",
    notes=["The drill rests for 11 hours.", "Nobody oils it."],
    conversation=[{"role": "user", "content": "How long does it rest?"}],
    reply="Dear colleague,\nIt rests for 11 hours, says [ice-drill].\nWarm regards, Vesper Desk",
    required=[["11 hours", "eleven hours"]],
)


def message(number, text, label):
    record = TriageMessage(item_id=f"t{number}", text=text, label=label)
    return SkillItem(record.item_id, record.item_id, "triage", record, label)


def line_item(line):
    return SkillItem(line.item_id, line.item_id, "entities", line, entities.write_entities(line.text, line_spans(line)))


def line_spans(line):
    return [entities.Found(span.start, span.end, span.label) for span in line.spans]


# Every task


def test_every_task_has_three_prompts_for_each_kind_and_good_answers_score_full_marks():
    for name, task in TASKS.items():
        assert task.name == name
        items = task.load("dev")
        assert {item.kind for item in items} == set(task.kinds)
        assert all(len(prompts) >= 3 for prompts in task.prompts.values())
        some = [item for kind in task.kinds for item in items if item.kind == kind][:20]
        perfect = score_skill(task, "a person", some, [item.answer for item in some])
        assert perfect.interval().estimate == pytest.approx(1.0)


def test_an_empty_reply_scores_nothing_and_is_no_error():
    for task in TASKS.values():
        items = task.load("dev")[:3]
        assert score_skill(task, "silent", items, [""] * 3).interval().estimate == 0


def test_nothing_is_in_two_splits():
    for task in TASKS.values():
        ids = [item.item_id for split in ("train", "dev", "test") for item in task.load(split)]
        assert len(set(ids)) == len(ids)


def test_the_baselines_reply_to_every_item_in_the_format_that_is_scored(embedder):
    for task in TASKS.values():
        train, dev = task.load("train"), task.load("dev")
        train, asked = [*train[:40], *train[-40:]], [*dev[:4], *dev[-4:]]
        for name, replies in task.baselines(train, asked, embedder).items():
            assert score_skill(task, name, asked, replies).interval().high <= 1


def test_a_prompt_has_its_examples_before_the_earlier_turns_and_the_text_last():
    prompt = Prompt("About {doc_id}.", "Say: {text}", examples=(("a", "b"),))
    turns = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "yes?"}]
    messages = prompt.messages("{braces}", turns=turns, doc_id="x")
    assert [one["content"] for one in messages] == ["About x.", "Say: a", "b", "hello", "yes?", "Say: {braces}"]
    assert [one["role"] for one in messages] == ["system", "user", "assistant", "user", "assistant", "user"]


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_refused(text):
    with pytest.raises(ValueError, match="text is empty"):
        Prompt("Sort it.").messages(text)


def test_every_item_needs_one_reply():
    with pytest.raises(ValueError, match="1 items but 2 replies"):
        score_skill(classification.TASK, "two", [message(1, "dark", "power")], ["power", "power"])
    with pytest.raises(ValueError, match="0 items"):
        score_skill(classification.TASK, "none", [], [])


def test_a_class_that_training_never_saw_is_named():
    train = [message(1, "The lamp is dark", "power")]
    with pytest.raises(ValueError, match=r"classification.*'t2'.*'water'"):
        check_classes(classification.TASK, train, [message(2, "The tap drips", "water")])
    only_person = LINE.model_copy(update={"spans": LINE.spans[:1]})
    with pytest.raises(ValueError, match=r"entities.*'l1'.*'datetime'"):
        check_classes(entities.TASK, [line_item(only_person)], [line_item(LINE)])
    for task in TASKS.values():
        check_classes(task, task.load("train"), task.load("test"))


def test_many_items_are_dealt_out_over_the_passes_and_few_are_in_each():
    train = classification.load("train")
    passes = classification.TASK.training_passes(train)
    seen = [example.messages[-1]["content"] for of_pass in passes for example in of_pass]
    for item in train:
        assert seen.count(item.record.text) == (classification.TASK.passes if item.kind == "triage" else 1)


def test_the_adapter_is_asked_with_the_prompt_that_it_was_trained_with():
    for task in TASKS.values():
        item = task.load("dev")[0]
        parrot = Parrot(["yes"])
        ask_adapter(task, parrot, [item])
        assert parrot.asked == [task.example(item).messages]


def test_a_text_or_an_answer_longer_than_the_context_is_refused(tiny_generator):
    record = Summary(item_id="s1", kind="incident", title="Long", text="word " * 1200, summary="Too long.")
    item = SkillItem("s1", "s1", "summaries", record, record.summary)
    with pytest.raises(ValueError, match="exceeds the context of 512 tokens"):
        ask_adapter(summaries.TASK, tiny_generator, [item])
    with pytest.raises(ValueError, match="tokens exceed"):
        train_adapter(tiny_generator, summaries.TASK.training_passes([item]), LoraSettings(), name="long")
    long_answer = replace(item, record=record.model_copy(update={"text": "short"}), answer="word " * 1200)
    with pytest.raises(ValueError, match="tokens exceed"):
        encode(summaries.TASK.example(long_answer), tiny_generator.tokenizer)


# Classification


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("power", "power"),
        (" Water.", "water"),
        ("it", "it"),
        ("IT", "it"),
        ("**stores**", "stores"),
        ("I think it belongs to the clinic, not to power.", "clinic"),
        ("That is for the IT desk.", "it"),
        ("It is broken.", "none"),
        ("powerful waters", "none"),
        ("", "none"),
    ],
)
def test_a_label_is_read_from_a_reply(reply, expected):
    assert classification.read_label(reply, classification.LABELS["triage"]) == expected


def test_macro_f1_by_hand():
    snippets = [
        SentimentSnippet(item_id=f"s-film-{n}", source="film", text="x", rating=rating, label=label)
        for n, (rating, label) in enumerate([(1, "positive"), (1, "positive"), (-1, "negative"), (-1, "negative")])
    ]
    items = [SkillItem(one.item_id, one.item_id, "sentiment", one, one.label) for one in snippets]
    scored = score_skill(classification.TASK, "a", items, ["positive", "positive", "positive", "no idea"])
    # positive: precision 2/3, recall 1, F1 0.8; negative: 0
    assert classification.macro_f1(scored) == pytest.approx(0.4)
    assert scored.interval().estimate == 0.5


def test_snippets_of_one_product_review_are_resampled_together():
    product = SentimentSnippet(
        item_id="sentiment-product-23207", source="product", text="x", rating=1, label="positive"
    )
    film = product.model_copy(update={"item_id": "sentiment-film-03829", "source": "film"})
    assert classification.review_of(product) == "sentiment-product-232"
    assert classification.review_of(film) == "sentiment-film-03829"


# Entities


def test_entities_are_written_and_found_again():
    spans = line_spans(LINE)
    written = "Kato: person\nPetrel: equipment\nPetrel Bluff: place\n0640: datetime"
    assert entities.write_entities(LINE.text, spans) == written
    assert entities.read_entities(written, LINE.text) == spans
    assert entities.write_entities("Fog.", []) == "none" and entities.read_entities("none", "Fog.") == []


def test_nearly_every_marked_line_survives_writing_and_reading():
    lines = [line for split in ("train", "dev", "test") for line in load_entities(split)]
    lost = [
        line.text
        for line in lines
        if entities.read_entities(entities.write_entities(line.text, line_spans(line)), line.text) != line_spans(line)
    ]
    assert len(lost) == 1 and "sextant in the sextant" in lost[0]  # the second one is meant; the format cannot tell


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("- Kato: Person", [(0, 4, "person")]),
        ("person: Kato", [(0, 4, "person")]),
        ("1. 0640: datetime", [(33, 37, "datetime")]),
        ("Bluff: place\nPetrel Bluff: place", [(26, 31, "place")]),  # the second overlaps the first
        ("Petrel: equipment\nPetrel: place\nPetrel: place", [(9, 15, "equipment"), (19, 25, "place")]),
        ("Kat: person\nSolveig: person\nKato: hero\nKato person", []),
        ("06:40: datetime", []),
    ],
)
def test_replies_of_other_forms_are_read(reply, expected):
    assert entities.read_entities(reply, LINE.text) == expected


def test_bio_tags_by_hand():
    # Kato saw Petrel at Petrel Bluff , 0640 .
    expected = ["B-person", "O", "B-equipment", "O", "B-place", "I-place", "O", "B-datetime", "O"]
    assert entities.bio_tags(LINE.text, line_spans(LINE)) == expected


def test_micro_f1_is_that_of_seqeval():
    lines = load_entities("dev")
    # a system that misses every third entity, cuts the others' first letter pair off, or gives them a wrong label
    replies = []
    for line in lines:
        spans = [span for number, span in enumerate(line_spans(line)) if number % 3]
        wrong = [s if s.start % 2 else s._replace(label="person") for s in spans]
        replies.append(entities.write_entities(line.text, wrong))
    rows = [entities.score(reply, line) for reply, line in zip(replies, lines, strict=True)]
    counts = {name: [row[name] for row in rows] for name in rows[0]}
    wanted = [entities.bio_tags(line.text, line_spans(line)) for line in lines]
    found = [entities.bio_tags(n.text, entities.read_entities(r, n.text)) for r, n in zip(replies, lines, strict=True)]
    interval = micro_f1_interval(counts, [line.item_id for line in lines])
    assert interval.estimate == pytest.approx(f1_score(wanted, found))
    assert interval.low < interval.estimate < interval.high


def test_an_invented_name_is_counted_apart():
    assert entities.score("Kato: person\nSolveig: person", LINE) == {
        "correct": 1,
        "found": 1,
        "wanted": 4,
        "invented": 1,
    }


def test_the_bootstrap_of_micro_f1():
    same = {"correct": [1.0] * 5, "found": [2.0] * 5, "wanted": [2.0] * 5}
    assert tuple(micro_f1_interval(same, list("abcde"))) == (0.5, 0.5, 0.5)
    one_cluster = {"correct": [1.0, 0.0], "found": [1.0, 1.0], "wanted": [1.0, 3.0]}
    assert tuple(micro_f1_interval(one_cluster, ["a", "a"])) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    nothing = {"correct": [0.0], "found": [0.0], "wanted": [0.0]}
    assert tuple(micro_f1_interval(nothing, ["a"])) == (0, 0, 0)
    # two lines, F1 1 and 0, of one entity each: a draw of two is 1, 1/2 or 0
    two = {"correct": [1.0, 0.0], "found": [1.0, 1.0], "wanted": [1.0, 1.0]}
    assert tuple(micro_f1_interval(two, ["a", "b"])) == (0.5, 0, 1)
    assert tuple(micro_f1_difference(two, two, ["a", "b"])) == (0, 0, 0)


def test_the_bootstrap_is_as_wide_as_theory_says():
    dice = np.random.default_rng(1)
    correct = (dice.random(400) < 0.7).astype(float).tolist()
    counts = {"correct": correct, "found": [1.0] * 400, "wanted": [1.0] * 400}
    interval = micro_f1_interval(counts, [str(n) for n in range(400)])
    share = np.mean(correct)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * np.sqrt(share * (1 - share) / 400), rel=0.1)


def test_a_gazetteer_knows_names_by_heart_and_numbers_by_their_shape():
    gazetteer = entities.Gazetteer([LINE])
    assert gazetteer.find("At 0915 Kato left Petrel Bluff; Katos stayed.") == [
        (3, 7, "datetime"),
        (8, 12, "person"),
        (18, 30, "place"),
    ]
    plain = LogLine(item_id="l2", text="a petrel: Petrel, Petrel, Petrel", spans=[])
    assert "Petrel" not in entities.Gazetteer([LINE, plain]).labels  # marked once of five times
    assert entities.Gazetteer([plain]).find("Kato") == []


# Summaries, translation, dialogue


def test_rouge_l_by_hand():
    record = Summary(item_id="s", kind="incident", title="t", text="x " * 40, summary="the pump froze at night")
    # longest common subsequence "pump froze night", 3 words: precision 3/4, recall 3/5
    assert summaries.score("Pump froze last night", record) == {"rouge_l": pytest.approx(2 / 3)}


def test_the_first_sentence_of_a_summary_is_that_of_the_text():
    record = Summary(item_id="s", kind="incident", title="t", text="It froze. " + "More. " * 20, summary="Frost.")
    assert summaries.baselines([], [SkillItem("s", "s", "summaries", record, "Frost.")], None) == {
        "first sentence": ["It froze."]
    }


def test_chrf_is_that_of_the_first_line():
    pair = TranslationPair(item_id="p", kind="interface", en="a", fr="un treuil", group="g", component="c", terms=[])
    alone = translation.score("le treuil", pair)["chrf"]
    assert alone == pytest.approx(0.59404761904)  # sacrebleu 2.6
    assert translation.score("le treuil\n\nIn English: the winch", pair)["chrf"] == alone


@pytest.mark.parametrize(
    ("reply", "style", "content"),
    [
        (DIALOGUE.reply, 1, 1),
        (DIALOGUE.reply.replace("11 hours", "two days"), 1, 0),
        (DIALOGUE.reply.replace("11", "eleven"), 1, 1),
        (DIALOGUE.reply.replace("[ice-drill]", "the manual"), 0, 1),
        ("11 hours.", 0, 1),
        ("", 0, 0),
    ],
)
def test_style_counts_only_with_the_content(reply, style, content):
    scores = dialogue.score(reply, DIALOGUE)
    assert (scores["style"], scores["content"], scores["pass"]) == (style, content, style and content)


def test_a_form_letter_passes_which_is_a_limit_of_the_measure():
    assert dialogue.score(dialogue.form_letter(DIALOGUE), DIALOGUE)["pass"] == 1


def test_notes_with_braces_are_text():
    noted = DIALOGUE.model_copy(update={"notes": ["The drill {sic} rests for 11 hours."]})
    item = SkillItem("d1", "ice-drill", "dialogue", noted, noted.reply)
    for prompt in dialogue.PROMPTS.values():
        assert "{sic}" in str(dialogue.messages(item, prompt)) and "[ice-drill]" in str(dialogue.messages(item, prompt))


# The long protocol


@pytest.fixture
def small_task(monkeypatch, tmp_path, embedder):
    """The classification task cut down to a few messages, with folders of its own."""
    monkeypatch.setattr(results_module, "RESULTS_FOLDER", tmp_path / "results")
    monkeypatch.setattr(protocol, "ADAPTERS_FOLDER", tmp_path / "adapters")
    prompts = {"triage": dict(list(classification.TRIAGE_PROMPTS.items())[:2])}

    def load(split):
        return [item for item in classification.load(split) if item.kind == "triage"][:12]

    task = replace(
        classification.TASK, prompts=prompts, load=load, passes=1, max_new_tokens=2, lora=LoraSettings(rank=2, alpha=4)
    )
    monkeypatch.setattr(protocol, "check_classes", lambda *of_task: None)
    monkeypatch.setattr(protocol, "TASKS", {"classification": task})
    return task


def test_a_task_is_measured_once_and_read_back(small_task, tiny_generator, embedder, monkeypatch):
    protocol.run_skills(tiny_generator, embedder)
    read = protocol.read_skill(small_task)
    assert set(read.test["triage"]) == {
        "TF-IDF + logistic regression",
        "nearest neighbours",
        "embeddings + logistic regression",
        "prompt only",
        "adapter",
    }
    assert set(read.dev["triage"]) >= {"plain", "question after"}
    assert read.prompts["triage"] in small_task.prompts["triage"]
    assert read.arm("triage", "baseline").arm == read.baselines["triage"]
    assert read.adapter["rank"] == 2 and read.adapter["trained_tokens"] > 0
    monkeypatch.setattr(protocol, "measure_skill", None)  # not called again
    protocol.run_skills(tiny_generator, embedder)


def test_a_results_file_with_changed_scores_data_or_items_is_refused(small_task, tiny_generator, embedder):
    protocol.run_skills(tiny_generator, embedder)
    path = results_module.RESULTS_FOLDER / "skills-classification.json"
    content = json.loads(path.read_text())

    def write(change):
        changed = json.loads(json.dumps(content))
        change(changed)
        path.write_text(json.dumps(changed))

    arm = ("splits", "test: triage", 0)
    first = content[arm[0]][arm[1]][arm[2]]
    flipped = 1.0 - first["scores"]["accuracy"][0]
    write(lambda new: new[arm[0]][arm[1]][arm[2]]["scores"]["accuracy"].__setitem__(0, flipped))
    with pytest.raises(ValueError, match="not what its replies earn"):
        protocol.read_skill(small_task)
    write(lambda new: new[arm[0]][arm[1]][arm[2]]["item_ids"].__setitem__(0, "triage-none"))
    with pytest.raises(ValueError, match="'triage-none' is not in the dev or test split"):
        protocol.read_skill(small_task)
    write(lambda new: new.update(data_sha256="other"))
    with pytest.raises(ValueError, match="other data"):
        protocol.read_skill(small_task)
    assert not protocol.skill_is_current(small_task)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="make results"):
        protocol.read_skill(small_task)


def test_changed_prompts_or_settings_are_measured_again(small_task, tiny_generator, embedder):
    protocol.run_skills(tiny_generator, embedder)
    assert protocol.skill_is_current(small_task)
    assert not protocol.skill_is_current(replace(small_task, passes=2))
    assert not protocol.skill_is_current(replace(small_task, prompts={"triage": {"other": Prompt("Sort.")}}))


def test_samples_are_fixed_and_only_drawn_when_needed():
    items = [message(number, "x", "power") for number in range(30)]
    assert protocol.sample(items, "triage", 30) == items
    drawn = protocol.sample(items, "triage", 10)
    assert len({item.item_id for item in drawn}) == 10
    assert drawn == protocol.sample(items, "triage", 10)
    assert protocol.sample(items, "sentiment", 10) == []


def test_systems_can_only_be_compared_on_the_same_items():
    items = [message(1, "x", "power"), message(2, "y", "water")]
    good = score_skill(classification.TASK, "good", items, ["power", "water"])
    bad = score_skill(classification.TASK, "bad", items, ["it", "it"])
    assert good.difference(bad).estimate == 1
    with pytest.raises(ValueError, match="same items"):
        good.difference(score_skill(classification.TASK, "part", items[:1], ["power"]))


def test_the_committed_results_are_of_the_present_tasks():
    files = [task for task in TASKS.values() if (results_module.RESULTS_FOLDER / f"skills-{task.name}.json").is_file()]
    for task in files:
        assert protocol.skill_is_current(task), task.name
        protocol.read_skill(task)


def test_asking_gives_each_kind_its_own_prompt():
    triage = message(1, "The tap drips", "water")
    snippet = SentimentSnippet(item_id="s-film-1", source="film", text="Fine.", rating=1, label="positive")
    sentiment = SkillItem("s-film-1", "s-film-1", "sentiment", snippet, "positive")
    parrot = Parrot(["water", "positive"])
    replies = ask(classification.TASK, parrot, [triage, sentiment], {"triage": Prompt("T"), "sentiment": Prompt("S")})
    assert replies == ["water", "positive"]
    assert [asked[0]["content"] for asked in parrot.asked] == ["T", "S"]
