"""The pack studio: what whoever writes packs needs, and a running system does not: examples, linter, mutants, order."""

from doorstep.domains.studio.example import Told, run_examples
from doorstep.domains.studio.lint import check
from doorstep.domains.studio.mutant import mutate
from doorstep.domains.studio.order import fmt

__all__ = ["Told", "check", "fmt", "mutate", "run_examples"]
