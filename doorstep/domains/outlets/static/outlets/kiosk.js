// A kiosk forgets: after a quiet minute it asks, and then wipes. Without this file the server wipes by itself, only later.
(() => {
  "use strict";
  const LAST = 20;
  const after = Number(document.body.dataset.leaveAfter || 0), still = document.getElementById("still");
  const leave = document.getElementById("leave"), ring = document.getElementById("ring");

  // The card fills the form in; it is sent at once, so that nothing of it stays on the screen.
  const card = document.getElementById("by-card");
  if (card) card.addEventListener("change", () => {
    if (card.elements.name.value && card.elements.id_no.value) card.requestSubmit();
  });
  // Where the reader is not there after a moment, the page says so, and opens the way without it.
  const none = document.getElementById("no-reader"), typed = document.querySelector(".kiosk-type");
  if (none) setTimeout(() => {
    if (!document.querySelector("[data-device=card]").hidden) return;
    none.hidden = false;
    if (typed) typed.open = true;
  }, 4000);
  // Coming back with the browser's own button shows nothing of what was.
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.replace("/outlets/kiosk"); });

  // The paper is loaded unseen and printed. Without this its link opens it.
  const sheet = document.getElementById("paper-frame");
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-print-paper]");
    if (!link || !sheet) return;
    event.preventDefault();
    sheet.hidden = false;
    sheet.onload = () => { try { sheet.contentWindow.focus(); sheet.contentWindow.print(); } catch (no) { window.open(link.href, "_blank"); } };
    sheet.src = link.href;
  });

  // Read aloud: what the page asks, never what somebody typed. By a voice of the machine itself.
  const aloud = document.getElementById("aloud"), speech = window.speechSynthesis, tongue = document.documentElement.lang.slice(0, 2);
  const voice = () => speech && speech.getVoices().find((one) => one.localService && one.lang.startsWith(tongue));
  const hush = () => { speech.cancel(); aloud.setAttribute("aria-pressed", "false"); };
  if (aloud && speech) {
    const show = () => { aloud.hidden = !voice(); };
    show();
    speech.addEventListener("voiceschanged", show);
    aloud.addEventListener("click", () => {
      if (aloud.getAttribute("aria-pressed") === "true") { hush(); return; }
      const parts = document.querySelectorAll("main :is(h1, h2, .q-name, legend, .q-hint, .q-fault, .told, .btn-main)");
      const words = [...parts].filter((one) => one.offsetParent).map((one) => one.textContent.trim()).join("。");
      const said = Object.assign(new SpeechSynthesisUtterance(words), { voice: voice(), lang: document.documentElement.lang, rate: .9 });
      said.onend = hush;
      aloud.setAttribute("aria-pressed", "true");
      speech.speak(said);
    });
    window.addEventListener("pagehide", () => speech.cancel());
  }
  if (!after || !still || !leave) return;

  let quiet = 0;
  const told = still.querySelector("[data-left]"), arc = ring.querySelector(".ring-left"), number = ring.querySelector("b");
  const draw = () => {
    const left = Math.max(after + LAST - quiet, 0);
    ring.hidden = false;
    number.textContent = told.textContent = String(left);
    arc.setAttribute("stroke-dasharray", `${(100 * left) / (after + LAST)} 100`);
    return left;
  };
  const here = () => { if (!still.open) quiet = 0; };
  ["pointerdown", "keydown", "input", "scroll"].forEach((name) => document.addEventListener(name, here, { capture: true, passive: true }));
  still.addEventListener("close", () => { quiet = 0; draw(); });
  draw();
  setInterval(() => {
    quiet += 1;
    if (!draw()) { leave.submit(); return; }
    if (quiet >= after && !still.open) still.showModal();
  }, 1000);
})();
