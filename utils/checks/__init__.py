"""Checks of the exercises, one module for each notebook, and the quizzes: used by notebooks only."""

from utils.checks.quiz import quiz

__all__ = ["quiz"]
