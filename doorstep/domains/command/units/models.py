"""Duty units, who rides in them, how they stood, where they were, whether they were all right, what they told each other."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from doorstep.rulebook.words import Words


def _words() -> ArrayField[list[str], list[str]]:
    return ArrayField(models.TextField(), default=list)


class DutyUnit(models.Model):
    """Whoever is sent as one: a car, a foot patrol, a team. What it is comes from the region; how it stands and where it was last
    seen are told. ``position_at`` is null when it is off duty or nothing was reported."""

    id = models.IntegerField(primary_key=True)
    callsign = models.CharField(max_length=24, unique=True)
    zh = models.TextField()
    en = models.TextField()
    kind = models.CharField(max_length=8)
    team = models.CharField(max_length=24, default="")
    unit_id = models.IntegerField()
    skills = _words()
    kit = _words()
    rights = _words()
    vehicle = models.CharField(max_length=16, default="car")
    home_lon = models.FloatField(null=True)
    home_lat = models.FloatField(null=True)
    active = models.BooleanField(default=True)
    state = models.CharField(max_length=12, default="off")
    state_at = models.DateTimeField(null=True)
    shift_from = models.DateTimeField(null=True)
    shift_to = models.DateTimeField(null=True)
    on_matter = models.UUIDField(null=True)
    on_slot = models.TextField(default="")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    heading = models.FloatField(null=True)
    speed = models.FloatField(null=True)
    accuracy = models.FloatField(null=True)
    position_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=0)

    class Meta:
        app_label = "command"
        db_table = "duty_unit"


class DutyMember(models.Model):
    """Who rides in a unit, from when to when (``until`` null: now). An account rides in one at a time."""

    id = models.BigAutoField(primary_key=True)
    duty_unit_id = models.IntegerField()
    account_id = models.UUIDField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        app_label = "command"
        db_table = "duty_member"


class DutyState(models.Model):
    """Each change of how a unit stands: when, by whom, why if a dispatcher did it. Never changed."""

    id = models.BigAutoField(primary_key=True)
    duty_unit_id = models.IntegerField()
    at = models.DateTimeField()
    told_at = models.DateTimeField()
    state = models.CharField(max_length=12)
    by = models.UUIDField(null=True)
    why = models.TextField(default="")
    matter_id = models.UUIDField(null=True)

    class Meta:
        app_label = "command"
        db_table = "duty_state"


class DutyPosition(models.Model):
    """Where a unit was in ten seconds (``tick``: seconds since 1970, by ten). On duty only; deleted after the region's days."""

    pk = models.CompositePrimaryKey("duty_unit_id", "tick")
    duty_unit_id = models.IntegerField()
    tick = models.BigIntegerField()
    at = models.DateTimeField()
    lon = models.FloatField()
    lat = models.FloatField()
    heading = models.FloatField(null=True)
    speed = models.FloatField(null=True)
    accuracy = models.FloatField(null=True)

    class Meta:
        app_label = "command"
        db_table = "duty_position"


class DutyOrder(models.Model):
    """A free unit is to wait at a post; ``seen_at``: its crew confirmed; ``ended_at``: by the next call, by
    another order, or taken back."""

    id = models.UUIDField(primary_key=True)
    duty_unit_id = models.IntegerField()
    post = models.CharField(max_length=40)
    zh = models.CharField(max_length=80)
    en = models.CharField(max_length=80)
    lon = models.FloatField()
    lat = models.FloatField()
    ordered_by = models.UUIDField()
    ordered_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "command"
        db_table = "duty_order"

    @property
    def name(self) -> Words:
        return Words(self.zh, self.en)


class SafetyCheck(models.Model):
    """Is everyone all right? Asked of one unit; ``late_at``: nobody answered in time, and the dispatcher has it."""

    id = models.UUIDField(primary_key=True)
    duty_unit_id = models.IntegerField()
    matter_id = models.UUIDField(null=True)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.UUIDField(null=True)
    answer = models.CharField(max_length=8, default="")
    late_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "command"
        db_table = "safety_check"


class DutyNote(models.Model):
    """Words from one unit to another where the radio does not reach, about a call or at the change of a shift (then both are the
    same unit). Sealed; done when somebody of the other crew has confirmed it."""

    id = models.UUIDField(primary_key=True)
    duty_unit_id = models.IntegerField()
    to_id = models.IntegerField()
    matter_id = models.UUIDField(null=True)
    given_by = models.UUIDField()
    given_at = models.DateTimeField()
    key = models.BinaryField()
    sealed = models.BinaryField()
    taken_by = models.UUIDField(null=True)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "command"
        db_table = "duty_note"
