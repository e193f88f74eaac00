// The command map: once a second what moved, from the stream; it says how late it is, and since when the line is cut.
(() => {
  "use strict";
  const pane = document.querySelector("[data-command-map]");
  if (!pane) return;
  const zh = document.documentElement.lang.startsWith("zh"), say = (two) => two ? two[zh ? 0 : 1] : "";
  const words = JSON.parse(document.getElementById("map-words").textContent);
  const line = pane.querySelector("[data-line]"), rows = pane.querySelector("[data-rows]");
  const kept = { units: new Map(), calls: new Map() }, marks = new Map();
  const free = (unit) => unit.state === "available" || unit.state === "finished";
  const label = { units: (one) => `${one.name} ${say(words.states[one.state])}`, calls: (one) => `${say(words.kinds[one.kind]) || one.name} ${say(words.levels[one.level])}` };
  const group = (what, one) => what === "calls" ? "calls" : free(one) ? "free" : "out";
  const wall = "wall" in pane.dataset;
  const by = () => Object.fromEntries([...pane.querySelectorAll("[data-by]")].map((one) => [one.dataset.by, one.value]).filter(([, value]) => value));
  // What a filter says of calls alone (kind, level) hides no unit. A wall shows no call that is to be sheltered.
  const shows = (what, one) => {
    if (!pane.querySelector(`[data-show=${group(what, one)}]`).checked || (wall && one.shy)) return false;
    return Object.entries(by()).every(([name, value]) => !(name in one) || (what === "units" && name === "kind") || String(one[name]) === value);
  };
  let drawn = null, follow = "", heard = 0, told = 0, skew = null, measuring = null;

  const el = pane.querySelector("[data-drawing]");
  if (el && window.maplibregl && window.doorstepMap) {
    maplibregl.setWorkerUrl(pane.dataset.worker);
    const data = JSON.parse(document.getElementById("map-data").textContent);
    drawn = doorstepMap.draw(el, data);
    drawn.map.on("load", () => { doorstepLayers(pane, drawn, zh); drawn.map.once("idle", () => { el.dataset.drawn = "1"; }); });
    drawn.map.on("dragstart", () => { follow = ""; });
    drawn.map.on("click", (event) => {
      if (!measuring) return;
      measuring.push(event.lngLat);
      const metres = measuring.slice(1).reduce((sum, at, n) => sum + at.distanceTo(measuring[n]), 0);
      pane.querySelector("[data-measured]").textContent = metres < 1000 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(2)} km`;
      ruled();
    });
  }
  const ruled = () => {
    const line = drawn && drawn.map.getSource("ruler");
    if (line) line.setData({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: (measuring || []).map((at) => at.toArray()) } });
  };

  const mark = (key, what, one) => {
    if (!drawn || one.lon === null || one.lat === null) return;
    let found = marks.get(key);
    if (!found) {
      const pin = document.createElement(what === "calls" ? "a" : "button");
      if (what === "calls") pin.href = `/command/calls/${one.id}`; else pin.type = "button";
      pin.addEventListener("click", (event) => { event.stopPropagation(); if (what === "units") { follow = key; paint(); } });
      found = { pin, at: new maplibregl.Marker({ element: pin }).setLngLat(drawn.shown([one.lon, one.lat])).addTo(drawn.map) };
      marks.set(key, found);
    }
    const library = [...found.pin.classList].filter((name) => name.startsWith("maplibregl")).join(" ");
    found.pin.className = `${library} m-pin m-${what} m-${what === "calls" ? one.level : one.state}${key === follow ? " m-follow" : ""}`;
    found.pin.textContent = what === "calls" ? "!" : one.name;
    found.pin.setAttribute("aria-label", label[what](one));
    found.pin.title = label[what](one);
    found.pin.hidden = !shows(what, one);
    found.at.setLngLat(drawn.shown([one.lon, one.lat]));
    if (key === follow) drawn.map.easeTo({ center: drawn.shown([one.lon, one.lat]), duration: 400 });
  };

  const paint = () => {
    const sums = { calls: 0, free: 0, out: 0 }, there = new Set();
    const lines = [];
    for (const what of ["calls", "units"]) for (const [id, one] of kept[what]) {
      const key = `${what}${id}`;
      there.add(key);
      sums[group(what, one)] += 1;
      mark(key, what, one);
      if (shows(what, one)) lines.push([key, what, one]);
    }
    for (const [key, found] of marks) if (!there.has(key)) { found.at.remove(); marks.delete(key); }
    const many_by = Object.keys(by()).length;
    pane.querySelector("[data-filtered]").textContent = many_by || "";
    for (const [name, many] of Object.entries(sums)) pane.querySelector(`[data-sum=${name}]`).textContent = many;
    if (!rows.closest("details").open || rows.contains(document.activeElement)) return;
    rows.replaceChildren(...lines.map(([key, what, one]) => {
      const row = document.createElement("tr"), name = document.createElement("th"), state = document.createElement("td"), go = document.createElement("td");
      name.scope = "row";
      name.textContent = one.name;
      state.textContent = label[what](one).replace(`${one.name} `, "");
      if (drawn && one.lon !== null) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-quiet";
        button.textContent = zh ? "跟着看" : "Follow";
        button.setAttribute("aria-label", `${button.textContent} ${one.name}`);
        button.setAttribute("aria-pressed", String(key === follow));
        button.addEventListener("click", () => { follow = follow === key ? "" : key; button.blur(); paint(); });
        go.append(button);
      }
      row.append(name, state, go);
      return row;
    }));
  };
  pane.addEventListener("change", paint);
  rows.closest("details").addEventListener("toggle", paint);
  const measure = pane.querySelector("[data-measure]");
  measure.hidden = !drawn;
  measure.addEventListener("click", () => {
    measuring = measuring ? null : [];
    measure.setAttribute("aria-pressed", String(!!measuring));
    ruled();
    pane.querySelector("[data-measured]").textContent = measuring ? (zh ? "在地图上点" : "Click on the map") : "";
  });

  // How late it is: our clock may be wrong, so the quickest frame seen is counted as none late.
  const clock = () => {
    const cut = heard && Date.now() - heard > 12000;
    pane.classList.toggle("m-cut", !!cut || !heard);
    if (cut) {
      const since = new Date(heard).toLocaleTimeString(zh ? "zh-CN" : "en-GB");
      const late = Math.round((Date.now() - heard) / 1000);
      line.textContent = zh ? `断线，图停在 ${since}，已过 ${late} 秒，正在重连` : `Line cut: this is ${since}, ${late} s ago; connecting again`;
    } else if (heard) {
      line.textContent = zh ? `实时，晚 ${told.toFixed(1)} 秒` : `Live, ${told.toFixed(1)} s late`;
    }
  };
  if (pane.dataset.stream && window.EventSource) {
    let events = null;
    const listen = () => {
    events = new EventSource(`${pane.dataset.stream}?command`, { withCredentials: true });
    events.addEventListener("command", ({ data }) => {
      const frame = JSON.parse(data), off = Date.now() / 1000 - frame.at;
      skew = skew === null ? off : Math.min(skew, off);
      heard = Date.now();
      told = off - skew;
      for (const what of ["units", "calls"]) {
        if (frame.whole) kept[what].clear();
        frame[`${what}_gone`].forEach((id) => kept[what].delete(id));
        frame[what].forEach((one) => kept[what].set(String(one.id), one));
      }
      paint();
      clock();
    });
    // A line that was refused is not opened again by the browser; nothing is lost: whoever comes back is told everything anew.
    events.addEventListener("error", () => { if (events.readyState === EventSource.CLOSED) setTimeout(listen, 3000); if (!heard) line.textContent = zh ? "连不上，正在再试" : "Not connected; trying again"; });
    };
    listen();
    window.addEventListener("pagehide", () => events.close());
    setInterval(clock, 1000);
  } else {
    line.textContent = zh ? "这里没有实时连接" : "There is no live line here";
  }
})();
