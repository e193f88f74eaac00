// What desks do beyond plain HTML: stay where the eye is, go to what is missing, hear that a queue changed.
(() => {
  "use strict";
  const here = document.querySelector(".queue-row[aria-current]");
  if (here) here.scrollIntoView({ block: "nearest" });

  // "Go to what is missing": the place may be a group, a row or one input.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-verb=go_missing], .faults a");
    const place = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!place) return;
    event.preventDefault();
    place.scrollIntoView({ block: "center" });
    const wanted = "input:not([type=hidden]), select, textarea, button";
    (place.matches(wanted) ? place : place.querySelector(wanted) || place).focus({ preventScroll: true });
  });

  // A scan is sent as soon as it is chosen, by the form and not by the quiet saving of what was typed.
  const isFile = (target) => target instanceof HTMLInputElement && target.type === "file";
  document.addEventListener("change", ({ target }) => {
    if (!isFile(target) || !target.dataset.sendNow || !target.files.length || target.form.dataset.sent) return;
    target.form.requestSubmit(target.parentElement.querySelector("button[name=upload]") || undefined);
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const cause = event.detail.requestConfig.triggeringEvent;
    if (cause && (isFile(cause.target) || event.target.dataset.sent)) event.preventDefault();
  });

  // Rows never move under the hand: the stream only says that there is something new.
  const address = document.querySelector("meta[name=doorstep-stream]");
  const stale = document.getElementById("stale");
  if (!address || !stale || !window.EventSource) return;
  const events = new EventSource(address.content, { withCredentials: true });
  events.onmessage = () => { stale.hidden = false; };
  events.addEventListener("matter", () => { stale.hidden = false; });
  window.addEventListener("pagehide", () => events.close());
})();
