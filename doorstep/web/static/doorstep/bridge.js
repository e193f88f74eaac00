// The devices on a counter's table, through the bridge on this machine (docs/bridge.md). Without it, or unplugged, every page
// stays what it is: fields to type into, files to choose, paper to print and sign. Words come from web/_devices.html.
(() => {
  "use strict";
  const desk = document.getElementById("devices");
  if (!desk || !window.crypto || !window.crypto.subtle || !window.indexedDB) return;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const wanted = () => all("[data-device], [data-bridge]").length > 0;
  const { url, code } = desk.dataset;
  const PATIENCE = 3000, ROUNDS = 200000, AGAIN = [2000, 5000, 15000];
  const text = new TextEncoder();
  let there = {}, bridge = null, lost = 0;

  // ---- proofs ----

  const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, "0")).join("");
  const fresh = () => hex(crypto.getRandomValues(new Uint8Array(16)));
  const digest = async (told) => hex(await crypto.subtle.digest("SHA-256", text.encode(told)));
  const proof = async (key, ...words) => hex(await crypto.subtle.sign("HMAC", key, text.encode(["doorstep-bridge 1", ...words].join("\n"))));
  const refused = (why) => Object.assign(new Error(why), { code: why });

  async function keyFrom(typed, salt) {
    const bare = text.encode(typed.toUpperCase().replace(/[^0-9A-Z]/g, ""));
    const base = await crypto.subtle.importKey("raw", bare, "PBKDF2", false, ["deriveKey"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: text.encode(salt), iterations: ROUNDS };
    return crypto.subtle.deriveKey(how, base, { name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign"]);
  }

  // The key cannot be read out again, by nobody's script; the browser keeps it for this origin.
  const drawer = (mode, do_) => new Promise((done, fail) => {
    const opening = indexedDB.open("doorstep-bridge", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    opening.onerror = () => fail(opening.error);
    opening.onsuccess = () => {
      const asking = do_(opening.result.transaction("keys", mode).objectStore("keys"));
      asking.onsuccess = () => { done(asking.result); opening.result.close(); };
      asking.onerror = () => { fail(asking.error); opening.result.close(); };
    };
  });

  async function post(path, body, headers = {}, signal = AbortSignal.timeout(PATIENCE)) {
    const answer = await fetch(url + path, {
      method: "POST", body, signal, headers: { "Content-Type": "application/json", ...headers },
      credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
    });
    return { answer, said: answer.body && path === "/v1/events" && answer.ok ? "" : await answer.text() };
  }

  async function open(path, what) {
    const { answer, said } = await post(path, JSON.stringify(what));
    const told = JSON.parse(said);
    if (!answer.ok) throw refused(told.code);
    return told;
  }

  async function pair(typed) {
    const nonce = fresh(), begun = await open("/v1/pair", { nonce });
    const key = await keyFrom(typed, nonce + begun.nonce + location.origin);
    const done = await open("/v1/pair/prove", { trial: begun.trial, proof: await proof(key, "pair page", begun.trial) });
    if (done.proof !== await proof(key, "pair bridge", begun.trial, done.id)) throw refused("wrong-code");
    await drawer("readwrite", (keys) => keys.put({ id: done.id, key }, url));
  }

  async function hello() {
    const held = await drawer("readonly", (keys) => keys.get(url));
    const nonce = fresh(), told = await open("/v1/hello", { id: held ? held.id : "", nonce });
    const own = await proof(held.key, "hello", nonce, told.session, new URL(url).host, location.origin);
    if (told.version !== 1 || told.proof !== own) throw refused("impostor");
    bridge = { key: held.key, session: told.session, number: 0 };
  }

  async function signed(path, body) {
    const number = String(++bridge.number);
    const own = await proof(bridge.key, "ask", bridge.session, number, path, await digest(body));
    return { number, headers: { "Bridge-Session": bridge.session, "Bridge-Number": number, "Bridge-Proof": own } };
  }

  async function ask(path, what, signal, again = true) {
    if (!bridge) throw refused("gone");
    const body = JSON.stringify(what), { number, headers } = await signed(path, body), now = bridge;
    let came;
    try { came = await post(path, body, headers, signal); } catch (error) { throw refused(error.name === "AbortError" ? "cancelled" : "gone"); }
    const { answer, said } = came;
    if (answer.status === 401 && again) { await hello(); return ask(path, what, signal, false); }
    const theirs = answer.headers.get("Bridge-Proof");
    if (theirs !== await proof(now.key, "answer", now.session, number, answer.status, await digest(said))) throw refused("gone");
    const told = JSON.parse(said);
    if (!answer.ok) throw Object.assign(refused(told.code), told);
    return told;
  }

  // ---- what is there ----

  async function connect() {
    if (!wanted()) return;
    try {
      try { await hello(); } catch (no) {
        if (!code || no.code !== "unpaired") throw no;
        await pair(code);
        await hello();
      }
      state("paired");
      await listen();
    } catch (no) {
      if (no.code === "unpaired") { state("unpaired"); return; }
    }
    bridge = null;
    state("none");
    tell({});
    if (lost < AGAIN.length) setTimeout(connect, AGAIN[lost++]);
  }

  async function listen() {
    const gone = new AbortController(), { headers } = await signed("/v1/events", "{}");
    window.addEventListener("pagehide", () => gone.abort(), { once: true });
    const { answer } = await post("/v1/events", "{}", headers, gone.signal);
    if (!answer.ok) throw refused("gone");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const one of events) tell(JSON.parse(one.slice(one.indexOf("data: ") + 6)));
      lost = 0;
    }
  }

  const usable = (button) => {
    const kind = button.dataset.device, ended = button.closest("[data-state]");
    if (kind === "rating" && (desk.dataset.rated || (ended && !/^(granted|refused|closed)$/.test(ended.dataset.state)))) return false;
    return kind === "call" ? there.call || there.speaker : there[kind];
  };

  function tell(now) {
    const before = there;
    there = now;
    all("[data-device]").forEach((button) => {
      const kind = button.dataset.device, was = !button.hidden;
      button.hidden = !usable(button);
      if (was && button.hidden && before[kind] && !now[kind] && !button.dataset.busy) trouble(button, "gone");
      if (!button.hidden && !before[kind] && place(button).dataset.said === "gone") say(button, "");
    });
    all("[data-bridge-device]").forEach((row) => {
      const kind = row.dataset.bridgeDevice;
      all("[data-is]", row).forEach((one) => { one.hidden = one.dataset.is !== (kind in now ? (now[kind] ? "there" : "gone") : "none"); });
    });
  }

  function state(name) {
    all("[data-bridge]").forEach((one) => { one.hidden = !one.dataset.bridge.split(" ").includes(name); });
    if (name !== "unpaired") return;
    const first = all("[data-device]").find((button) => button.parentElement.offsetParent !== null);
    if (!first) return;
    say(first, desk.dataset.sayUnpaired);
    place(first).append(document.getElementById("devices-pair").content.cloneNode(true));
  }

  // ---- saying it ----

  function place(button) {
    const after = all("[data-device-says]").find((one) => button.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
    const near = after && after.closest("form, section, article, main") === button.closest("form, section, article, main") ? after : null;
    if (near) return near;
    const made = document.createElement("p");
    made.className = "meta";
    made.setAttribute("role", "status");
    made.dataset.deviceSays = "";
    button.after(made);
    return made;
  }

  function say(button, words, about = "") {
    const at = place(button);
    at.hidden = !words;
    at.textContent = words || "";
    at.dataset.said = about;
  }

  const word = (name) => desk.dataset[name.replace(/-(.)/g, (_, c) => c.toUpperCase())] || "";

  function trouble(button, why, told = {}) {
    const kind = button.dataset.device;
    if (why === "cancelled") { say(button, ""); return; }
    const happened = (word(`why-${why}`) || word("why-gone")).replace("{name}", word(`name-${kind}`));
    const half = told.printed ? word("say-half-printed") : "";
    say(button, [happened, half, word(`else-${kind}`)].filter(Boolean).join(document.documentElement.lang.startsWith("zh") ? "" : " "), why);
    const field = (kind === "card" || kind === "zone") && named(button, "name");
    if (field && field.offsetParent !== null) field.focus();
  }

  // ---- what each button does ----

  const named = (button, name) => {
    const field = button.dataset[`card${name[0].toUpperCase()}${name.slice(1)}`];
    return field && button.form ? button.form.elements[field] : null;
  };
  const CARD = ["name", "id_no", "address", "latin", "kind", "state"];

  // A foreigner's document goes with its kind; where a page asks for no kind, both are one text.
  function fit(button, card) {
    const kind = named(button, "kind"), folded = kind && kind.closest("details");
    if (kind && folded) folded.open = card.kind !== "id";
    if (!kind && !["id", "residence"].includes(card.kind)) card.id_no = [card.kind, card.state, card.id_no].filter(Boolean).join(":");
  }

  const card = (button, signal) => read(button, signal, "/v1/card");
  const zone = (button, signal) => read(button, signal, "/v1/zone");

  async function read(button, signal, path) {
    const whose = button.dataset.deviceFor || "first", want = [...CARD.filter((one) => named(button, one)), "kind", "state", "until"];
    const told = await ask(path, { for: whose, want }, signal);
    if (told.for !== whose || !button.isConnected) return "";
    fit(button, told.card);
    const number = named(button, "id_no"), typed = number ? number.value.replace(/\s/g, "").toUpperCase() : "";
    if (typed && typed !== told.card.id_no.toUpperCase()) return word("say-other");
    CARD.forEach((one) => { const field = named(button, one); if (field && told.card[one]) field.value = told.card[one]; });
    CARD.forEach((one) => { const field = named(button, one); if (field) field.dispatchEvent(new Event("change", { bubbles: true })); });
    const until = told.card.until, day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeZone: "UTC" });
    if (until && until < new Date().toISOString().slice(0, 10)) return word("say-expired").replace("{until}", day.format(new Date(until)));
    return /^\d/.test(until) ? word("say-read").replace("{until}", day.format(new Date(until))) : word("say-read-long");
  }

  function give(button, bytes, name, type) {
    const field = document.getElementById(button.dataset.into), held = new DataTransfer();
    if (!field) return;
    held.items.add(new File([bytes], name, { type }));
    field.files = held.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  async function camera(button, signal) {
    const { jpeg } = await ask("/v1/camera", {}, signal);
    give(button, Uint8Array.from(atob(jpeg), (c) => c.charCodeAt(0)), "camera.jpg", "image/jpeg");
    return word("say-taken");
  }

  async function sign(button, signal) {
    const { strokes } = await ask("/v1/sign", {}, signal);
    const points = strokes.flat(), xs = points.map((p) => p[0]), ys = points.map((p) => p[1]), rim = 16;
    const left = Math.min(...xs), top = Math.min(...ys), width = Math.max(...xs) - left, height = Math.max(...ys) - top;
    const scale = Math.min(1, 900 / Math.max(width, height, 1)), canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    canvas.width = Math.ceil(width * scale) + 2 * rim;
    canvas.height = Math.ceil(height * scale) + 2 * rim;
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(pen, { lineWidth: 3, lineCap: "round", lineJoin: "round", strokeStyle: "#10233f" });
    strokes.forEach((stroke) => {
      pen.beginPath();
      stroke.forEach(([x, y]) => pen.lineTo((x - left) * scale + rim, (y - top) * scale + rim));
      pen.stroke();
    });
    const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
    give(button, picture, "signature.png", "image/png");
    const way = button.form && button.dataset.checks && button.form.querySelector(`input[value="${CSS.escape(button.dataset.checks)}"]`);
    if (way) way.checked = true;
    const seen = button.nextElementSibling && button.nextElementSibling.matches("img.signed-as") ? button.nextElementSibling : new Image();
    Object.assign(seen, { className: "signed-as", alt: word("say-signed"), src: URL.createObjectURL(picture) });
    button.after(seen);
    return word("say-signed");
  }

  const KINDS = { H1: "title", H2: "head", H3: "head", P: "text", LI: "text", HR: "rule" };

  function lines(root) {
    const told = [];
    const code = (el) => {
      const about = el.closest("[data-matter]");
      told.push({ kind: "qr", text: el.dataset.qr + (el.dataset.qr.endsWith("=") && about ? about.dataset.matter : "") });
    };
    const clean = (el) => {
      const copy = el.cloneNode(true);
      all(".no-print, [hidden], button, .only-read", copy).forEach((one) => one.remove());
      return copy.textContent.replace(/\s+/g, " ").trim();
    };
    const walk = (el) => [...el.children].forEach((one) => {
      if (one.matches(".no-print, [hidden], button")) return;
      if (one.dataset.qr) { code(one); return; }
      if (one.tagName === "SECTION") told.push({ kind: "rule" });
      if (one.tagName === "DT") { told.push({ kind: "pair", name: clean(one), value: one.nextElementSibling ? clean(one.nextElementSibling) : "" }); return; }
      const kind = KINDS[one.tagName];
      if (!kind) { walk(one); return; }
      if (kind === "rule" || clean(one)) told.push({ kind, text: clean(one) });
      all("[data-qr]", one).forEach(code);
    });
    walk(root);
    return told;
  }

  async function printer(button, signal) {
    await ask("/v1/printer", { lines: lines(document.querySelector(button.dataset.from)) }, signal);
    return word("say-printed");
  }

  async function call(button, signal) {
    await ask("/v1/call", { ticket: button.dataset.ticket, window: button.dataset.window }, signal);
    return word("say-called");
  }

  async function rating(button, signal) {
    // All that the visit finished is rated by one press; the first stands for the visit.
    const [first, ...also] = button.dataset.of.split(" ").map((one) => { const [number, code] = one.split(":"); return { number, code }; });
    const { said } = await ask("/v1/rating", { ...first, also }, signal);
    if (said === "taken" || said === "again") { desk.dataset.rated = "1"; all("[data-device=rating]").forEach((one) => { one.hidden = true; }); }
    return word(`say-rating-${said}`);
  }

  const DOES = { card, zone, camera, sign, printer, call, rating };
  const asking = new WeakMap();

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-device]");
    if (!button || !DOES[button.dataset.device]) return;
    event.preventDefault();
    const now = asking.get(button);
    if (now) { now.abort(); return; }  // pressed again: never mind
    const stop = new AbortController();
    asking.set(button, stop);
    button.dataset.busy = "1";
    button.setAttribute("aria-busy", "true");
    say(button, word(`wait-${button.dataset.device}`));
    window.addEventListener("pagehide", () => stop.abort(), { once: true });
    try {
      say(button, await DOES[button.dataset.device](button, stop.signal));
    } catch (no) { trouble(button, no.code || "gone", no); }
    asking.delete(button);
    delete button.dataset.busy;
    button.removeAttribute("aria-busy");
    button.hidden = !usable(button);
  });

  // Parts of a page that are drawn anew come with their buttons hidden.
  ["htmx:afterSwap", "htmx:oobAfterSwap"].forEach((name) => document.addEventListener(name, () => {
    all("[data-device]").forEach((button) => { button.hidden = !usable(button); });
  }));

  // ---- the page "Devices" ----

  const form = document.getElementById("pair");
  if (form) form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const said = document.getElementById("pair-says");
    try {
      await pair(form.elements.code.value);
      said.hidden = true;
      form.reset();
      lost = 0;
      connect();
    } catch (no) {
      said.textContent = word(`pair-${no.code}`) || word("pair-gone");
      said.hidden = false;
      form.elements.code.focus();
    }
  }, true);
  const forget = document.getElementById("forget");
  if (forget) forget.addEventListener("click", async () => {
    await drawer("readwrite", (keys) => keys.delete(url));
    location.reload();
  });

  connect();
})();
