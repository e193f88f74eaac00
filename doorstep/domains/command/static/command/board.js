// The board renews itself, but not under the hands of whoever is about to press something on it.
(() => {
  "use strict";
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "board" && event.target.matches(":focus-within")) event.preventDefault();
  });
})();
