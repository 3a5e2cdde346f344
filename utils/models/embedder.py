"""The embedder: turns texts into unit vectors whose dot product measures how alike they are."""

import os
from typing import TYPE_CHECKING

import numpy as np

from utils.models.generator import best_device, quiet_loading
from utils.models.hub import locate_model
from utils.models.weights import EMBEDDER_WEIGHTS, find_weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

EMBEDDER_VARIABLE = "RETRIEVE_OR_TUNE_EMBEDDER"


class Embedder:
    """A sentence-embedding model. `name` identifies it in saved indexes."""

    def __init__(self, model: "SentenceTransformer", name: str) -> None:
        self.model = model
        self.name = name

    @property
    def dimensions(self) -> int:
        """The length of one vector."""
        return self.model.get_embedding_dimension()

    @property
    def max_tokens(self) -> int:
        """How many word pieces of a text the model reads, its two special tokens not counted."""
        return self.model.max_seq_length - 2

    def count_tokens(self, text: str) -> int:
        """Return the number of word pieces in a text: all of them, with truncation and padding switched off."""
        pieces = self.model.tokenizer(text, add_special_tokens=False, truncation=False, padding=False, verbose=False)
        return len(pieces["input_ids"])

    def embed(self, texts: list[str], *, batch_size: int = 32) -> np.ndarray:
        """Return unit vectors for texts: float32, shape (len(texts), dimensions).

        What lies behind the first `max_tokens` word pieces of a text does not change its vector.
        """
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self.model.encode(
            texts, batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, dtype=np.float32)


def load_embedder(model_id: str | None = None) -> Embedder:
    """Load the course's embedder, all-MiniLM-L6-v2, or another one by its Hub id or folder.

    `model_id` defaults to the environment variable RETRIEVE_OR_TUNE_EMBEDDER and, if that is not set, to the packaged
    model. Raises FileNotFoundError when the model cannot be had, ValueError when the packaged file is damaged.
    """
    from sentence_transformers import SentenceTransformer  # here, because importing it takes many seconds

    model_id = model_id or os.environ.get(EMBEDDER_VARIABLE)
    if model_id is None:
        source = str(find_weights(EMBEDDER_WEIGHTS).parent)
        name = f"all-MiniLM-L6-v2-{EMBEDDER_WEIGHTS.sha256[:12]}"
    else:
        source = name = locate_model(model_id)
    with quiet_loading():
        model = SentenceTransformer(source, device=str(best_device()), trust_remote_code=False)
    return Embedder(model, name)
