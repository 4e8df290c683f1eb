"use strict";

// A form that comes back begins with what is wrong in it, or with its preview; Django's own pages say
// it in a sentence. Django's script puts the focus into the first field, sooner or later.
addEventListener("load", () => {
  const errors = document.querySelector("[data-focus], .errornote");
  if (errors) {
    errors.tabIndex = -1;
    errors.focus();
  }
});

// <button data-copy="id of a field" data-done="what the button then says">
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
  } catch {
    // No permission, or no secure context: the text is selected, so Ctrl-C copies it.
    field.focus();
  }
});

// <input data-chooses="value of a radio button">: what is typed here belongs to that choice.
document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-chooses]") || !target.value) return;
  target.form.querySelector(`input[type=radio][value="${target.dataset.chooses}"]`).checked = true;
});

// A filter's menu closes like a menu: on a click elsewhere, and on Escape.
function closeFilters(except) {
  for (const open of document.querySelectorAll("details.filter[open]")) {
    if (open !== except) open.open = false;
  }
}
document.addEventListener("click", (event) => closeFilters(event.target.closest("details.filter")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const inside = document.activeElement.closest("details.filter[open]");
  closeFilters(null);
  inside?.querySelector("summary").focus();
});
