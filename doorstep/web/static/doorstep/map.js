// Maps. A page says in JSON what lies under it and what is marked; colours come from the tokens of the page, day and night.
// Everything that is kept and sent is WGS-84; on a shifted base map (GCJ-02) marks are shifted with it.
(() => {
  "use strict";

  // The formulas that all public libraries share; see doorstep/geo/crs.py.
  const A = 6378245.0, E2 = 0.00669342162296594323, rad = Math.PI / 180;
  const abroad = ([lon, lat]) => !(lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271);
  const wave = (v, a, b, c, d) => (a * Math.sin(v * c * Math.PI) + b * Math.sin(v * d * Math.PI)) * 2 / 3;
  const toGcj = ([lon, lat]) => {
    if (abroad([lon, lat])) return [lon, lat];
    const x = lon - 105, y = lat - 35, both = wave(x, 20, 20, 6, 2);
    const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + both
      + wave(y, 20, 40, 1, 1 / 3) + wave(y, 160, 320, 1 / 12, 1 / 30);
    const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + both
      + wave(x, 20, 40, 1, 1 / 3) + wave(x, 150, 300, 1 / 12, 1 / 30);
    const flat = lat * rad, magic = 1 - E2 * Math.sin(flat) ** 2, root = Math.sqrt(magic);
    return [lon + east * 180 / (A / root * Math.cos(flat) * Math.PI), lat + north * 180 / (A * (1 - E2) / (magic * root) * Math.PI)];
  };
  const fromGcj = (shown) => {
    let found = [...shown];
    for (let n = 0; n < 20; n += 1) {
      const there = toGcj(found), off = [shown[0] - there[0], shown[1] - there[1]];
      found = [found[0] + off[0], found[1] + off[1]];
      if (Math.max(Math.abs(off[0]), Math.abs(off[1])) < 1e-9) break;
    }
    return found;
  };
  const shownBy = { wgs84: (at) => [...at], gcj02: toGcj };
  const keptBy = { wgs84: (at) => [...at], gcj02: fromGcj };
  const shifted = (shape, by) => typeof shape[0] === "number" ? by(shape) : shape.map((part) => shifted(part, by));

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const font = ["Noto Sans CJK SC"];
  const wide = (w) => ["interpolate", ["exponential", 1.6], ["zoom"], 10, w / 4, 14, w, 17, w * 4];
  const road = (id, classes, width, color) => ({
    id, type: "line", source: "base", "source-layer": "road", filter: ["in", ["get", "class"], ["literal", classes]],
    layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color, "line-width": wide(width) },
  });
  const named = (id, layer, filter, minzoom, size, along) => ({
    id, type: "symbol", source: "base", "source-layer": layer, minzoom, filter,
    layout: { "text-field": ["get", "name"], "text-font": font, "text-size": size, "symbol-placement": along ? "line" : "point" },
    paint: { "text-color": token("--map-name"), "text-halo-color": token("--map-ground"), "text-halo-width": 1.5 },
  });
  const named_roads = ["motorway", "trunk", "primary", "secondary", "tertiary", "residential"];

  const under = (told) => {
    if (told.kind === "raster") {
      const sources = {}, layers = [{ id: "ground", type: "background", paint: { "background-color": token("--map-ground") } }];
      told.tiles.forEach((tiles, n) => {
        sources[`base${n}`] = { type: "raster", tiles: [tiles], tileSize: 256, maxzoom: 18, attribution: told.said };
        layers.push({ id: `base${n}`, type: "raster", source: `base${n}` });
      });
      return { sources, layers };
    }
    if (told.kind === "lines") return { sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": token("--map-ground") } }] };
    const street = token("--map-street"), main = token("--map-main");
    return {
      sources: { base: { type: "vector", tiles: told.tiles.map((one) => new URL(one, location.href).href.replace(/%7B/g, "{").replace(/%7D/g, "}")), minzoom: 6, maxzoom: 14, attribution: told.said } },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": token("--map-ground") } },
        { id: "park", type: "fill", source: "base", "source-layer": "park", paint: { "fill-color": token("--map-park") } },
        { id: "water", type: "fill", source: "base", "source-layer": "water", paint: { "fill-color": token("--map-water") } },
        { id: "waterway", type: "line", source: "base", "source-layer": "waterway", paint: { "line-color": token("--map-water"), "line-width": 1.5 } },
        { id: "building", type: "fill", source: "base", "source-layer": "building", minzoom: 14, paint: { "fill-color": token("--map-house") } },
        road("lane", ["service", "living_street", "pedestrian"], 1, street),
        road("street", ["residential", "unclassified"], 2, street),
        road("tertiary", ["tertiary"], 3, street),
        road("secondary", ["secondary"], 4, main),
        road("primary", ["primary"], 5, main),
        road("trunk", ["trunk", "motorway"], 6, token("--map-trunk")),
        { id: "rail", type: "line", source: "base", "source-layer": "rail", paint: { "line-color": token("--map-rail"), "line-width": 1.5, "line-dasharray": [4, 3] } },
        named("road-name", "road", ["in", ["get", "class"], ["literal", named_roads]], 13, 12, true),
        named("water-name", "water", ["has", "name"], 10, 12, false),
        named("place-name", "place", ["has", "name"], 9, 13, false),
      ],
    };
  };

  // Streets and water as plain lines from our own house, shifted as the map is: where there are no tiles, and when none can be had.
  const sketch = async (map, told, shown) => {
    const answer = told.lines && await fetch(told.lines).catch(() => null);
    if (!answer || answer.status !== 200 || map.getSource("sketch")) return;
    const found = await answer.json();
    found.features.forEach((one) => { one.geometry.coordinates = shifted(one.geometry.coordinates, shown); });
    map.addSource("sketch", { type: "geojson", data: found, attribution: told.kind === "lines" ? told.said : "" });
    const above = map.getStyle().layers.find((one) => one.source && !/^(base|sketch)/.test(one.source));
    const is = (...layers) => ["in", ["get", "layer"], ["literal", layers]];
    const of = (...classes) => ["in", ["get", "class"], ["literal", classes]];
    const line = (id, filter, width, color) => ({
      id: `sketch-${id}`, type: "line", source: "sketch", filter, layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": token(color), "line-width": wide(width) },
    });
    [{ id: "sketch-park", type: "fill", source: "sketch", filter: is("park"), paint: { "fill-color": token("--map-park") } },
      { id: "sketch-water", type: "fill", source: "sketch", filter: is("water"), paint: { "fill-color": token("--map-water") } },
      line("stream", is("waterway"), 2, "--map-water"), line("rail", is("rail"), 1.5, "--map-rail"),
      line("lane", of("service", "living_street", "pedestrian", "residential", "unclassified"), 1.5, "--map-street"),
      line("street", of("tertiary", "secondary"), 3, "--map-main"), line("main", of("primary", "trunk", "motorway"), 5, "--map-trunk"),
      { ...named("sketch-name", "", ["all", is("road"), ["has", "name"]], 13, 12, true), source: "sketch", "source-layer": undefined },
    ].forEach((one) => { const { "source-layer": _, ...layer } = one; map.addLayer(layer, above && above.id); });
  };
  const orSketch = (el, map, told, shown) => {
    const tell = () => {
      const note = document.createElement("p");
      note.className = "map-lost";
      note.setAttribute("role", "status");
      note.textContent = told.lost[document.documentElement.lang.startsWith("zh") ? 0 : 1];
      el.append(note);
      sketch(map, told, shown);
    };
    let styled = false, lost = told.kind === "lines", loaded = false;
    const lose = () => { if (!lost) { lost = true; if (styled) tell(); } };
    map.on("style.load", () => { styled = true; if (lost) tell(); });
    map.on("load", () => { loaded = true; });
    map.on("error", (event) => {
      if (/^base/.test(event.sourceId || "")) lose();
      map.triggerRepaint();  // else "load" never comes when the last thing to arrive was a failure
    });
    setTimeout(() => { if (!loaded) lose(); }, 8000);
  };

  /** Draws a map into `el`. `told`: {kind, system, tiles, said, marks, here, areas, mine}. Gives {map, shown, kept}. */
  const draw = (el, told) => {
    const shown = shownBy[told.system], kept = keptBy[told.system];
    const { sources, layers } = under(told);
    const known = told.here || (told.marks[0] && told.marks[0].at), [w, s, e, n] = told.box || [73, 18, 135, 54];
    const at = known || [(w + e) / 2, (s + n) / 2];
    const map = new maplibregl.Map({
      container: el, style: { version: 8, sources, layers }, center: shown(at), zoom: told.here ? 14 : 12, maxZoom: 18,
      ...(known ? {} : { bounds: [shown([w, s]), shown([e, n])] }),
      dragRotate: false, pitchWithRotate: false, attributionControl: { compact: true },
      localIdeographFontFamily: token("--ds-font"), cooperativeGestures: matchMedia("(pointer: coarse)").matches,
      locale: JSON.parse(el.dataset.locale || "{}"),
    });
    map.touchZoomRotate.disableRotation();
    orSketch(el, map, told, shown);
    map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new maplibregl.ScaleControl({ unit: "metric" }));
    return { map, shown, kept };
  };

  const borders = async ({ map, shown }, told) => {
    const answer = await fetch(told.areas);
    if (!answer.ok) return;
    const found = await answer.json();
    found.features.forEach((one) => { one.geometry.coordinates = shifted(one.geometry.coordinates, shown); });
    map.addSource("areas", { type: "geojson", data: found });
    const mine = ["==", ["get", "code"], told.mine || ""];
    map.addLayer({ id: "mine", type: "fill", source: "areas", filter: mine, paint: { "fill-color": token("--ds-force"), "fill-opacity": 0.1 } });
    map.addLayer({ id: "borders", type: "line", source: "areas", paint: { "line-color": token("--ds-force"), "line-width": ["case", mine, 2.5, 0.8], "line-opacity": ["case", mine, 0.9, 0.45], "line-dasharray": [3, 2] } });
    if (told.here) map.fitBounds(box([told.here, ...told.show].map(shown)), { padding: 80, maxZoom: 15, animate: false });
  };
  const box = (shape) => {
    const flat = shape.flat(Infinity), lons = flat.filter((_, n) => n % 2 === 0), lats = flat.filter((_, n) => n % 2 === 1);
    return [[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]];
  };

  const pin = (kind, label) => {
    const el = document.createElement("span");
    el.className = `map-pin map-${kind}`;
    if (label) { el.setAttribute("role", "img"); el.setAttribute("aria-label", label); }
    return el;
  };

  const begin = (el) => {
    const told = JSON.parse(document.getElementById(el.dataset.map).textContent);
    const zh = document.documentElement.lang.startsWith("zh");
    maplibregl.setWorkerUrl(el.dataset.worker);
    const drawn = draw(el, told), { map, shown, kept } = drawn;
    told.marks.forEach((one) => {
      const a = document.createElement("a");
      a.className = `map-pin map-${one.kind}`;
      a.href = `/point/${encodeURIComponent(one.code)}`;
      a.title = one.name[zh ? 0 : 1];
      a.setAttribute("aria-label", a.title);
      a.addEventListener("click", (event) => event.stopPropagation());
      new maplibregl.Marker({ element: a }).setLngLat(shown(one.at)).addTo(map);
    });
    if (told.here) new maplibregl.Marker({ element: pin("here", el.dataset.here) }).setLngLat(shown(told.here)).addTo(map);
    map.on("load", () => borders(drawn, told).finally(() => { map.once("idle", () => { el.dataset.drawn = "1"; }); }));
    map.on("click", (event) => {
      const [lon, lat] = kept([event.lngLat.lng, event.lngLat.lat]);
      location.assign(`${el.dataset.ask}?at=${lon.toFixed(6)},${lat.toFixed(6)}`);
    });
  };

  document.querySelectorAll("[data-map]").forEach((el) => {
    el.hidden = false;
    begin(el);
  });

  // Where one stands: asked of the browser when the button is pressed, told to our own page, kept nowhere.
  document.querySelectorAll("[data-locate]").forEach((button) => {
    if (!navigator.geolocation) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      button.setAttribute("aria-busy", "true");
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => location.assign(`${button.dataset.locate}?at=${coords.longitude.toFixed(6)},${coords.latitude.toFixed(6)}`),
        () => { button.removeAttribute("aria-busy"); document.getElementById(button.getAttribute("aria-describedby")).hidden = false; },
        { enableHighAccuracy: true, timeout: 10000 },
      );
    });
  });

  window.doorstepMap = { draw, toGcj, fromGcj };
})();
