// A kiosk forgets: after a quiet minute it asks, and then wipes. Without this file the server wipes by itself, only later.
(() => {
  "use strict";
  const after = Number(document.body.dataset.leaveAfter || 0), still = document.getElementById("still");
  const leave = document.getElementById("leave");

  // The card fills the form in; it is sent at once, so that nothing of it stays on the screen.
  const card = document.getElementById("by-card");
  if (card) card.addEventListener("change", () => {
    if (card.elements.name.value && card.elements.id_no.value) card.requestSubmit();
  });
  // Coming back with the browser's own button shows nothing of what was.
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.replace("/outlets/kiosk"); });
  if (!after || !still || !leave) return;

  let quiet = 0, left = 0;
  const told = still.querySelector("[data-left]");
  const here = () => { quiet = 0; if (!still.open) left = 0; };
  ["pointerdown", "keydown", "input", "scroll"].forEach((name) => document.addEventListener(name, here, { capture: true, passive: true }));
  still.addEventListener("close", () => { quiet = 0; left = 0; });
  setInterval(() => {
    if (still.open) {
      left -= 1;
      told.textContent = String(Math.max(left, 0));
      if (left <= 0) leave.submit();
      return;
    }
    quiet += 1;
    if (quiet >= after) { left = 20; told.textContent = "20"; still.showModal(); }
  }, 1000);
})();
