"""Everything a person reads is there in both languages, and one word stands for one thing."""

from __future__ import annotations

import ast
import re

from tests.house import tree

HAN = re.compile(r"[㐀-鿿]")
NAMES = re.compile(r"\{\w*\}|家门口")
TAG = re.compile(r"\{%\s*t\s+(.*?)%\}", re.S)
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'')
BOTH_WAYS = re.compile(r"\{%\s*if lang == .*?\{%\s*endif\s*%\}", re.S)
COMMENT = re.compile(r"\{%\s*comment.*?endcomment\s*%\}|\{#.*?#\}|<!--.*?-->", re.S)


def test_every_t_tag_has_both_languages() -> None:
    wrong = []
    for path in tree.under("doorstep", ".html"):
        for tag in TAG.finditer(path.read_text()):
            words = [a or b for a, b in QUOTED.findall(tag[1])][:2]
            if len(words) < 2 or not words[1] or (HAN.search(words[1]) and not HAN.search(words[0])):
                wrong.append(f"{tree.name(path)}: {tag[0]}")
            elif HAN.search(NAMES.sub("", words[1])):
                wrong.append(f"{tree.name(path)}: Chinese in the English half: {tag[0]}")
    assert wrong == []


def test_no_chinese_stands_in_a_template_outside_the_two_language_tags() -> None:
    bare = []
    for path in tree.under("doorstep", ".html"):
        rest = COMMENT.sub("", path.read_text())
        rest = BOTH_WAYS.sub("", TAG.sub("", rest))
        bare += [f"{tree.name(path)}: {line.strip()[:90]}" for line in rest.splitlines() if HAN.search(line)]
    assert [b for b in bare if "中文" not in b] == []  # the switch names each language in its own script


def test_every_words_has_chinese_and_english() -> None:
    wrong = []
    for path in tree.under("doorstep", ".py"):
        for node in ast.walk(tree.parsed(path)):
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Words"
            ):
                continue
            halves = [_text(a) for a in node.args]
            if len(halves) == 2 and None not in halves and _half_missing(str(halves[0]), str(halves[1])):
                wrong.append(f"{tree.name(path)}:{node.lineno}: {halves}")
    assert wrong == []


def _half_missing(zh: str, en: str) -> bool:
    if not zh.strip() or not en.strip():
        return True
    letters = re.search(r"[A-Za-z]{3}", NAMES.sub("", zh))
    return bool(HAN.search(NAMES.sub("", en)) or (letters and not HAN.search(zh) and zh != en))


def _text(node: ast.expr) -> str | None:
    """The fixed text of a string or f-string; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return None


def test_scripts_say_nothing_of_their_own() -> None:
    """Words for people come from the server, in their language: a script has none."""
    spoken = []
    for path in tree.under("doorstep/web/static/doorstep", ".js"):
        code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text(), flags=re.S)
        spoken += [
            f"{tree.name(path)}: {line.strip()[:90]}" for line in code.splitlines() if HAN.search(line)
        ]
    assert spoken == []


GLOSSARY = tree.ROOT / "docs" / "glossary.md"


def _glossary() -> list[list[str]]:
    rows = [
        line.strip().strip("|").split("|")
        for line in GLOSSARY.read_text().splitlines()
        if line.startswith("|")
    ]
    cells = [[c.strip() for c in row] for row in rows]
    return [row for row in cells if len(row) >= 3 and not set(row[0]) <= set("-: ") and row[0] != "中文"]


def test_the_glossary_has_one_word_for_one_thing() -> None:
    rows = _glossary()
    assert len(rows) >= 20
    for column in range(3):
        words = [row[column].lower() for row in rows if row[column] not in ("", "—", "-")]
        assert sorted({w for w in words if words.count(w) > 1}) == []
    assert [r for r in rows if not HAN.search(r[0]) or HAN.search(r[1]) or not r[2]] == []


def test_every_code_word_of_the_glossary_is_in_the_code() -> None:
    code = "\n".join(p.read_text() for p in tree.under("doorstep", ".py", ".sql", ".html"))
    code += "\n".join(p.read_text() for p in tree.under("packs", ".yaml", ".json"))
    named = [w for row in _glossary() for w in re.findall(r"`([^`]+)`", row[2])]
    lost = [w for w in named if not re.search(rf"\b{re.escape(w.rstrip('()'))}", code)]
    assert lost == []


def test_every_table_of_the_kernel_is_in_the_glossary() -> None:
    known = GLOSSARY.read_text().lower()
    plumbing = {"matter", "eventbody", "papercounter", "requestkey", "packversion", "reaction"} - {"matter"}
    tables = [
        node.name
        for path in tree.under("doorstep/kernel/models", ".py")
        for node in tree.parsed(path).body
        if isinstance(node, ast.ClassDef)
    ]
    assert [t for t in tables if t.lower() not in known and t.lower() not in plumbing] == []


def test_names_of_templates_and_pages_are_ours() -> None:
    """A page's main element says which page it is, the same in both languages."""
    frames = [p for p in tree.under("doorstep", ".html") if "<main" in p.read_text()]
    assert [tree.name(p) for p in frames if not re.search(r"<main[^>]*data-page=", p.read_text())] == []


def test_no_inline_script_or_style() -> None:
    """The content policy forbids both; a page that has one is broken in the browser, not in the tests."""
    script = r"<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)"
    inline = re.compile(script + r"|<style|\son[a-z]+=|\sstyle=|javascript:", re.I)
    found = []
    for path in tree.under("doorstep", ".html"):
        found += [f"{tree.name(path)}: {m[0]}" for m in inline.finditer(COMMENT.sub("", path.read_text()))]
    assert found == []
