// Calls: Enter in a search takes its first answer, the map marks a place, one tap sends a position. Everything works without it.
(() => {
  "use strict";
  const form = document.getElementById("intake");
  const changed = (el) => el.dispatchEvent(new Event("change", { bubbles: true }));

  // In a field with answers below it, Enter chooses the first of them and sends nothing.
  document.addEventListener("keydown", (event) => {
    const list = event.target.dataset && event.target.dataset.enter;
    if (event.key !== "Enter" || !list || event.isComposing) return;
    event.preventDefault();
    const first = document.querySelector(`#${list} input[type=radio]`);
    if (first) { first.checked = true; changed(first); }
  });
  // Alt Q: to the question that is asked now.
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.key.toLowerCase() !== "q") return;
    const now = document.querySelector("#t-ask [aria-current] input, #t-ask input");
    if (now) { event.preventDefault(); now.focus(); }
  });
  // A place typed anew is not where somebody pointed before.
  const place = document.getElementById("place"), at = document.getElementById("at");
  if (place && at) place.addEventListener("input", () => { at.value = ""; });
  if (form) form.addEventListener("change", (event) => { if (event.target.name === "spot" && at) at.value = ""; });

  const told = (text) => { const parts = (text || "").split(",").map(Number); return parts.length === 2 && parts.every(Number.isFinite) ? parts : null; };
  document.querySelectorAll("[data-call-map]").forEach((el) => {
    if (!window.doorstepMap || !window.maplibregl) return;
    const data = JSON.parse(document.getElementById(el.dataset.callMap).textContent);
    maplibregl.setWorkerUrl(el.dataset.worker);
    const { map, shown, kept } = window.doorstepMap.draw(el, data);
    let mark = null;
    const put = (where, go) => {
      if (mark) { mark.remove(); mark = null; }
      if (!where) return;
      const pin = document.createElement("span");
      pin.className = "map-pin map-here";
      mark = new maplibregl.Marker({ element: pin }).setLngLat(shown(where)).addTo(map);
      if (go) map.jumpTo({ center: shown(where), zoom: Math.max(map.getZoom(), 14) });
    };
    put(data.here, false);
    map.on("load", () => { map.once("idle", () => { el.dataset.drawn = "1"; }); });
    if (!form) return;
    map.on("click", (event) => {
      const where = kept([event.lngLat.lng, event.lngLat.lat]);
      at.value = `${where[0].toFixed(6)},${where[1].toFixed(6)}`;
      put(where, false);
      changed(at);
    });
    document.body.addEventListener("htmx:oobAfterSwap", (event) => {
      if (event.target.id === "t-where") put(told(event.target.dataset.at), true);
    });
  });

  // One tap: the position is asked for as the page opens, and sent with the call alone.
  document.querySelectorAll("[data-sos]").forEach((sos) => {
    if (!navigator.geolocation) return;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      sos.elements.spot.value = `${coords.longitude.toFixed(6)},${coords.latitude.toFixed(6)}`;
      sos.querySelector("[data-place]").classList.add("ok");
    }, () => {}, { enableHighAccuracy: true, timeout: 10000 });
  });
})();
