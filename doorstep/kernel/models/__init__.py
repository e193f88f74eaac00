"""Tables of the kernel, one file a noun. Nothing has a foreign key to ``event`` or ``access``."""

from doorstep.kernel.models.event import Event, EventBody, Outbox, Reaction
from doorstep.kernel.models.file import File, Notice, Paper, PaperCounter
from doorstep.kernel.models.matter import Draft, Involved, Matter, Posting, RequestKey, Share, Step, Tie
from doorstep.kernel.models.org import Point, Unit
from doorstep.kernel.models.party import Party
from doorstep.kernel.models.trust import Access, Account, Fact, PackOffer, PackVersion, Publication

__all__ = [
    "Access", "Account", "Draft", "Event", "EventBody", "Fact", "File", "Involved",
    "Matter", "Notice", "Outbox", "PackOffer",
    "PackVersion", "Paper", "PaperCounter", "Party", "Point", "Posting",
    "Publication", "Reaction", "RequestKey", "Share", "Step",
    "Tie", "Unit",
]  # fmt: skip
