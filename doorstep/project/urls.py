"""Every address of Doorstep: the kernel's pages, the API and each domain at /<domain>/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from doorstep.api import urls as api
from doorstep.kernel.plug import register
from doorstep.project.domains import DOMAINS
from doorstep.project.health import healthz, readyz
from doorstep.web import errors, slots
from doorstep.web.portal.routes import ROUTES
from doorstep.web.routes import lost, urls
from doorstep.web.start import start_pages

handler404 = lost
handler500 = errors.broken

_domains = tuple(register(DOMAINS).values())
_domain_routes = tuple(route for domain in _domains for route in domain.routes)
slots.fill(one for domain in _domains for one in domain.slots)
_start = start_pages(tile for domain in _domains for tile in domain.tiles)

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", include(api.mount(domain.api for domain in _domains if domain.api))),
    *urls((*ROUTES, *_start, *_domain_routes)),
]
