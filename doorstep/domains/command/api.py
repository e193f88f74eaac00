"""The addresses of the API of all packages of this domain."""

from __future__ import annotations

from ninja import Router

from doorstep.domains.command.calls.api import router as calls
from doorstep.domains.command.units.api import router as units

router = Router()
router.add_router("", calls)
router.add_router("", units)
