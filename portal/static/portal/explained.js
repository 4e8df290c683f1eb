"use strict";

// What a state word means is shown on hover, focus and touch (admin.css); Escape puts it away.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const each of document.querySelectorAll(".explained:is(:hover, :focus-within)")) {
    each.classList.add("is-away");
    each.addEventListener("pointerleave", () => each.classList.remove("is-away"), { once: true });
    each.addEventListener("focusout", () => each.classList.remove("is-away"), { once: true });
  }
});
