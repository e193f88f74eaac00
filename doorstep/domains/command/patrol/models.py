"""What patrol keeps: versions of marks, plans with their frozen input, routes and stops, and what was done of them."""

from __future__ import annotations

from django.db import models


class PatrolMark(models.Model):
    """One version of a mark of the net, in force from a day; never changed. ``body`` None: from that day it is not there."""

    id = models.UUIDField(primary_key=True)
    code = models.CharField(max_length=16)
    version = models.IntegerField()
    body = models.JSONField(null=True)
    from_day = models.DateField()
    account_id = models.UUIDField()
    why = models.CharField(max_length=400)
    at = models.DateTimeField()

    class Meta:
        app_label = "command"
        db_table = "patrol_mark"
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="patrol_mark_version")]


class PatrolPlan(models.Model):
    """One plan of one shift. ``state``: asked, making, ready, failed, replaced. ``input`` is frozen when asked for; ``raw`` is
    the search's own answer, from which the rest of the shift is planned. ``root``: the shift's first plan.
    """

    id = models.UUIDField(primary_key=True)
    root = models.UUIDField()
    old = models.UUIDField(null=True)
    shift = models.CharField(max_length=24)
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=12)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    why = models.CharField(max_length=400)
    input = models.JSONField()
    job = models.CharField(max_length=32)
    tries = models.IntegerField()
    made_at = models.DateTimeField(null=True)
    raw = models.JSONField(null=True)
    told = models.JSONField(null=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "command"
        db_table = "patrol_plan"
        indexes = [models.Index(fields=["since"], name="patrol_plan_since")]


class PatrolLeg(models.Model):
    """What one car does in a plan: its way and the turns it is told."""

    id = models.UUIDField(primary_key=True)
    plan_id = models.UUIDField()
    car = models.CharField(max_length=40)
    duty_unit_id = models.IntegerField(null=True)
    station = models.CharField(max_length=24)
    ring = models.CharField(max_length=24)
    leaves = models.IntegerField()
    returns = models.IntegerField()
    line = models.JSONField()
    turns = models.JSONField()

    class Meta:
        app_label = "command"
        db_table = "patrol_leg"
        indexes = [models.Index(fields=["plan_id"], name="patrol_leg_plan")]


class PatrolStop(models.Model):
    """One visit in a route, in its order; seconds of the shift."""

    id = models.UUIDField(primary_key=True)
    plan_id = models.UUIDField()
    car = models.CharField(max_length=40)
    place = models.IntegerField()
    task = models.CharField(max_length=16)
    visit = models.IntegerField()
    arrive = models.IntegerField()
    begin = models.IntegerField()
    leave = models.IntegerField()
    backward = models.BooleanField()

    class Meta:
        app_label = "command"
        db_table = "patrol_stop"
        indexes = [models.Index(fields=["plan_id"], name="patrol_stop_plan")]


class PatrolCheck(models.Model):
    """What became of a visit: driven (positions say so), tapped (a person says so), disputed (a person says the gap is none,
    and why),
    explained (by the call that prevented it). Never changed; of the shift, not of one of its plans.
    """

    id = models.UUIDField(primary_key=True)
    root = models.UUIDField()
    task = models.CharField(max_length=16)
    visit = models.IntegerField()
    how = models.CharField(max_length=12)
    share = models.FloatField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    account_id = models.UUIDField(null=True)
    car = models.CharField(max_length=40)
    why = models.CharField(max_length=400)

    class Meta:
        app_label = "command"
        db_table = "patrol_check"
        constraints = [
            models.UniqueConstraint(fields=["root", "task", "visit", "how"], name="patrol_check_once")
        ]
