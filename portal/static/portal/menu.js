"use strict";

// The menu stands beside a wide page until it is closed, which this browser remembers. On a narrow
// one it opens above the page.
{
  const KEY = "menu-closed";
  const WIDE = matchMedia("(min-width: 1024px)");
  const button = document.querySelector(".menu-button");
  const menu = document.getElementById("navigation");

  const root = document.body;
  const isOpen = () => (WIDE.matches ? !root.classList.contains("menu-closed") : root.classList.contains("menu-open"));
  const say = () => button.setAttribute("aria-expanded", String(isOpen()));

  // The current entry may be far down, or in a part that was folded by hand.
  const showCurrent = () => {
    const current = menu.querySelector("[aria-current]");
    if (!current || !WIDE.matches) return;
    const { top, bottom } = current.getBoundingClientRect();
    const frame = menu.getBoundingClientRect();
    if (top < frame.top || bottom > frame.bottom) menu.scrollTop += top - frame.top - menu.clientHeight / 2;
  };

  if (button && menu) {
    if (localStorage.getItem(KEY)) root.classList.add("menu-closed");
    button.addEventListener("click", () => {
      const open = !isOpen();
      if (WIDE.matches) {
        root.classList.toggle("menu-closed", !open);
        if (open) localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, "yes");
      } else {
        root.classList.toggle("menu-open", open);
      }
      say();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || WIDE.matches || !isOpen()) return;
      if (!menu.contains(document.activeElement) && document.activeElement !== button) return;
      root.classList.remove("menu-open");
      say();
      button.focus();
    });
    WIDE.addEventListener("change", say);
    say();
    showCurrent();
  }
}
