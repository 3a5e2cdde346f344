"""Writing files so that an interruption leaves the old one whole."""

import json
from pathlib import Path


def write_json(path: Path, content: object) -> None:
    """Write JSON so that an interrupted write leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(path)
