"""The pack studio: what whoever writes packs and layers needs, and a running system does not.

Examples, linter, mutants, order; layers, and what comes of them in one place (``layered``).
"""

from doorstep.domains.studio.agree import Gap, gaps
from doorstep.domains.studio.example import Told, run_examples
from doorstep.domains.studio.layer import Layer, lay
from doorstep.domains.studio.lint import check
from doorstep.domains.studio.mutant import mutate
from doorstep.domains.studio.national import families
from doorstep.domains.studio.openings import region_findings
from doorstep.domains.studio.order import fmt, unformatted
from doorstep.domains.studio.report import count, count_all
from doorstep.domains.studio.skeleton import branch_of, catalogue_row, write_skeleton
from doorstep.domains.studio.stack import Stacks, all_layers, layer_files, read_stacks

__all__ = [
    "Gap",
    "Layer",
    "Stacks",
    "Told",
    "all_layers",
    "branch_of",
    "catalogue_row",
    "check",
    "count",
    "count_all",
    "families",
    "fmt",
    "gaps",
    "lay",
    "layer_files",
    "mutate",
    "read_stacks",
    "region_findings",
    "run_examples",
    "unformatted",
    "write_skeleton",
]
