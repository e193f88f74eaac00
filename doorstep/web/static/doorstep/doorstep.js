// What pages can do beyond plain HTML. Every page works without this file; it only saves a step.
(() => {
  "use strict";
  document.documentElement.classList.add("js");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (el) => el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName)) && !/^(radio|checkbox|button|submit)$/.test(el.type);

  // A desk's page of somebody who left does not stay on the screen: every tab of this browser hears who is signed in now.
  const who = document.documentElement.dataset.who, nobody = /^[0-]+$/;
  const kept = (() => { try { return window.localStorage; } catch { return null; } })();
  const left = (now) => {
    if (!now || now === who || !document.body.classList.contains("staff")) return;
    if (nobody.test(now) && document.querySelector("dialog[data-signed-out][open]")) return;  // they are just signing in again
    document.documentElement.hidden = true;
    location.replace("/start");
  };
  if (who && kept) {
    window.addEventListener("storage", (event) => { if (event.key === "doorstep.who") left(event.newValue); });
    window.addEventListener("pageshow", (event) => { if (event.persisted) left(kept.getItem("doorstep.who")); else kept.setItem("doorstep.who", who); });
  }

  // An error summary takes the focus, so that a screen reader starts there.
  const faults = document.querySelector("[data-faults]");
  if (faults) faults.focus();
  all("a[href^='#f-']").forEach((link) => link.addEventListener("click", (event) => {
    const field = document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    field.scrollIntoView({ block: "center" });
    const entry = field.matches("input,select,textarea") ? field : field.querySelector("input,select,textarea");
    (entry || field).focus({ preventScroll: true });
  }));

  // A form is sent once, however often the button is pressed; the server knows a repeat by its request id anyway.
  all("form[method=post]").forEach((form) => form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    all("button", form).forEach((button) => button.setAttribute("aria-busy", "true"));
  }));
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("button", form).forEach((button) => button.removeAttribute("aria-busy"));
  }));

  // Uploading starts as soon as a file is chosen.
  all("input[type=file][data-send-now]").forEach((input) => input.addEventListener("change", () => {
    if (input.files.length) input.form.requestSubmit(input.form.querySelector(`[name="upload"][value="${CSS.escape(input.dataset.sendNow)}"]`) || undefined);
  }));

  // Keys printed on the page: data-key on any link, button or choice. Single letters only outside text fields.
  const nameOf = (event) => [event.ctrlKey && "ctrl", event.altKey && "alt", event.key.toLowerCase()].filter(Boolean).join("+");
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const name = nameOf(event);
    if (name.length === 1 && typing(document.activeElement)) return;
    const target = all("[data-key]").find((el) => el.dataset.key.toLowerCase() === name && el.offsetParent !== null);
    if (!target) return;
    event.preventDefault();
    if (typing(target)) target.focus(); else target.click();
  });

  all("[data-print]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => window.print()); });
})();
