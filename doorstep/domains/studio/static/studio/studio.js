// Reads a file that the author chooses into the text box; it is not sent before the button is pressed.
(() => {
  "use strict";
  document.addEventListener("change", async ({ target }) => {
    const box = target instanceof HTMLInputElement && document.getElementById(target.dataset.into || "");
    const file = box && target.files[0];
    if (!file || file.size > Number(target.dataset.most)) return;
    box.value = await file.text();
    box.focus();
  });
})();
