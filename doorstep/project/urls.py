"""Every address of Doorstep: the kernel's pages, the API and each domain at /<domain>/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from doorstep.kernel.plug import register
from doorstep.project.domains import DOMAINS
from doorstep.project.health import healthz, readyz
from doorstep.web import errors
from doorstep.web.portal.routes import ROUTES
from doorstep.web.routes import lost, urls

handler404 = lost
handler500 = errors.broken

_domain_routes = tuple(route for domain in register(DOMAINS).values() for route in domain.routes)

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", include("doorstep.api.urls")),
    *urls(ROUTES + _domain_routes),
]
