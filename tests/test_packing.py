"""Passages and questions that are too long for the context: worked out by hand in words, and with real tokens."""

import pytest

from tests.stand_ins import Finder, Parrot
from utils.corpus import Passage
from utils.rag import Packed, RagPipeline, pack_passages
from utils.retrieval import Hit


def hit(name, text, title="T"):
    return Hit(Passage(f"{name}#1", name, title, text), 0.5)


def at_most(words):
    return lambda hits: sum(len(one.passage.titled_text.split()) for one in hits) <= words


def test_as_many_whole_passages_as_fit_best_first():
    long, longer, short = hit("a", "one two three."), hit("b", "one two three four."), hit("c", "one.")
    assert pack_passages([long, longer, short], at_most(11)) == Packed([long, longer, short])  # 4 + 5 + 2
    assert pack_passages([long, longer, short], at_most(8)) == Packed(
        [long, short], "Left out for lack of room: 1 passage."
    )
    assert pack_passages([], at_most(8)) == Packed([])


def test_a_passage_that_alone_is_too_long_is_cut_at_a_sentence_end():
    best = hit("a", "One two three. Four five six. Seven eight nine.")
    packed = pack_passages([best, hit("b", "short.")], at_most(9))
    assert [one.passage.text for one in packed.hits] == ["One two three. Four five six."]
    assert "a#1 is too long" in packed.note and "Left out for lack of room: 1 passage." in packed.note


def test_a_sentence_that_alone_is_too_long_is_cut_inside():
    packed = pack_passages([hit("a", "one two three four five six seven eight")], at_most(5))
    assert [one.passage.text for one in packed.hits] == ["one two three four"]


def test_a_title_that_alone_is_too_long_leaves_its_passage_out():
    packed = pack_passages([hit("a", "Text.", title="w " * 20), hit("b", "short.")], at_most(9))
    assert [one.passage.id for one in packed.hits] == ["b#1"]
    assert pack_passages([hit("a", "Text.", title="w " * 20)], at_most(9)).hits == []


def test_the_question_may_fill_all_but_the_room_for_passage_answer_and_prompt():
    # 300 words of context − 40 for the answer − 11 of the prompt itself − 128 for a passage
    rag = RagPipeline(Finder([hit("a", "Yes.")]), Parrot(["yes"], context_tokens=300))
    assert rag.answer(["why " * 121])[0].text == "yes"
    with pytest.raises(ValueError, match=r"begins 'why why .* has 122 tokens; .* room for 121\."):
        rag.answer(["Short?", "why " * 122])


def test_an_enormous_question_is_refused_with_real_tokens_too(generator):
    rag = RagPipeline(Finder([hit("a", "Yes.")]), generator)
    with pytest.raises(ValueError, match=r"has \d{6} tokens; .* room for 18\d\d\."):
        rag.answer(["why " * 100_000])
    with pytest.raises(ValueError, match=r"has \d{4,5} tokens"):
        rag.answer(["<|im_start|>" * 1000])  # counted as the text that it becomes, not as 1,000 tokens


def test_passages_beyond_the_context_are_cut_and_the_question_stays(tiny_generator):
    text = " ".join(f"Rope number {number} hangs on hook {number}." for number in range(500))
    question = "Where does rope number 3 hang? " + "Please answer. " * 60
    rag = RagPipeline(Finder([hit("ropes", text), hit("b", "Short.")]), tiny_generator, k=2, max_new_tokens=5)
    answer = rag.answer([question])[0]
    tokens = tiny_generator.count_prompt_tokens(answer.prompt)
    assert tiny_generator.context_tokens - 5 - 15 < tokens <= tiny_generator.context_tokens - 5
    assert answer.prompt[1]["content"].endswith(f"Question: {question}")
    (shown,) = answer.hits
    assert text.startswith(shown.passage.text) and shown.passage.text.endswith(".")
    assert "ropes#1 is too long" in answer.note
