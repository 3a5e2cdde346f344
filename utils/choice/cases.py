"""Eight projects to decide about, each with the questionnaire's answers that describe it."""

from dataclasses import dataclass

from utils.choice.advice import Choice


@dataclass(frozen=True)
class Case:
    """A project: its text, the answers that describe it, what we would choose, and why and until when."""

    title: str
    text: str
    answers: dict[str, str]
    choice: Choice
    reasoning: str


def described(
    missing: str,
    *,
    evaluation: str = "yes",
    restricted: str = "no",
    citations: str = "no",
    updates: str,
    queries: str = "unknown",
    labels: str,
    room: str = "yes",
) -> dict[str, str]:
    """Return the questionnaire's answers for a case; what is not said is the commonest answer."""
    return {
        "evaluation": evaluation,
        "missing": missing,
        "restricted": restricted,
        "citations": citations,
        "updates": updates,
        "queries": queries,
        "labels": labels,
        "room": room,
    }


CASES = (
    Case(
        "Support bot",
        "A parcel service wants a bot that answers customers' questions about its terms. Prices, deadlines and "
        "exceptions change every Monday. The team kept 300 real questions with the answers that were right at the "
        "time, and corrects them with every change. A few hundred questions arrive in a week. Customers need not see "
        "a source.",
        described("knowledge", updates="weekly", queries="below", labels="hundreds"),
        "RAG",
        "What is missing are facts, and they change faster than a training pays back: a new index is ready in "
        "minutes. The 300 questions are worth more as a test set than as training data. The answer flips to both if "
        "errors remain although the right paragraph was in the prompt.",
    ),
    Case(
        "Radiology letters",
        "A hospital turns dictated letters into a fixed JSON form of 14 fields. All information stands in the letter "
        "itself. With the form described in the prompt the model still invents field names. There are 2,400 letters "
        "with checked forms, 200 of them kept for testing. The form has been the same for three years, and 400 "
        "letters come in every day.",
        described("style", updates="never", queries="above", labels="thousands"),
        "LoRA",
        "No fact is missing, a schema is, and checked examples of it are plentiful. A validator beside the model "
        "stays necessary. Weights can memorise what they are trained on: the letters have to be stripped of names "
        "first, and the adapter treated as patient data if that cannot be guaranteed. The answer flips to prompting "
        "if output that is constrained to the schema turns out to be enough.",
    ),
    Case(
        "Law firm",
        "Lawyers ask about 9,000 memoranda of their own firm; new ones come in every week. Every sentence of an "
        "answer needs its memorandum, and a lawyer may only see the files of her own mandates. Sixty questions with "
        "answers and sources exist.",
        described("knowledge", restricted="yes", citations="yes", updates="weekly", labels="dozens"),
        "RAG",
        "Two requirements decide before any cost does: sources, and access by person. Both are properties of "
        "passages; the filter belongs before the search, not after it. An adapter trained on all files would mix all "
        "mandates. The answer flips to both once a few hundred corrected answers exist and reading is the weak part; "
        "the facts stay in the index in any case.",
    ),
    Case(
        "Tone of voice",
        "A shop for hiking gear has product texts that are correct and dull. The owner has 40 texts in the tone that "
        "she wants, ten of which she keeps for comparison. A few new texts are needed each week. So far the prompt "
        "says 'write in a friendly way'. The tone is not meant to change.",
        described("style", updates="never", queries="below", labels="dozens"),
        "prompting",
        "Tone is what adapters are good at, but 30 texts are few to train on, and a few texts a week will not pay for "
        "it. Three of her texts in the prompt come first. The answer flips to LoRA when some hundred texts have been "
        "corrected and the prompt still misses the tone.",
    ),
    Case(
        "Ticket triage",
        "An insurer sorts 6,000 messages a day into 23 queues. Twenty thousand messages have been sorted by hand, "
        "with a clean test set. The queues are revised once a year. A reply must come in well under a second.",
        described("task", updates="yearly", queries="above", labels="thousands", room="no"),
        "LoRA",
        "A narrow task that holds still, many labels, high volume, short prompts: every sign points the same way. It "
        "has to beat nearest neighbours among the labelled messages, which cost no training and follow a new queue at "
        "once; notebook 06 makes that comparison. The answer flips to them if the difference is within its interval.",
    ),
    Case(
        "Dishwasher help",
        "A dishwasher shall explain its own error codes, offline, on a small chip whose context holds the question "
        "and little more. The machine's manual never changes after it is sold. The maker has 5,000 questions with "
        "answers, each fact in several wordings, and a test set in other wordings.",
        described("knowledge", updates="never", queries="unknown", labels="thousands", room="no"),
        "LoRA",
        "Facts would be RAG's business, but there is no room for a passage, and these facts never change. Several "
        "wordings of each fact help to get it out again. What was not taught will be answered all the same, and "
        "wrongly: a list of codes that it may answer belongs around it. The answer flips to RAG with a chip that can "
        "read one paragraph.",
    ),
    Case(
        "A start-up",
        "A start-up wants to fine-tune a model on all documents of its customers, which change daily, 'so that it "
        "knows them'. A demonstration went well. There are no test questions; the team will know that it works when "
        "users are happy.",
        described("knowledge", evaluation="no", restricted="yes", updates="weekly", labels="none"),
        "neither yet",
        "Whatever is built, nobody could tell whether it works, or whether the next version is worse. A hundred "
        "questions with answers, among them some that the documents do not answer, come first. After that the answers "
        "given here lead to RAG, because one customer's documents must not reach another.",
    ),
    Case(
        "Poor reader",
        "A station's RAG system runs a very small model on a laptop. The search finds the right passage for most test "
        "questions, yet the reply often misses what stands in it. Better prompts and fewer passages were tried. There "
        "are 800 questions with answers about other documents, and the handbook changes every month.",
        described("reading", updates="monthly", queries="unknown", labels="hundreds"),
        "both",
        "The knowledge is in the prompt already; the skill of using it is missing, and that can be trained once, on "
        "other documents, with passages that do not help among them. The facts stay in the index, so that a monthly "
        "change needs no training. Notebook 07 has this arm. The answer flips to RAG alone if a larger model may be "
        "used.",
    ),
)
