"""Patrol: points that must be visited and streets that must be driven, planned over all stations for one shift.

`tasks` are the nouns, `roads` the travel times, `plan` makes and mends plans, `cover` says who saw how much of
it, `checkoff` what was
in fact patrolled. The search is in `search`, with `turns` (directions), `pool` (routes put together anew) and
`model` (PyVRP).
"""
