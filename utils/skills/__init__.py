"""Five skills of one base model: classification, entities, summaries, translation, dialogue. One module for each."""

from utils.skills import classification, dialogue, entities, summaries, translation
from utils.skills.scores import MEASURE_NAMES, SkillScores, ask, ask_adapter, run_skill, score_skill
from utils.skills.tasks import Prompt, SkillItem, Task, check_classes

TASKS = {module.TASK.name: module.TASK for module in (classification, entities, summaries, translation, dialogue)}

__all__ = [
    "MEASURE_NAMES",
    "TASKS",
    "Prompt",
    "SkillItem",
    "SkillScores",
    "Task",
    "ask",
    "ask_adapter",
    "check_classes",
    "run_skill",
    "score_skill",
]
