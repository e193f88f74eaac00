// Layers of the command map: minutes to communities as shades, closed roads, what waits at desks, posts; asked again every half minute.
(() => {
  "use strict";
  window.doorstepLayers = (pane, drawn, zh) => {
    const { map, shown } = drawn, say = (two) => two[zh ? 0 : 1];
    const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const on = (name) => { const box = pane.querySelector(`[data-layer=${name}]`); return !!box && box.checked; };
    const moved = (shape) => typeof shape[0] === "number" ? shown(shape) : shape.map(moved);
    const none = { type: "FeatureCollection", features: [] }, pins = { closed: [], queues: [], posts: [] };
    const legend = pane.querySelector("[data-legend]"), late = pane.querySelector("[data-legend-late]");
    let told = null, communities = null;

    const shades = ["match", ["get", "shade"], 0, token("--ds-done"), 1, token("--ds-wait"), token("--ds-late")];
    const under = map.getStyle().layers.find((one) => one.type === "symbol");
    for (const name of ["cover", "closed", "ruler"]) map.addSource(name, { type: "geojson", data: none });
    map.addLayer({ id: "cover", type: "fill", source: "cover", paint: { "fill-color": shades, "fill-opacity": 0.32 } }, under && under.id);
    map.addLayer({ id: "cover-edge", type: "line", source: "cover", paint: { "line-color": shades, "line-width": ["case", ["==", ["get", "shade"], 0], 0.5, 2] } }, under && under.id);
    map.addLayer({ id: "cover-min", type: "symbol", source: "cover", minzoom: 11, layout: { "text-field": ["get", "said"], "text-font": ["Noto Sans CJK SC"], "text-size": 12 }, paint: { "text-color": token("--ds-ink"), "text-halo-color": token("--ds-paper"), "text-halo-width": 1.5 } });
    map.addLayer({ id: "closed-fill", type: "fill", source: "closed", paint: { "fill-color": token("--ds-late"), "fill-opacity": 0.2 } });
    map.addLayer({ id: "closed", type: "line", source: "closed", paint: { "line-color": token("--ds-late"), "line-width": 3, "line-dasharray": [1, 1] } });
    map.addLayer({ id: "ruler", type: "line", source: "ruler", paint: { "line-color": token("--ds-force"), "line-width": 3 } });

    const shape = (features) => ({ type: "FeatureCollection", features });
    const pin = (kind, at, text, label) => {
      const el = document.createElement("span");
      el.className = `m-note m-note-${kind}`;
      el.setAttribute("role", "img");
      el.setAttribute("aria-label", label);
      el.title = label;
      el.textContent = text;
      pins[kind].push(new maplibregl.Marker({ element: el }).setLngLat(shown(at)).addTo(map));
    };
    const covered = () => communities.filter((one) => told.cover[one.properties.code]).map((one) => {
      const found = told.cover[one.properties.code], shade = !found.late ? 0 : found.minutes !== null && found.minutes <= 2 * found.target ? 1 : 2;
      return { type: "Feature", properties: { shade, said: found.minutes === null ? "—" : String(found.minutes) }, geometry: one.geometry };
    });
    const draw = () => {
      for (const kind of Object.keys(pins)) { pins[kind].forEach((one) => one.remove()); pins[kind] = []; }
      const closed = on("closed") && told ? told.closed : [], cover = on("cover") && told && told.cover && communities;
      map.getSource("closed").setData(shape(closed.map((one) => ({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [one.ring.map(shown)] } }))));
      map.getSource("cover").setData(cover ? shape(covered()) : none);
      legend.hidden = !on("cover");
      if (!told) return;
      const slow = Object.values(told.cover || {}).filter((one) => one.late).length;
      late.textContent = told.away || !told.cover ? (zh ? "地图进程不在，现在算不了" : "The map is away: not known now") : zh ? `${slow} 个社区赶不上，${new Date(told.at * 1000).toLocaleTimeString("zh-CN")} 算的` : `${slow} communities not in time, as of ${new Date(told.at * 1000).toLocaleTimeString("en-GB")}`;
      closed.forEach((one) => pin("closed", one.ring[0], one.words, zh ? `封路：${one.words}，到 ${one.until}` : `Closed: ${one.words}, until ${one.until}`));
      if (on("queues")) told.queues.forEach((one) => pin("queues", one.at, String(one.n), zh ? `${say(one.name)}，${one.n} 件等办` : `${say(one.name)}: ${one.n} wait`));
      if (on("posts")) (told.posts || []).forEach((one) => pin("posts", one.at, `⌂ ${one.who}`, zh ? `${one.who} 去${say(one.name)}待命${one.seen ? "" : "，还没确认"}` : `${one.who} is to wait at ${say(one.name)}${one.seen ? "" : ", not confirmed"}`));
    };
    const ask = async () => {
      try {
        const answer = await fetch(`${pane.dataset.layers}${on("cover") ? "?cover=1" : ""}`, { credentials: "same-origin", cache: "no-store" });
        if (answer.ok) told = await answer.json();
        if (on("cover") && !communities) {
          const areas = await fetch("/map/areas/community");
          if (areas.ok) communities = (await areas.json()).features.map((one) => ({ ...one, geometry: { ...one.geometry, coordinates: moved(one.geometry.coordinates) } }));
        }
      } catch (away) { /* the line at the top says it */ }
      draw();
    };
    pane.addEventListener("change", (event) => {
      if (!event.target.matches("[data-layer]")) return;
      if (event.target.checked) ask(); else draw();
    });
    setInterval(ask, 30000);
    ask();
  };
})();
