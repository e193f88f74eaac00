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
  const shows = (name) => pane.querySelector(`[data-show=${name}]`).checked;
  let drawn = null, follow = "", heard = 0, told = 0, skew = null, measuring = null;

  const el = pane.querySelector("[data-drawing]");
  if (el && window.maplibregl && window.doorstepMap) {
    maplibregl.setWorkerUrl(pane.dataset.worker);
    const data = JSON.parse(document.getElementById("map-data").textContent);
    drawn = doorstepMap.draw(el, data);
    drawn.map.on("load", () => {
      const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const rings = words.closed.map((ring) => ({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring.map(drawn.shown)] } }));
      drawn.map.addSource("closed", { type: "geojson", data: { type: "FeatureCollection", features: rings } });
      drawn.map.addLayer({ id: "closed", type: "line", source: "closed", paint: { "line-color": token("--ds-late"), "line-width": 3, "line-dasharray": [1, 1] } });
      drawn.map.once("idle", () => { el.dataset.drawn = "1"; });
    });
    drawn.map.on("dragstart", () => { follow = ""; });
    drawn.map.on("click", (event) => {
      if (!measuring) return;
      measuring.push(event.lngLat);
      const metres = measuring.slice(1).reduce((sum, at, n) => sum + at.distanceTo(measuring[n]), 0);
      pane.querySelector("[data-measured]").textContent = metres < 1000 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(2)} km`;
    });
  }

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
    found.pin.hidden = !shows(group(what, one));
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
      if (shows(group(what, one))) lines.push([key, what, one]);
    }
    for (const [key, found] of marks) if (!there.has(key)) { found.at.remove(); marks.delete(key); }
    for (const [name, many] of Object.entries(sums)) pane.querySelector(`[data-sum=${name}]`).textContent = many;
    if (!rows.closest("details").open || rows.contains(document.activeElement)) return;
    rows.replaceChildren(...lines.map(([key, what, one]) => {
      const row = document.createElement("tr"), name = document.createElement("th"), state = document.createElement("td"), go = document.createElement("td");
      name.scope = "row";
      name.textContent = one.name;
      state.textContent = label[what](one).replace(`${one.name} `, "");
      if (what === "units" && drawn) {
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
    pane.querySelector("[data-measured]").textContent = measuring ? (zh ? "在地图上点" : "Click on the map") : "";
  });

  // How late it is: our clock may be wrong, so the quickest frame seen is counted as none late.
  const clock = () => {
    const cut = heard && Date.now() - heard > 12000;
    pane.classList.toggle("m-cut", !!cut || !heard);
    if (cut) {
      const since = new Date(heard).toLocaleTimeString(zh ? "zh-CN" : "en-GB");
      line.textContent = zh ? `断线，从 ${since} 起不是现在的` : `Line cut since ${since}: not the present`;
    } else if (heard) {
      line.textContent = zh ? `实时，晚 ${told.toFixed(1)} 秒` : `Live, ${told.toFixed(1)} s late`;
    }
  };
  if (pane.dataset.stream && window.EventSource) {
    const events = new EventSource(`${pane.dataset.stream}?command`, { withCredentials: true });
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
    window.addEventListener("pagehide", () => events.close());
    setInterval(clock, 1000);
  } else {
    line.textContent = zh ? "这里没有实时连接" : "There is no live line here";
  }
})();
