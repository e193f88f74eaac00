"""The pack studio: who may enter, what its pages say in both languages, what it counts, and a preview that keeps nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from doorstep.rulebook import pack
from tests.cast import Cast, fresh
from tests.items import some
from tests.journeys.visit import Page, Visit

PARTS = ("", "form", "flow", "tables", "limits", "papers", "examples", "privacy", "layers", "difference")
ADDRESSES = [
    "/studio/", "/studio/used", "/studio/layers", "/studio/layers/AL-LJ", "/studio/layers/province/file",
    "/studio/try", "/studio/try/HZ-106", "/studio/try/HZ-106/now", "/studio/HZ-106/file/bpmn",
    "/studio/HZ-106/file/yaml", "/studio/HZ-106/paper/tenancy-entry.pdf", *(f"/studio/HZ-106/{part}" for part in PARTS),
]  # fmt: skip
SOME = [path.stem for path in pack.pack_files()][:: max(1, len(pack.pack_files()) // 12)]
"""A dozen items: their pages are the same for all, and their packs are checked elsewhere."""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdef", "bcdefg", strict=True)
)
SOURCE = next(path for path in pack.pack_files() if path.stem == "HZ-106").read_text(encoding="utf-8")


@pytest.fixture
def author(cast: Cast) -> Visit:
    """The supervisor at a browser; what is offered is read anew, for the files may have been read before the database was."""
    pack.forget()
    return Visit(cast["supervisor"].token)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    from django.db import connection

    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent


@pytest.mark.parametrize(
    "role", ["resident", "neighbour", "clerk", "approver", "officer", "department", "auditor", "gone"]
)
def test_who_may_not_design_sees_nothing_of_the_studio(cast: Cast, role: str) -> None:
    visit = Visit(cast[role].token)
    for address in ADDRESSES:
        page = visit.get(address)
        assert page.status in (401, 403) or page.url.startswith("/login"), (address, page.status)
        assert "出租房屋登记" not in page.text


def test_nobody_in_particular_is_asked_to_sign_in() -> None:
    assert all(Visit().get(address).url.startswith("/login") for address in ADDRESSES)


def test_a_post_by_who_may_not_design_is_refused(cast: Cast) -> None:
    page = Visit(cast["clerk"].token).post("/studio/try", {"text": SOURCE})
    assert page.status == 403
    assert page.name != "studio-try"
    assert "iframe" not in page.html


@pytest.mark.parametrize("role", ["supervisor", "chief", "sysadmin"])
def test_who_may_design_finds_every_page(cast: Cast, role: str) -> None:
    visit = Visit(cast[role].token)
    assert {address: visit.get(address).status for address in ADDRESSES} == dict.fromkeys(ADDRESSES, 200)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("code", SOME)
def test_every_item_is_told_whole_in_both_languages(cast: Cast, code: str, lang: str) -> None:
    visit, found = Visit(cast["supervisor"].token, lang), pack.current(code)
    pages = {part: visit.get(f"/studio/{code}/{part}") for part in PARTS}
    assert {part: page.status for part, page in pages.items()} == dict.fromkeys(PARTS, 200)
    assert all(found.title.in_(lang) in html.unescape(page.text) for page in pages.values())
    steps = [one for one in found.flow.steps.values() if one.kind not in ("correct", "hand", "each")]
    assert all(one.title.in_(lang) in html.unescape(pages["flow"].text) for one in steps)
    assert all(
        example["name"][lang] in html.unescape(pages["examples"].text) for example in found.raw["examples"]
    )
    assert all(give.title.in_(lang) in html.unescape(pages["papers"].text) for give in found.gives)


def test_the_list_finds_an_item_by_what_people_call_it_and_by_branch(author: Visit) -> None:
    assert _listed(author.get("/studio/?q=急用身份证")) == ["HZ-078"]
    assert "HZ-106" in _listed(author.get("/studio/?q=LANDLORD"))
    assert _listed(author.get("/studio/?branch=traffic&q=出租房")) == []


def test_the_list_is_grouped_by_branch_and_group_with_counts_and_each_group_is_a_filter(
    author: Visit,
) -> None:
    packs = [one for one in pack.every() if one.branch == "household"]
    first = min(one.raw["group"]["zh"] for one in packs)
    page = author.get("/studio/?branch=household")
    assert f"户籍，{first}" in page.text and f"全部类别 {len(packs)} " in page.text
    of_first = [one.code for one in packs if one.raw["group"]["zh"] == first]
    assert _listed(page)[: len(of_first)] == of_first
    assert _listed(author.get(f"/studio/?branch=household&group={first}")) == of_first
    assert _listed(author.get("/studio/?branch=household&group=没有")) == []


def test_how_examples_came_out_is_forgotten_when_their_version_is_offered_no_longer(author: Visit) -> None:
    from doorstep.domains.studio import card

    held = pack.current("HZ-106")
    card.run(held)
    card._ran[b"gone"] = ()
    pack.heard(10**9)  # as the next request hears of a publication
    author.get("/studio/")
    assert held.hash in card._ran and b"gone" not in card._ran


def test_an_item_s_address_without_the_last_stroke_leads_to_it(author: Visit) -> None:
    page = author.get("/studio/HZ-078?unit=AL-LJ-LX")
    assert (page.status, page.url) == (200, "/studio/HZ-078/?unit=AL-LJ-LX")
    assert author.get("/studio/HZ-999").status == 404


def test_examples_run_when_asked_and_the_list_says_how_they_came_out(author: Visit) -> None:
    from doorstep.domains.studio import card

    card._ran.pop(pack.current("HZ-106").hash, None)
    assert 'data-verb="run_examples"' in author.get("/studio/HZ-106/examples").html
    assert "都按写的来了" in author.post("/studio/HZ-106/examples", {}).text
    assert f"{len(pack.current('HZ-106').raw['examples'])} 个全过" in author.get("/studio/?q=HZ-106").text


def test_the_form_is_the_portals_own_page_as_nobody_in_particular_sees_it(cast: Cast, author: Visit) -> None:
    page = author.get("/studio/HZ-106/form?page=home&way=wrong")
    chinese, english = frames_of(page)
    shown = html.unescape(chinese)
    assert "Address of the let home" in english and "Address of the let home" not in shown
    assert 'data-page="apply"' in shown
    assert 'name="/home/address"' in shown
    assert "请填写“出租房屋地址”" in shown
    assert cast["supervisor"].name not in shown


def test_a_filled_form_shows_the_people_of_an_example(author: Visit) -> None:
    page = author.get("/studio/HZ-106/form?page=landlord&way=filled")
    assert all('value="江一帆"' in one for one in frames_of(page))


def test_a_table_counts_how_often_each_row_answered(cast: Cast, author: Visit) -> None:
    from doorstep.domains.studio import counts
    from doorstep.kernel import matter

    def hits() -> Any:
        with cast.enter("supervisor"):
            return counts.hits(pack.current("HZ-106"))

    before = hits()
    home = {"address": "渡口街 8 号", "station": "AL-LJ-HW", "right": "owner"}
    tenants = [{"name": "何晚", "id_no": "990102199811200021", "from": "2026-11-01"}]
    person = {key: value for key, value in cast.person().items() if key != "mobile"}
    with cast.enter("resident") as viewer:
        data = {"landlord": person, "home": home, "tenants": tenants}
        matter.open_matter(
            viewer, item="HZ-106", point="HW-1", channel="online", data=data, request_id=fresh()
        )
    after = hits()
    assert after[("complete", 1)] == before[("complete", 1)] + 1
    assert after[("complete", 2)] == before[("complete", 2)]
    assert counts.said(0).zh == "还没有"
    assert counts.said(9).zh == "不到 10 次"
    assert counts.said(10).zh == "10 次"
    assert "不到 10 次" in author.get("/studio/HZ-106/tables").text


def test_open_matters_are_counted_by_the_version_they_run_on(cast: Cast, author: Visit) -> None:
    from doorstep.domains.studio import counts

    def open_now() -> int:
        with cast.enter("chief"):
            return sum(counts.open_matters().get("HZ-078", {}).values())

    before = open_now()
    cast.apply()
    assert open_now() == before + 1
    assert f"现在有 {before + 1} 件在办" in author.get("/studio/HZ-078/").text


def test_sums_are_for_who_is_signed_in_and_name_no_matter(database: Any) -> None:
    from doorstep.domains.studio import counts

    assert counts.open_matters() == {}
    assert not counts.hits(pack.current("HZ-106"))


def test_pages_ask_the_database_as_often_for_421_items_as_for_a_few(
    cast: Cast, author: Visit, above: psycopg.Connection[Any]
) -> None:
    author.get("/studio/")
    with counted() as few:
        author.get("/studio/")
    digest = pack.current("HZ-106").hash
    number = above.execute(
        "insert into publication (at, by, why) values (now(), '', '') returning id"
    ).fetchone()[0]  # type: ignore[index]
    with above.cursor() as cursor:
        cursor.executemany(
            "insert into pack_offer (publication_id, code, unit_id, hash, source) values (%s, %s, 0, %s, '')",
            [(number, f"YY-{n:03}", digest) for n in range(421)],
        )
    try:
        pack.forget()
        author.get("/studio/")
        with counted() as many:
            page = author.get("/studio/")
        assert len(many) == len(few) <= 6
        assert "后 50 个" in page.text
        assert author.get("/studio/?page=99999").status == 200
    finally:
        above.execute("delete from pack_offer where publication_id = %s", [number])
        above.execute("delete from publication where id = %s", [number])
        pack.forget()


def test_a_preview_points_at_each_mistake_in_both_languages(author: Visit) -> None:
    page = author.post("/studio/try", {"text": SOURCE.replace("kind: other-power", "kind: other-powers")})
    assert page.status == 200
    assert f"{SOURCE[: SOURCE.index('kind: other-power')].count(chr(10)) + 1}:" in page.text
    assert "应为其中之一" in page.text
    assert "expected one of" in page.text
    assert "srcdoc" not in page.html


def test_a_preview_of_a_sound_text_shows_form_way_tables_and_examples(author: Visit) -> None:
    page = author.post("/studio/try", {"text": SOURCE})
    assert "没有要改的" in page.text
    assert page.html.count("<iframe") == 2 * len(pack.current("HZ-106").form.pages({}))
    assert 'data-step="look"' in page.html
    assert page.html.count("按写的来了") == len(pack.current("HZ-106").raw["examples"])


def test_a_preview_offers_and_stores_nothing(author: Visit, above: psycopg.Connection[Any]) -> None:
    def versions() -> Any:
        return above.execute("select count(*) from pack_version").fetchone()

    before = versions()
    text = SOURCE.replace("HZ-106", "HZ-999").replace("zh: 出租房屋登记,", "zh: 从没发布过的事项,")
    assert "从没发布过的事项" in author.post("/studio/try", {"text": text}).text
    assert versions() == before
    assert Visit().get("/item/HZ-999").status == 404
    assert "从没发布过的事项" not in author.get("/studio/").text


@pytest.mark.parametrize(
    ("text", "said", "status"),
    [
        ("", "还没有贴上文字", 422),
        ("x" * 100_001, "超过 100 KB", 413),
        (BOMB, "展开以后太大", 422),
        ("a: &a [*a]", "展开以后太大", 422),
        ("[" * 5000, "展开以后太大", 422),
    ],
    ids=["empty", "too long", "a bomb", "inside itself", "too deep"],
)  # fmt: skip
def test_a_preview_refuses_in_words(author: Visit, text: str, said: str, status: int) -> None:
    page = author.post("/studio/try", {"text": text})
    assert page.status == status
    assert said in page.text


@pytest.mark.parametrize(
    "text", ["just words", "- a\n- b", "code: [", "profile: [../../../etc/passwd]\n" + SOURCE, "a: 1\na: 2"]
)
def test_a_preview_of_what_is_no_pack_says_what_is_wrong(author: Visit, text: str) -> None:
    page = author.post("/studio/try", {"text": text})
    assert page.status == 200
    assert "处要改" in page.text
    assert "root:" not in page.text


def test_a_preview_follows_the_file_and_is_quiet_while_it_stays(
    author: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "HZ-106.yaml"
    file.write_text(SOURCE, encoding="utf-8")
    monkeypatch.setattr(pack, "pack_files", lambda: [file])
    first = author.get("/studio/try/HZ-106")
    address = re.search(r'hx-get="([^"]+)"', first.html)
    assert address
    assert author.get(address[1]).status == 204
    file.write_text(SOURCE.replace("zh: 房子,", "zh: 房子在哪里,"), encoding="utf-8")
    again = author.get(address[1])
    assert "房子在哪里" in again.text
    assert "没有要改的" in again.text
    assert author.get("/studio/try/..%2F..%2Fetc").status == 404


def test_downloads_are_what_other_tools_read(cast: Cast) -> None:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.cookies["doorstep_session"] = cast["chief"].token
    got = {form: client.get(f"/studio/HZ-106/file/{form}") for form in ("bpmn", "dmn", "svg", "yaml")}
    assert b"<bpmn:process" in got["bpmn"].content
    assert b"decisionTable" in got["dmn"].content
    assert got["svg"].content.startswith(b"<svg")
    assert got["yaml"].content.decode().startswith("code: HZ-106")
    assert client.get("/studio/HZ-078/file/dmn").status_code == 404


def test_samples_are_drawn_with_invented_people_and_marked(cast: Cast) -> None:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.cookies["doorstep_session"] = cast["chief"].token
    for found in map(pack.current, some(20)):
        for give in found.gives:
            answer = client.get(f"/studio/{found.code}/paper/{give.template}.pdf")
            assert answer.content.startswith(b"%PDF"), (found.code, give.template)
    assert client.get("/studio/HZ-078/paper/temporary-id.png").content.startswith(b"\x89PNG")


def test_a_station_shows_which_layer_set_which_value_and_why(author: Visit) -> None:
    from doorstep.domains.studio.history import layered

    page, everywhere = author.get("/studio/HZ-078/layers?unit=AL-LJ-LX"), author.get("/studio/HZ-078/layers")
    assert "在柳溪派出所，谁定了什么" in page.text
    there, all_over = layered("HZ-078", "AL-LJ-LX").provenance, layered("HZ-078").provenance
    assert set(there) - set(all_over)
    for name, rows in there.items():
        assert all(f"{row['title']['zh']} " in page.text and row["why"]["zh"] in page.text for row in rows), (
            name
        )
    own = [row for row in there["/channels/room"] if row["level"] == "station"]
    assert own
    assert own[0]["why"]["zh"] not in everywhere.text


def test_a_chosen_place_stays_chosen_and_every_part_is_as_it_is_there(author: Visit) -> None:
    page = author.get("/studio/HZ-078/?unit=AL-LJ-LX")
    assert "警务室" in page.text
    assert 'href="/studio/HZ-078/flow?unit=AL-LJ-LX"' in page.html
    assert "警务室" not in author.get("/studio/HZ-078/").text


def test_a_place_that_there_is_not_is_refused_in_words(author: Visit) -> None:
    page = author.get("/studio/HZ-078/?unit=NOWHERE")
    assert page.status == 422
    assert "没有编号为 NOWHERE 的单位" in page.text


def frames_of(page: Page) -> list[str]:
    """The documents in the frames of a page. None of them may run or send anything, nor lead to anything but a preview."""
    found = re.findall(r'<iframe title="[^"]+" sandbox="([^"]*)" srcdoc="([^"]+)"', page.html)
    assert found and all(may == "allow-top-navigation-by-user-activation" for may, _ in found)
    shown = [html.unescape(one) for _, one in found]
    for one in shown:
        assert all(url.startswith(("#", "/studio/")) for url in re.findall(r'<a\b[^>]*\shref="([^"]*)"', one))
    return shown


def test_F04_a_form_is_clicked_through_as_on_each_device_with_an_examples_answers_and_nothing_is_written(
    author: Visit, above: psycopg.Connection[Any]
) -> None:
    def kept() -> Any:
        return above.execute("select (select count(*) from draft), (select count(*) from matter)").fetchone()

    before, titles = kept(), []
    for device, count in (("phone", 2), ("desktop", 1), ("kiosk", 1)):
        page, met = author.get(f"/studio/HZ-078/form?device={device}&in=en&way=filled&example=1"), []
        while True:
            shown = frames_of(page)
            assert len(shown) == count and 'lang="en"' in shown[-1]
            assert ('data-mode="elder"' in shown[0]) is (device == "kiosk")
            met.append(re.search(r"<h1>(.*?)</h1>", shown[-1])[1])  # type: ignore[index]
            onward = re.search(r'<a class="btn btn-main" href="(/studio/[^"]+)"', shown[-1])
            if onward is None:
                break
            page = author.get(html.unescape(onward[1]))
        titles.append(met)
        assert "云小满" in shown[-1]
    assert titles[0] == titles[1] == titles[2] and len(titles[0]) == 6
    assert titles[0][-1] == "Review and send" and kept() == before


def test_E01_two_versions_are_compared_as_a_lawyer_reads_them(
    author: Visit, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.studio.difference import key_of

    old = pack.current("HZ-106")
    new = pack.Pack.of({**old.raw, "visits": 3}, old.library, old.provenance)
    above.execute(
        "insert into pack_version (hash, code, content, at) values (%s, 'HZ-106', %s, now())",
        [new.hash, new.content],
    )
    number = above.execute(
        "insert into publication (at, by, why) values (now(), '方既明', '多跑几趟') returning id"
    ).fetchone()[0]  # type: ignore[index]
    offered = "insert into pack_offer (publication_id, code, unit_id, hash, source) values (%s, 'HZ-106', 0, %s, '')"
    above.execute(offered, [number, new.hash])
    try:
        pack.forget()
        asked = f"from={key_of(old.hash)}&to={key_of(new.hash)}"
        page = author.get(f"/studio/HZ-106/difference?{asked}")
        assert "方既明 多跑几趟" in author.get("/studio/HZ-106/layers").text
        assert "改了 1 处" in page.text and "不用跑 3 趟 国家基础包" in page.text
    finally:
        above.execute("delete from pack_offer where publication_id = %s", [number])
        above.execute("delete from publication where id = %s", [number])
        above.execute("delete from pack_version where hash = %s", [new.hash])
        pack.forget()


def test_E01_base_and_county_differ_by_what_the_county_set_with_its_reason_law_and_day(author: Visit) -> None:
    page = author.get("/studio/HZ-078/difference?unit=AL-YX&from=base")
    assert "1 个工作日 4 个工作小时 云汀区公安分局 区里有两台制证机，半天就能办好" in page.text
    assert page.text.count("审批不超过一小时") == 2, "of the limit, and of the step that has it"
    assert "跟着各级的改动变的" in page.text, "examples that go another way there"
    assert "没有 承办单位；30 分钟内" in page.text and "制证前核对照片" in page.text
    english = Visit(author.token, "en").get("/studio/HZ-078/difference?unit=AL-YX&from=base").text
    assert "1 working day 4 working hours Yunting District Bureau The district has two machines" in english
    back = author.get("/studio/HZ-078/difference?unit=AL-YX&to=base").text
    assert "4 个工作小时" in back and "去掉了" in back
    assert "一模一样" in author.get("/studio/HZ-106/difference?from=file").text
    assert author.get("/studio/HZ-106/difference?from=v-ffffffffff").status == 404


def test_E01_a_difference_names_each_clause_once_and_leaves_none_out() -> None:
    from datetime import date

    from doorstep.domains.studio.clause import clauses

    day = date(2026, 11, 22)
    old = pack.current("HZ-106")
    for key, changed in _spoilt(old.raw).items():
        new = pack.Pack(changed, old.library)
        before, after = clauses(old, day), clauses(new, day)
        differ = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        assert differ, f"a change of {key} is not told"
    assert clauses(old, day) == clauses(pack.Pack(dict(old.raw), old.library), day)


def _spoilt(raw: Any) -> dict[str, Any]:
    """The pack with something else in each of its parts."""
    words = {"zh": "别的", "en": "Something else"}
    steps = raw["flow"]["steps"]
    found = {key: {**raw, key: words} for key in ("title", "summary", "group")}
    found |= {"channels": {**raw, "channels": raw["channels"][1:]}, "law": {**raw, "law": [{"title": words, "sure": True}]},
              "limits": {**raw, "limits": {**raw["limits"], "look": [{**raw["limits"]["look"][0], "value": "2 workday"}]}},
              "source": {**raw, "limits": {**raw["limits"], "look": [{**raw["limits"]["look"][0], "source": "某文件"}]}},
              "materials": {**raw, "materials": raw["materials"][1:]},
              "flow": {**raw, "flow": {"steps": [*steps[:-1], {**steps[-1], "title": words}]}},
              "tables": {**raw, "tables": {"complete": {**raw["tables"]["complete"], "rows": [
                  ["online", True, "agent", "look"], *raw["tables"]["complete"]["rows"]]}}},
              "reasons": {**raw, "reasons": {"return": {"other": words}}},
              "privacy": {**raw, "privacy": {**raw["privacy"], "basis": words}},
              "examples": {**raw, "examples": raw["examples"][1:]}, "competent": {**raw, "competent": {"by": "point"}}}  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("kind", "name", "where"),
    [
        ("fact", "home.right", ("HZ-106", "判断表“核对是否齐全”看它", "印在“出租房屋登记回执”上")),
        ("fact", "household.address", ("HZ-078", "表单问：户口所在地址", "退回的理由")),
        ("material", "LEA", ("HZ-106", "有就带", "表单里上传")),
        ("connector", "household", ("这一步问",)),
        ("paper", "temporary-id", ("HZ-078", "给出：临时居民身份证")),
        ("profile", "common", ("随别的模板带进来",)),
    ],
)
def test_F04_what_is_shared_says_where_it_is_used(
    author: Visit, kind: str, name: str, where: tuple[str, ...]
) -> None:
    page = author.get(f"/studio/used?kind={kind}&name={name}")
    assert page.status == 200 and [one for one in where if one not in page.text] == []


def test_F04_where_a_reasons_text_is_used_and_what_nothing_uses(author: Visit) -> None:
    text = pack.current("HZ-078").raw["reasons"]["refuse"]["card_ready"]["zh"]
    found = author.get(f"/studio/used?kind=reason&find={text}")
    link = re.search(r'href="(/studio/used\?kind=reason&amp;name=[^"]+)"', found.html)
    assert link and "HZ-078" in author.get(html.unescape(link[1])).text
    assert author.get("/studio/used?kind=fact&name=no.such.fact").status == 404
    used = {one.name: one.items for one in _named("material")}
    bare = next(name for name, count in used.items() if not count)
    assert "没有一个事项用它" in author.get(f"/studio/used?kind=material&name={bare}").text


def _named(kind: str) -> Any:
    from doorstep.domains.studio.use import named

    return named(kind)


def _listed(page: Page) -> list[str]:
    return re.findall(r'<a href="/studio/([A-Z]{2}-\d{3}(?:-[A-Z])?)/"', page.html)


def test_the_worked_example_of_the_guide_is_sound_and_is_what_the_guide_says(database: Any) -> None:
    from doorstep.domains.studio.card import run
    from doorstep.domains.studio.trial import pasted

    guide = (Path(__file__).parents[2] / "docs" / "how-to-add-a-service.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", guide, re.S)
    assert example
    seen = pasted(example[1])
    assert seen.findings == ()
    assert seen.found
    told = run(seen.found)
    assert all(one.ok for one in told)
    assert (len(seen.found.form.pages()), len(seen.found.form.fields), len(told)) == (2, 5, 7)
    assert "Two pages, five questions, seven examples" in guide


def test_the_first_look_at_a_file_forgets_no_pack_that_is_in_memory(cast: Cast) -> None:
    from doorstep.domains.studio import trial
    from doorstep.rulebook import pack

    before = pack.current("HZ-078")
    for _ in range(2):
        assert Visit(cast["designer"].token).get("/studio/try/HZ-106").status == 200
    assert pack.current("HZ-078") is before
    assert "HZ-106" in {path.stem for path in trial._watched}
