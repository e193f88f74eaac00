"""The codes of the catalogue in words: branches, channels, kinds of items, who applies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from doorstep.rulebook.words import Words

BRANCHES: Final[Mapping[str, Words]] = {
    "household": Words("户籍", "Household"), "entry-exit": Words("出入境", "Entry and exit"),
    "traffic": Words("交管", "Traffic"), "public-order": Words("治安", "Public order"),
    "narcotics": Words("禁毒", "Narcotics"), "cyber": Words("网安", "Cyber"), "general": Words("综合", "General"),
}  # fmt: skip
CHANNELS: Final[Mapping[str, Words]] = {
    "hall": Words("政务大厅", "service hall"), "station": Words("派出所窗口", "station window"),
    "room": Words("警务室", "police room"), "workstation": Words("工作站", "workstation"),
    "online": Words("网上", "online"), "kiosk": Words("自助机", "kiosk"),
    "agent": Words("代办", "agent"), "post": Words("邮寄", "post"), "partner": Words("合作单位", "partner"),
}  # fmt: skip
KINDS: Final[Mapping[str, Words]] = {
    "permit": Words("行政许可", "Permit"), "benefit": Words("行政给付", "Benefit"),
    "confirmation": Words("行政确认", "Confirmation"), "award": Words("行政奖励", "Award"),
    "other-power": Words("其他行政权力", "Other administrative power"),
    "public-service": Words("公共服务", "Public service"),
}  # fmt: skip
WHO: Final[Mapping[str, Words]] = {"person": Words("个人", "a person"), "firm": Words("单位", "a firm")}
