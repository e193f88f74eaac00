// The window without a mouse: the focus stands where work goes on, and Enter goes to the next field instead of sending the form.
(() => {
  "use strict";
  const form = document.getElementById("visit");
  if (!form) return;
  const fields = "input:not([type=hidden]):not([type=file]), select, textarea";
  const seen = (el) => el.offsetParent !== null && !el.disabled && !el.closest("details:not([open])");
  const entryOf = (place) => (place.matches(fields) ? place : place.querySelector(fields)) || place;

  // What was typed and not kept is said, and sent again until it is. Signed out: the screen is covered until somebody signs in.
  const unsaved = document.getElementById("win-unsaved"), out = document.getElementById("win-out");
  const again = () => window.htmx.trigger(form, "change");
  let soon = 0;
  const failed = ({ target, detail }) => {
    if (target !== form) return;
    if (detail.xhr && detail.xhr.status === 401) { if (!out.open) out.showModal(); return; }
    unsaved.hidden = false;
    clearTimeout(soon);
    soon = setTimeout(again, 4000);
  };
  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach((name) => form.addEventListener(name, failed));
  form.addEventListener("htmx:afterOnLoad", ({ detail }) => {
    if (!detail.xhr || detail.xhr.status >= 400) return;
    unsaved.hidden = true;
    out.close();
  });
  const back = async () => {
    const answer = await fetch("/api/v1/session"), me = answer.ok ? await answer.json() : {};
    if (me.account !== document.documentElement.dataset.who) return;
    document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((one) => { one.value = me.csrf_token; });
    again();
  };
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === "doorstep.who" && newValue === document.documentElement.dataset.who && out.open) back();
  });

  // After a step: the place it speaks of; on an empty page: the name.
  const at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const first = at || document.getElementById("name") || document.getElementById("add");
  if (first && !document.querySelector("[data-faults]")) {
    const entry = entryOf(first);
    entry.focus({ preventScroll: !at });
    if (at) entry.scrollIntoView({ block: "center" });
  }

  const next = (from, back) => {
    const all = [...form.querySelectorAll(".win-who " + fields.split(", ").join(", .win-who ") + ", #win-ask " + fields.split(", ").join(", #win-ask "))].filter(seen);
    const groups = all.filter((el) => el.type !== "radio" || el.checked || !form.querySelector(`input[type=radio][name="${CSS.escape(el.name)}"]:checked`));
    return groups[groups.indexOf(from) + (back ? -1 : 1)];
  };
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.altKey) return;
    const from = event.target;
    if (!from.matches(fields) || (from.matches("textarea") && event.shiftKey)) return;
    event.preventDefault();
    if (from.dataset.enter) { form.querySelector(`button[data-verb=${from.dataset.enter}]`).click(); return; }
    if (from.type === "radio" || from.type === "checkbox") from.checked = true;
    const then = next(from, event.shiftKey);
    const verb = from.closest("#who") && !(then && then.closest("#who")) && form.querySelector("button[data-verb=identify]");
    if (verb) verb.click();
    else if (then) then.focus();
    else { const bar = form.querySelector("#win-bar .btn-main"); if (bar) bar.focus(); }
    if (from.type === "radio") from.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
