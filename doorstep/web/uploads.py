"""Uploads of our forms: pushed piece by piece into the store while they arrive, so that no parser keeps them in clear.

A question's file comes as ``<pointer>.file``; other uploads pass on to Django's own handlers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopFutureHandlers
from django.http import HttpRequest

from doorstep.kernel import file
from doorstep.kernel.file import Stored
from doorstep.kernel.store import Arrival
from doorstep.rulebook.words import Refused

Received = Mapping[str, Stored | Refused]
_SUFFIX = ".file"


class Arrived(UploadedFile):  # type: ignore[type-arg]  # not generic when it runs
    """A file of a form, sealed already; ``finished`` is what the store knows of it, None if it was refused."""

    finished: Any = None


class Arriving(FileUploadHandler):
    """Django's upload handler for our forms. A refusal lets the rest of the form arrive all the same."""

    _arrival: Arrival | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._arrival = None
        if not str(self.field_name).endswith(_SUFFIX):
            return
        self._arrival = file.begin()
        raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self._arrival is None:
            return raw_data
        try:
            self._arrival.write(raw_data)
        except Refused as refusal:
            self._refuse(refusal)
        return None

    def file_complete(self, file_size: int) -> Arrived | None:
        if self._arrival is None:
            return None
        arrived = Arrived(None, self.file_name, self.content_type, file_size)
        try:
            arrived.finished = self._arrival.finish(file_size)
        except Refused as refusal:
            _refusals(self.request)[str(self.field_name)] = refusal
        return arrived

    def upload_interrupted(self) -> None:
        if self._arrival is not None:
            self._arrival.abort()

    def _refuse(self, refusal: Refused) -> None:
        self._arrival = None
        _refusals(self.request)[str(self.field_name)] = refusal
        raise SkipFile


def _refusals(request: HttpRequest | None) -> dict[str, Refused]:
    found: dict[str, Refused] = vars(request).setdefault("refused_uploads", {}) if request is not None else {}
    return found


def came(request: HttpRequest) -> bool:
    """Whether a form brought files, taken or refused."""
    return bool(request.FILES or _refusals(request))


def receive(request: HttpRequest) -> Received:
    """Every file of the form, by the pointer of its question: stored (not yet owned by anybody), or why not.

    Call it outside a transaction: taking a picture in means re-encoding, sealing and waiting for the disk.
    """
    taken: dict[str, Stored | Refused] = {
        name.removesuffix(_SUFFIX): refusal for name, refusal in _refusals(request).items()
    }
    for name, upload in request.FILES.items():
        if isinstance(upload, Arrived) and upload.finished is not None:
            taken[name.removesuffix(_SUFFIX)] = _keep(upload)
    return taken


def _keep(upload: Arrived) -> Stored | Refused:
    try:
        return file.keep(upload.finished)
    except Refused as refusal:
        return refusal
