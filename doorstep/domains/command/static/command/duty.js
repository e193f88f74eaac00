// My unit on the telephone: a press without network is kept and sent again, once; the position is shared while on duty, visibly, until
// stopped. Without this file every button still works as a form.
(() => {
  "use strict";
  const KEPT = "doorstep-duty-kept", SHARE = "doorstep-duty-share";
  const body = document.querySelector("[data-duty]");
  if (!body) return;
  const read = (name) => { try { return JSON.parse(localStorage.getItem(name) || "[]"); } catch (no) { return []; } };
  const keep = (name, value) => { try { localStorage.setItem(name, JSON.stringify(value)); } catch (no) { /* full or shut: not kept */ } };
  const line = document.getElementById("duty-kept"), who = body.dataset.who;
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  const show = () => {
    const many = read(KEPT).filter((one) => one.who === who).length;
    line.hidden = !many;
    line.querySelector("b").textContent = String(many);
  };

  // One at a time and in order: each has the id it was pressed with, so that what arrived is not done again.
  const send = async (fields) => {
    const answer = await fetch(body.dataset.path, { method: "POST", body: new URLSearchParams({ ...fields, csrfmiddlewaretoken: token() }), credentials: "same-origin" });
    if (answer.status >= 500 || new URL(answer.url).pathname !== body.dataset.path) throw new Error("away");
    return answer;
  };
  let busy = false;
  const flush = async () => {
    if (busy || !read(KEPT).some((one) => one.who === who)) return;
    busy = true;
    try {
      for (let next; (next = read(KEPT).find((one) => one.who === who));) {
        await send(next.fields);
        keep(KEPT, read(KEPT).filter((one) => one.fields.request_id !== next.fields.request_id));
      }
      location.replace(`${body.dataset.path}?did=state`);
    } catch (no) { /* still away: kept */ }
    busy = false;
    show();
  };
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-keep]");
    if (!form) return;
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form, event.submitter));
    delete fields.csrfmiddlewaretoken;
    fields.pressed_at = new Date().toISOString();
    keep(KEPT, [...read(KEPT), { who, fields }]);
    form.querySelectorAll("button").forEach((one) => { one.disabled = true; });
    show();
    flush();
  });
  window.addEventListener("online", flush);
  setInterval(flush, 10000);
  show();
  flush();

  // Where I am: asked of the browser only while on duty and only after somebody pressed for it.
  const share = document.getElementById("duty-share");
  if (!share || !navigator.geolocation) { if (share) share.hidden = true; keep(SHARE, []); return; }
  const start = share.querySelector("[data-start]"), stop = share.querySelector("[data-stop]"), told = share.querySelector("[data-told]");
  let watching = null, fixes = [];
  const say = (name, more = "") => { told.textContent = (share.dataset[name] || "") + more; };
  const off = () => {
    if (watching !== null) navigator.geolocation.clearWatch(watching);
    watching = null; fixes = []; keep(SHARE, []);
    share.removeAttribute("data-live"); start.hidden = false; stop.hidden = true; say("off");
  };
  const on = () => {
    keep(SHARE, [who]);
    share.setAttribute("data-live", ""); start.hidden = true; stop.hidden = false; say("waiting");
    watching = navigator.geolocation.watchPosition(({ coords, timestamp }) => {
      fixes.push({ at: new Date(timestamp).toISOString(), lon: coords.longitude, lat: coords.latitude, heading: coords.heading, speed: coords.speed, accuracy: coords.accuracy });
      fixes = fixes.slice(-200);
    }, (no) => { if (no.code === 1) { off(); say("denied"); } else say("unknown"); }, { enableHighAccuracy: true, maximumAge: 5000 });
  };
  const post = async () => {
    if (watching === null || !fixes.length) return;
    const batch = fixes;
    fixes = [];
    try {
      const answer = await fetch("/api/v1/command/positions", { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json", "X-CSRFToken": token() }, body: JSON.stringify({ fixes: batch, sent_at: new Date().toISOString() }) });
      if (answer.status >= 500) throw new Error("away");
      if (answer.status === 401 || answer.status === 403 || answer.status === 409) { off(); say("ended"); return; }
      const clock = new Date().toLocaleTimeString(document.documentElement.lang, { hour12: false });
      if (answer.ok) say("on", ` ${clock}`); else say("unknown");
    } catch (no) { fixes = [...batch, ...fixes].slice(-200); say("away"); }
  };
  start.addEventListener("click", on);
  stop.addEventListener("click", off);
  setInterval(post, 5000);
  if (read(SHARE)[0] === who) on(); else off();
})();
