"""The embedder: turns texts into unit vectors whose dot product measures how alike they are."""

import os
from typing import TYPE_CHECKING

import numpy as np
import torch

from utils.models.generator import best_attention, best_device, best_dtype, quiet_loading
from utils.models.hub import locate_model
from utils.models.weights import EMBEDDER_NAME, EMBEDDER_VARIABLE, EMBEDDER_WEIGHTS, find_weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


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
        return self.count_many([text])[0]

    def count_many(self, texts: list[str]) -> list[int]:
        """Return `count_tokens` of each text; much quicker than one at a time."""
        if not texts:
            return []
        pieces = self.model.tokenizer(texts, add_special_tokens=False, truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in pieces["input_ids"]]

    def embed(self, texts: list[str], *, batch_size: int = 16) -> np.ndarray:
        """Return unit vectors for texts: float32, shape (len(texts), dimensions).

        What lies behind the first `max_tokens` word pieces of a text does not change its vector.
        """
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self.model.encode(texts, batch_size=batch_size, show_progress_bar=False, convert_to_tensor=True)
        return torch.nn.functional.normalize(vectors.float(), dim=1).cpu().numpy()

    def embed_tokens(self, texts: list[str], *, batch_size: int = 16) -> list[np.ndarray]:
        """Return for each text one unit vector for each of its word pieces: float32, shape (pieces, dimensions).

        The two special pieces at the ends are counted in.
        """
        if not texts:
            return []
        found = self.model.encode(
            texts, batch_size=batch_size, show_progress_bar=False, output_value="token_embeddings"
        )
        return [torch.nn.functional.normalize(vectors.float(), dim=1).cpu().numpy() for vectors in found]


def load_embedder(
    model_id: str | None = None, *, device: torch.device | None = None, dtype: torch.dtype | None = None
) -> Embedder:
    """Load the course's embedder, all-MiniLM-L6-v2, or another one by its Hub id or folder.

    `model_id` defaults to the environment variable RETRIEVE_OR_TUNE_EMBEDDER and, if that is not set, to the packaged
    model. `device` and `dtype` default to the best that this machine has. Raises FileNotFoundError when the model
    cannot be had, ValueError when the packaged file is damaged.
    """
    from sentence_transformers import SentenceTransformer  # here, because importing it takes many seconds

    model_id = model_id or os.environ.get(EMBEDDER_VARIABLE)
    device = device or best_device()
    dtype = dtype or best_dtype(device)
    if model_id is None:
        source = str(find_weights(EMBEDDER_WEIGHTS).parent)
        name = EMBEDDER_NAME
    else:
        source = name = locate_model(model_id)
    how = {"dtype": dtype, "attn_implementation": best_attention(device, dtype), "use_safetensors": True}
    with quiet_loading():
        model = SentenceTransformer(source, device=str(device), trust_remote_code=False, model_kwargs=how)
    return Embedder(model, name)
