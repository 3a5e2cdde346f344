"""The three directions in which every check of an exercise is tested; tests/test_checks_NN.py import these tests.

conftest.py hands them the cases of the importing module: RIGHT and STUBS hold (check, answers), MISTAKES holds (check,
answers, words of the hint).
"""


def test_a_solution_passes(solution):
    rule, answers = solution
    assert rule(*answers).kind == "done"


def test_an_untouched_exercise_is_not_done(stub):
    rule, answers = stub
    assert rule(*answers).kind == "not done"


def test_a_typical_mistake_gets_its_own_hint(mistake):
    rule, answers, hint = mistake
    verdict = rule(*answers)
    assert verdict.kind == "wrong" and hint in verdict.message
