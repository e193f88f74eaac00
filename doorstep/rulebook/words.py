"""What a person reads, always in both languages, written side by side where it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """One text in Chinese and in English. Both are required: a missing half is a defect, not a fallback."""

    zh: str
    en: str

    def in_(self, lang: str) -> str:
        """The text in ``lang`` ("zh" or "en")."""
        return self.zh if lang == "zh" else self.en

    def format(self, **values: object) -> Words:
        """Both halves filled with the same values; a value that is itself Words is put in per language."""

        def pick(lang: str) -> dict[str, object]:
            return {k: v.in_(lang) if isinstance(v, Words) else v for k, v in values.items()}

        return Words(self.zh.format(**pick("zh")), self.en.format(**pick("en")))

    @classmethod
    def of(cls, raw: Any) -> Words:
        """From a pack's ``{zh: …, en: …}``. Raises ValueError if a half is missing."""
        if not isinstance(raw, dict) or not raw.get("zh") or not raw.get("en"):
            raise ValueError("words need both zh and en")
        return cls(str(raw["zh"]), str(raw["en"]))

    def as_dict(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


class Refused(Exception):
    """A verb, a guard or a reader said no. Nothing was changed.

    ``code`` is stable (for machines), ``words`` says what happened, what is kept and what to do next,
    ``status`` is the HTTP status that fits, ``faults`` lists field faults as (json pointer, Words).
    """

    def __init__(
        self,
        code: str,
        words: Words,
        *,
        status: int = 422,
        faults: tuple[tuple[str, Words], ...] = (),
    ) -> None:
        super().__init__(f"{code}: {words.en}")
        self.code, self.words, self.status, self.faults = code, words, status, faults
