// A cordon on the map: where they may be by now, what is enclosed, the posts with their numbers. A tap says where they were seen.
(() => {
  "use strict";
  const el = document.querySelector("[data-net-map]");
  if (!el || !window.doorstepMap || !window.maplibregl) return;
  const told = JSON.parse(document.getElementById(el.dataset.netMap).textContent);
  maplibregl.setWorkerUrl(el.dataset.worker);
  const { map, shown, kept } = window.doorstepMap.draw(el, told);
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const ring = (name, rings, color, fill) => {
    map.addSource(name, { type: "geojson", data: { type: "Feature", properties: {}, geometry: { type: "MultiPolygon", coordinates: rings.map((one) => [one.map(shown)]) } } });
    map.addLayer({ id: `${name}-fill`, type: "fill", source: name, paint: { "fill-color": color, "fill-opacity": fill } });
    map.addLayer({ id: `${name}-line`, type: "line", source: name, paint: { "line-color": color, "line-width": 2 } });
  };
  let pin = null;
  const seen = (at) => {
    if (pin) pin.remove();
    const mark = document.createElement("span");
    mark.className = "map-pin map-here";
    pin = new maplibregl.Marker({ element: mark }).setLngLat(shown(at)).addTo(map);
  };
  map.on("load", () => {
    if (told.inside.length) ring("inside", [told.inside], token("--ds-force"), 0.08);
    if (told.by_now.length) ring("by-now", told.by_now, token("--ds-late"), 0.14);
    const bounds = new maplibregl.LngLatBounds();
    told.posts.forEach((one, n) => {
      const mark = document.createElement("span");
      mark.className = `net-post${one.unit && !one.late ? "" : " net-open"}`;
      mark.textContent = String(n + 1);
      new maplibregl.Marker({ element: mark }).setLngLat(shown(one.at)).addTo(map);
      bounds.extend(shown(one.at));
    });
    if (told.here) { seen(told.here); bounds.extend(shown(told.here)); }
    if (told.posts.length) map.fitBounds(bounds, { padding: 48, maxZoom: 15, animate: false });
    map.once("idle", () => { el.dataset.drawn = "1"; });
  });
  map.on("click", (event) => {
    const at = kept([event.lngLat.lng, event.lngLat.lat]), field = document.getElementById("net-at");
    if (!field) return;
    field.value = `${at[0].toFixed(6)},${at[1].toFixed(6)}`;
    document.getElementById("net-place").value = "";
    seen(at);
  });
  const place = document.getElementById("net-place");
  if (place) place.addEventListener("input", () => { document.getElementById("net-at").value = ""; });
})();
