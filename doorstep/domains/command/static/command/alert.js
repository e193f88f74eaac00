// An alert reaches the telephone by itself: the stream says that something changed, the page asks what, and says so when a call is
// new. What is being typed stays. Without a line it asks every ten seconds, and says that the line is cut.
(() => {
  "use strict";
  const box = document.querySelector("[data-alert]");
  if (!box) return;
  const path = box.dataset.alert.split("?")[0], only = box.dataset.only === "1";
  const cut = document.querySelector("[data-cut]"), title = document.title;
  const told = (root) => [...root.querySelectorAll("[data-matter]")].map((one) => `${one.dataset.matter} ${one.dataset.step}`);
  const calls = (keys) => new Set(keys.map((one) => one.split(" ")[0]));
  let known = only ? null : told(box), asking = false, again = false;

  const ring = () => {
    document.title = `● ${title}`;
    if (navigator.vibrate) navigator.vibrate([400, 200, 400, 200, 400]);
    try {
      const sound = new AudioContext(), tone = sound.createOscillator();
      tone.connect(sound.destination);
      tone.start();
      tone.stop(sound.currentTime + 0.6);
    } catch (no) { /* no sound here: seen and felt all the same */ }
  };
  const put = (part) => {
    const typed = [...box.querySelectorAll("textarea, input.entry")].map((one) => [one.id, one.value]);
    const open = !!box.querySelector("details[open]"), at = document.activeElement && document.activeElement.id;
    box.replaceChildren(part);
    typed.forEach(([id, value]) => { const same = value && document.getElementById(id); if (same) same.value = value; });
    if (open) box.querySelectorAll("details").forEach((one) => { one.open = true; });
    if (at && document.getElementById(at)) document.getElementById(at).focus();
  };
  const ask = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(box.dataset.alert, { credentials: "same-origin" });
      if (!answer.ok || new URL(answer.url).pathname !== path) throw new Error("away");
      const part = document.createElement("template");
      part.innerHTML = await answer.text();
      const now = told(part.content), were = calls(known || []);
      if (known !== null && [...calls(now)].some((one) => !were.has(one))) ring();
      if (only) box.hidden = !now.length;
      else if (now.join() !== known.join()) put(part.content);
      known = now;
    } catch (no) { /* asked again by the clock */ }
    asking = false;
    if (again) { again = false; ask(); }
  };
  setInterval(ask, 10000);
  if (only) ask();

  const address = document.querySelector("meta[name=doorstep-stream]");
  if (!address || !window.EventSource) return;
  const events = new EventSource(address.content, { withCredentials: true });
  events.addEventListener("matter", ask);
  events.onopen = () => { if (cut) cut.hidden = true; ask(); };
  events.onerror = () => { if (cut) cut.hidden = false; };
  window.addEventListener("pagehide", () => events.close());
})();
