"""Measurements that can be broken off: what is done is kept, and a call for the same settings goes on from there."""

from collections.abc import Callable
from typing import Any

from utils.data import Item
from utils.experiments import results
from utils.experiments.results import HEADERS, ArmScores, run_arm
from utils.rag import AnswerSystem


class Measurement:
    """A results file in the making.

    `scored` holds the arms by split; in the beginning those that an earlier run for the same settings has kept. `items`
    are all that the file may name. What is kept stands in data/results/<name>.unfinished.json until all is there.
    """

    def __init__(self, name: str, settings: dict[str, Any], items: list[Item]) -> None:
        self.name = name
        self.settings = settings
        self.unfinished = f"{name}.unfinished"
        self.scored: dict[str, list[ArmScores]] = {}
        if results.is_current(self.unfinished, settings, results.data_sha256()):
            self.scored = results.read_results(self.unfinished, items, results.RESULTS_FOLDER)

    def run(self, steps: dict[str, Callable[[], list[ArmScores]]]) -> None:
        """Measure the arms of each split that is not there yet, in order, and write the results file.

        Each split is kept as soon as its step is done.
        """
        for split, step in steps.items():
            if split not in self.scored:
                self.scored[split] = step()
                self.keep(split, self.scored[split])
        self.finish()

    def keep(self, split: str, measured: list[ArmScores]) -> None:
        """Write what there is so far, and print what has just been measured."""
        results.write_results(self.unfinished, self.settings, self.scored)
        for arm in measured:
            measures = (f"{HEADERS[measure]} {arm.interval(measure)}" for measure in ("em", "containment"))
            print(f"{self.name}: {split}: {arm.arm}: {', '.join(measures)}", flush=True)

    def finish(self) -> None:
        """Write data/results/<name>.json, now that all is there."""
        results.write_results(self.name, self.settings, self.scored)
        (results.RESULTS_FOLDER / f"{self.unfinished}.json").unlink(missing_ok=True)


def run_arms(
    name: str,
    settings: dict[str, Any],
    splits: dict[str, list[Item]],
    systems: Callable[[list[Item]], dict[str, AnswerSystem]],
    given: dict[str, list[ArmScores]] | None = None,
) -> None:
    """Put every split's items to the systems for them, by arm, and write data/results/<name>.json.

    `given` are arms that were scored without a system. Each arm is kept as soon as a split's items are answered, so
    that a call for the same settings goes on where an earlier one was broken off.
    """
    measurement = Measurement(name, settings, [item for items in splits.values() for item in items])
    for split, items in splits.items():
        arms = measurement.scored.setdefault(split, list((given or {}).get(split, [])))
        for arm, system in systems(items).items():
            if arm not in {one.arm for one in arms}:
                arms.append(run_arm(arm, system, items))
                measurement.keep(split, arms[-1:])
    measurement.finish()
