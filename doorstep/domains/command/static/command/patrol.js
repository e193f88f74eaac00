// The patrol's map: areas, lines and points with what became of them, and the ways of the cars. The tables say the same.
(() => {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const zh = document.documentElement.lang.startsWith("zh");
  const signs = { driven: "✓", tapped: "✓", gap: "!", unplanned: "!", disputed: "?", explained: "—", open: "" };
  const feature = (one, type, coordinates) => ({ type: "Feature", properties: { code: one.code || one.car, kind: one.kind || "", state: one.state || "", name: one.name ? one.name[zh ? 0 : 1] : "" }, geometry: { type, coordinates } });
  const many = (features) => ({ type: "geojson", data: { type: "FeatureCollection", features } });

  const begin = (el) => {
    const told = JSON.parse(document.getElementById(el.dataset.patrol).textContent);
    el.hidden = false;
    maplibregl.setWorkerUrl(el.dataset.worker);
    told.here = null;
    const { map, shown, kept } = window.doorstepMap.draw(el, told);
    const of = (...kinds) => told.net.filter((one) => kinds.includes(one.kind));
    const core = of("core");
    const flat = (core.length ? core : told.net).flatMap((one) => one.shape.map(shown));
    const lons = flat.map((at) => at[0]), lats = flat.map((at) => at[1]);
    map.fitBounds([[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]], { padding: 24, animate: false });
    map.on("load", () => {
      const force = token("--ds-force"), done = token("--ds-done"), late = token("--ds-late"), wait = token("--ds-wait");
      const hue = ["match", ["get", "state"], ["driven", "tapped"], done, ["gap", "unplanned"], late, ["disputed", "explained"], wait, force];
      map.addSource("p-areas", many(of("core", "key").map((one) => feature(one, "Polygon", [[...one.shape, one.shape[0]].map(shown)]))));
      map.addLayer({ id: "p-core", type: "fill", source: "p-areas", filter: ["==", ["get", "kind"], "core"], paint: { "fill-color": force, "fill-opacity": 0.07 } });
      map.addLayer({ id: "p-core-edge", type: "line", source: "p-areas", filter: ["==", ["get", "kind"], "core"], paint: { "line-color": force, "line-width": 1, "line-opacity": 0.5 } });
      map.addLayer({ id: "p-key-edge", type: "line", source: "p-areas", filter: ["==", ["get", "kind"], "key"], paint: { "line-color": force, "line-width": 1.5, "line-opacity": 0.7, "line-dasharray": [3, 2] } });
      map.addSource("p-ways", many(told.ways.filter((one) => one.line.length > 1).map((one) => feature(one, "LineString", one.line.map(shown)))));
      map.addLayer({ id: "p-ways", type: "line", source: "p-ways", paint: { "line-color": token("--ds-ink-2"), "line-width": 1.2, "line-opacity": 0.55 } });
      map.addSource("p-lines", many(of("line").map((one) => feature(one, "LineString", one.shape.map(shown)))));
      const gap = ["in", ["get", "state"], ["literal", ["gap", "unplanned"]]];
      map.addLayer({ id: "p-lines", type: "line", source: "p-lines", filter: ["!", gap], layout: { "line-cap": "round" }, paint: { "line-color": hue, "line-width": ["case", ["in", ["get", "state"], ["literal", ["driven", "tapped"]]], 5, 2.5] } });
      map.addLayer({ id: "p-gaps", type: "line", source: "p-lines", filter: gap, paint: { "line-color": late, "line-width": 5, "line-dasharray": [1.2, 0.8] } });
      map.once("idle", () => { el.dataset.drawn = "1"; });
    });
    of("point").forEach((one) => {
      const pin = document.createElement("span");
      pin.className = "patrol-pin";
      pin.dataset.state = one.state;
      pin.textContent = signs[one.state];
      pin.title = `${one.code} ${one.name[zh ? 0 : 1]}`;
      new maplibregl.Marker({ element: pin }).setLngLat(shown(one.shape[0])).addTo(map);
    });
    const place = document.getElementById(el.dataset.draw || "");
    if (place) {
      const drawn = () => place.value.split("\n").map((row) => row.split(/[,，]/).map(Number)).filter((at) => at.length === 2 && at.every(Number.isFinite));
      const show = () => map.getSource("p-drawn") && map.getSource("p-drawn").setData({ type: "Feature", properties: {}, geometry: { type: drawn().length > 1 ? "LineString" : "MultiPoint", coordinates: drawn().map(shown) } });
      map.on("load", () => {
        map.addSource("p-drawn", many([]));
        map.addLayer({ id: "p-drawn", type: "line", source: "p-drawn", paint: { "line-color": token("--ds-late"), "line-width": 3 } });
        map.addLayer({ id: "p-drawn-at", type: "circle", source: "p-drawn", paint: { "circle-radius": 6, "circle-color": token("--ds-late"), "circle-stroke-color": token("--ds-paper"), "circle-stroke-width": 2 } });
        show();
        const all = drawn();
        if (all.length) map.jumpTo({ center: shown(all[Math.floor(all.length / 2)]), zoom: 14 });
      });
      place.addEventListener("input", show);
      map.on("click", (event) => {
        const at = kept([event.lngLat.lng, event.lngLat.lat]).map((one) => one.toFixed(6)).join(", ");
        place.value = place.value.trim() ? `${place.value.trim()}\n${at}` : at;
        show();
      });
    }
    told.stations.forEach(([lon, lat, name]) => {
      const outer = document.createElement("span"), pin = document.createElement("span");
      pin.className = "patrol-station";
      pin.style.display = "block";
      outer.title = name;
      outer.append(pin);
      new maplibregl.Marker({ element: outer }).setLngLat(shown([lon, lat])).addTo(map);
    });
  };
  document.querySelectorAll("[data-patrol]").forEach(begin);
  if (document.querySelector("[data-making]")) setTimeout(() => location.replace("/command/patrol"), 4000);
})();
