"""Models from the Hugging Face Hub, for learners who want another one than the course's own."""

from pathlib import Path

from huggingface_hub import CacheNotFound, HfApi, scan_cache_dir
from huggingface_hub.errors import RepositoryNotFoundError

ANSWER_WITHIN = 5  # seconds to wait for the Hub


def locate_model(model_id: str) -> str:
    """Return `model_id` once it is known to be a folder, a model in the local Hub cache, or a model on the Hub.

    Raises FileNotFoundError, naming the models that are available offline, when it is none of these or when the Hub
    cannot be reached.
    """
    cached = cached_hub_models()
    if Path(model_id).is_dir() or model_id in cached:
        return model_id
    try:
        HfApi().model_info(model_id, timeout=ANSWER_WITHIN)
    except RepositoryNotFoundError:
        reason = "the Hub has no such model (or it is private)"
    except Exception as error:  # no network, a proxy, offline mode, a malformed id: the Hub client raises many types
        reason = f"the Hub cannot be asked: {type(error).__name__}, {str(error).splitlines()[0] if str(error) else ''}"
    else:
        return model_id
    available = ["the course's own (leave the setting empty)", *sorted(cached)]
    raise FileNotFoundError(
        f"The model {model_id!r} is neither a folder nor in the local cache, and {reason}. "
        f"Available offline: {', '.join(available)}."
    )


def cached_hub_models() -> set[str]:
    """Return the ids of the Hub models that earlier runs have left in the Hub's local cache."""
    try:
        return {repo.repo_id for repo in scan_cache_dir().repos if repo.repo_type == "model"}
    except CacheNotFound:
        return set()
