// Playback of a past hour: a clock that runs at 1 to 60 times; units between two known fixes, and nowhere else; what happened beside it.
(() => {
  "use strict";
  const pane = document.querySelector("[data-playback]");
  if (!pane) return;
  const zh = document.documentElement.lang.startsWith("zh"), say = (two) => two ? two[zh ? 0 : 1] : "";
  const words = JSON.parse(document.getElementById("map-words").textContent), told = pane.dataset;
  const find = (name) => pane.querySelector(`[data-${name}]`);
  const go = find("go"), scrub = find("at"), clock = find("clock"), line = find("line"), list = find("events"), rows = find("rows");
  const time = new Intl.DateTimeFormat("en-GB", { timeZone: words.zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const told_at = (s) => time.format(new Date((words.since + s) * 1000));
  const marks = new Map();
  let hour = null, at = 0, playing = false, last = 0, over = Infinity, drawn = null;

  const el = find("drawing");
  if (el && window.maplibregl && window.doorstepMap) {
    maplibregl.setWorkerUrl(told.worker);
    drawn = doorstepMap.draw(el, JSON.parse(document.getElementById("map-data").textContent));
    drawn.map.on("load", () => drawn.map.once("idle", () => { el.dataset.drawn = "1"; }));
  }

  /** The last of `pairs` ([seconds, …], in order) that is not after `s`, as its index; -1 before the first. */
  const upto = (pairs, s) => {
    let low = 0, high = pairs.length;
    while (low < high) { const mid = (low + high) >> 1; if (pairs[mid][0] <= s) low = mid + 1; else high = mid; }
    return low - 1;
  };
  // Where a unit was: on a fix, or between two that are near enough in time; else its last fix, and since when it is lost.
  const where = (unit, s) => {
    const n = upto(unit.fixes, s);
    if (n < 0) return null;
    const [a, lon, lat] = unit.fixes[n], next = unit.fixes[n + 1];
    if (next && next[0] - a <= words.gap) {
      const part = next[0] > a ? (s - a) / (next[0] - a) : 0;
      return { at: [lon + (next[1] - lon) * part, lat + (next[2] - lat) * part], lost: null };
    }
    return { at: [lon, lat], lost: s - a > 1 ? a : null };
  };
  const state = (unit, s) => { const n = upto(unit.states, s); return n < 0 ? "off" : unit.states[n][1]; };

  const mark = (key, label, text, css, place, href) => {
    if (!drawn) return;
    let found = marks.get(key);
    if (!found) {
      const pin = document.createElement("span");
      pin.setAttribute("role", "img");
      found = { pin, at: new maplibregl.Marker({ element: pin }).setLngLat(drawn.shown(place)).addTo(drawn.map) };
      marks.set(key, found);
    }
    const library = [...found.pin.classList].filter((name) => name.startsWith("maplibregl")).join(" ");
    const name = `${library} m-pin ${css}`;
    if (found.pin.className !== name) found.pin.className = name;
    if (found.pin.title !== label) { found.pin.title = label; found.pin.setAttribute("aria-label", label); }
    if (found.pin.textContent !== text) found.pin.textContent = text;
    found.at.setLngLat(drawn.shown(place));
  };

  const paint = () => {
    const there = new Set(), lines = [];
    for (const one of hour.calls) {
      if (one.from > at || (one.to !== null && one.to <= at) || one.lon === null) continue;
      there.add(one.id);
      mark(one.id, `${say(words.kinds[one.kind]) || told.shy} ${say(words.levels[one.level])} ${one.name}`, "!", `m-calls m-${one.level}`, [one.lon, one.lat]);
    }
    for (const one of hour.units) {
      const now = state(one, at), found = now === "off" ? null : where(one, at), key = `u${one.id}`;
      if (now === "off") continue;
      const how = !found ? told.never : found.lost === null ? "" : told.lost.replace("{at}", told_at(found.lost));
      lines.push([one.name, say(words.states[now]), how || `${found.at[0].toFixed(4)}, ${found.at[1].toFixed(4)}`]);
      if (!found) continue;
      there.add(key);
      mark(key, `${one.name} ${say(words.states[now])} ${how}`.trim(), one.name, `m-units m-${now}${how ? " m-lost" : ""}`, found.at);
    }
    for (const [key, found] of marks) if (!there.has(key)) { found.at.remove(); marks.delete(key); }
    clock.textContent = told_at(at);
    scrub.value = String(at);
    scrub.setAttribute("aria-valuetext", told_at(at));
    const n = upto(hour.events, at);
    if (list.dataset.n !== String(n)) {
      list.dataset.n = String(n);
      [...list.children].forEach((item, k) => {
        item.classList.toggle("pb-past", k <= n);
        if (k === n) item.firstChild.setAttribute("aria-current", "time"); else item.firstChild.removeAttribute("aria-current");
      });
      const now = list.children[n];
      if (now && !list.contains(document.activeElement)) list.scrollTop = now.offsetTop - list.offsetTop - list.clientHeight / 2;
    }
    if (rows.closest("details").open) {
      rows.replaceChildren(...lines.map((cells) => {
        const row = document.createElement("tr");
        cells.forEach((text, k) => {
          const cell = document.createElement(k ? "td" : "th");
          if (!k) cell.scope = "row";
          cell.textContent = text;
          row.append(cell);
        });
        return row;
      }));
    }
  };

  const press = (on) => {
    playing = on && !!hour;
    if (playing && at >= 3600) at = 0;
    go.lastElementChild.textContent = playing ? told.pause : told.play;
    go.setAttribute("aria-pressed", String(playing));
    last = performance.now();
    if (playing) requestAnimationFrame(step);
  };
  const step = (now) => {
    if (!playing || !hour) return;
    at = Math.min(3600, at + (now - last) / 1000 * Number(pane.querySelector("[name=speed]:checked").value));
    last = now;
    paint();
    if (at >= 3600) press(false); else requestAnimationFrame(step);
  };
  const jump = (s) => { at = Math.max(0, Math.min(3600, s)); if (hour) paint(); };

  const shut = (text) => {
    press(false);
    hour = null;
    for (const [, found] of marks) found.at.remove();
    marks.clear();
    list.replaceChildren();
    rows.replaceChildren();
    go.disabled = scrub.disabled = true;
    line.classList.add("pb-shut");
    line.textContent = text;
  };
  const count = () => {
    if (!hour) return;
    const left = over - performance.now();
    if (left <= 0) shut(told.over); else line.textContent = told.left.replace("{n}", Math.ceil(left / 60000));
  };

  const begin = (found) => {
    hour = found;
    over = performance.now() + (found.ends - found.now) * 1000;
    list.replaceChildren(...found.events.map(([s, what, call, unit]) => {
      const item = document.createElement("li"), button = document.createElement("button"), when = document.createElement("span"), text = document.createElement("span");
      button.type = "button";
      when.className = "num";
      when.textContent = told_at(s);
      const of = found.calls.find((one) => one.name === call), kind = of ? say(words.kinds[of.kind]) || told.shy : "";
      text.textContent = [unit, say(words.events[what]), kind, `…${call.slice(-4)}`].filter(Boolean).join(" ");
      button.title = call;
      button.append(when, text);
      button.addEventListener("click", () => jump(s));
      item.append(button);
      return item;
    }));
    go.disabled = scrub.disabled = false;
    if (drawn) {
      const places = found.units.flatMap((unit) => unit.fixes.map((fix) => drawn.shown([fix[1], fix[2]])));
      const box = places.reduce((all, place) => all.extend(place), new maplibregl.LngLatBounds());
      if (!box.isEmpty()) drawn.map.fitBounds(box, { padding: 60, maxZoom: 14, animate: false });
    }
    paint();
    count();
    setInterval(count, 1000);
    pane.dataset.ready = "1";
  };

  go.addEventListener("click", () => press(!playing));
  scrub.addEventListener("input", () => jump(Number(scrub.value)));
  rows.closest("details").addEventListener("toggle", () => { if (hour) paint(); });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, button, select, textarea, a, summary") && event.target !== scrub) return;
    if (event.key === " ") { event.preventDefault(); press(!playing); }
  });
  fetch(told.playback, { credentials: "same-origin", cache: "no-store" })
    .then((answer) => answer.ok ? answer.json().then(begin) : shut(told.shut))
    .catch(() => shut(told.away));
})();
