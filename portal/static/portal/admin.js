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

// A menu is a <details> that also works without scripts. It closes on a click elsewhere, on Escape and
// when the focus leaves it; the arrow keys move in it.
{
  const MENUS = "details.filter, details.more";
  const items = (menu) => [...menu.querySelectorAll("a[href], button:not([disabled])")];

  const closeAll = (except) => {
    for (const open of document.querySelectorAll(MENUS)) {
      if (open !== except) open.open = false;
    }
  };

  const move = (menu, step) => {
    menu.open = true;
    const all = items(menu);
    const place = all.indexOf(document.activeElement) + step;
    all.at(place < 0 ? -1 : place % all.length)?.focus();
  };

  const KEYS = {
    ArrowDown: (menu) => move(menu, 1),
    ArrowUp: (menu) => move(menu, -1),
    Home: (menu) => items(menu).at(0)?.focus(),
    End: (menu) => items(menu).at(-1)?.focus(),
    Escape: (menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    },
  };

  // A menu that is wider than the room on its right opens to the left.
  const fit = ({ target }) => {
    if (!target.matches(MENUS)) return;
    target.classList.remove("opens-left");
    const { right } = target.lastElementChild.getBoundingClientRect();
    target.classList.toggle("opens-left", target.open && right > document.documentElement.clientWidth);
  };

  document.addEventListener("toggle", fit, true);
  document.addEventListener("click", ({ target }) => closeAll(target.closest(MENUS)));
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const menu = target.closest?.(MENUS);
    if (menu && relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = document.activeElement.closest(MENUS);
    if (event.key === "Escape" && !menu) return closeAll();
    if (!menu || !KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!menu.open && event.key !== "ArrowDown") return;
    event.preventDefault();
    KEYS[event.key](menu);
  });
}
