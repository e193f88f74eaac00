// A part of a page is fetched again when the stream tells of something new, and now and then for its clocks. While the line is cut it
// asks every few seconds instead, and says so. Not under the hands of whoever is about to press something in it (data-still).
(() => {
  "use strict";
  const SILENT = 12000, CLOCKS = 15000, APART = 1000;
  const meta = document.querySelector("meta[name=doorstep-stream]");
  document.querySelectorAll("[data-live]").forEach((part) => {
    const line = document.querySelector("[data-live-line]"), every = Number(part.dataset.live) * 1000, units = new Map();
    let heard = 0, asked = Date.now(), waits = 0, whole = true;
    const cut = () => Date.now() - heard > SILENT;
    const ask = () => {
      if (waits) return;
      waits = setTimeout(() => {
        waits = 0;
        if ("still" in part.dataset && part.matches(":focus-within")) return;
        asked = Date.now();
        window.htmx.trigger(part, "live");
      }, Math.max(0, asked + APART - Date.now()));
    };
    const say = () => {
      if (line) { line.textContent = cut() ? line.dataset.cut : line.dataset.on; line.classList.toggle("c-over", cut()); }
      if (Date.now() - asked >= (cut() ? every : CLOCKS)) ask();
    };
    // A unit that only drove on is no news for a list.
    const moved = (frame) => {
      let news = frame.calls.length + frame.calls_gone.length + frame.units_gone.length;
      if (frame.whole) units.clear();
      frame.units.forEach((one) => { if (units.get(one.id) !== one.state) { units.set(one.id, one.state); news += 1; } });
      if (!frame.whole) return news;
      const first = whole;
      whole = false;
      return first ? 0 : 1;
    };
    setInterval(say, 1000);
    if (!meta || !meta.content || !window.EventSource) { say(); return; }
    const events = new EventSource(`${meta.content}?command`, { withCredentials: true });
    events.addEventListener("command", ({ data }) => { heard = Date.now(); if (moved(JSON.parse(data))) ask(); say(); });
    events.addEventListener("matter", ({ data }) => {
      const { matter } = JSON.parse(data);
      if (part.dataset.matter === matter || part.querySelector(`[data-matter="${matter}"], [data-call="${matter}"]`)) ask();
    });
    window.addEventListener("pagehide", () => events.close());
  });
})();
