"""After the set-up everything works without a network."""

import subprocess
import sys

from utils.data import DATA_FOLDER

SCRIPT = """
import socket


def refuse(*args, **kwargs):
    raise OSError("the network is cut")


socket.socket.connect = refuse
socket.getaddrinfo = refuse

from utils.corpus import Passage
from utils.experiments.protocol import ADAPTERS_FOLDER
from utils.finetuning import load_adapter
from utils.models import load_embedder, load_generator
from utils.rag import RagPipeline
from utils.retrieval import course_retriever

passages = [Passage("a#1", "a", "Winch", "The cable guide is wiped with lanolin.")]
retriever = course_retriever(passages, load_embedder())
reader = load_adapter(load_generator(), ADAPTERS_FOLDER / "reader", name="reader")
print(RagPipeline(retriever, reader, k=1).answer(["What is the cable guide wiped with?"])[0].text)
"""


def test_models_retrieval_and_an_adapter_work_with_the_network_cut():
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=DATA_FOLDER.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "lanolin" in done.stdout
