"""The domains of this deployment, by package name. Removing a line and its folder removes the domain."""

DOMAINS: tuple[str, ...] = (
    "doorstep.domains.counter",
    "doorstep.domains.accounts",
    "doorstep.domains.family",
    "doorstep.domains.outlets",
    "doorstep.domains.appointments",
    "doorstep.domains.payments",
    "doorstep.domains.blanks",
    "doorstep.domains.studio",
    "doorstep.domains.ratings",
    "doorstep.domains.command",
    "doorstep.domains.audit",
)
