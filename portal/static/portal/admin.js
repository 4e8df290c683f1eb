"use strict";

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

// <div data-live="URL" data-every="5">: the region is fetched again every so many seconds and
// replaced when it has changed. It rests while the page is not looked at, while somebody types in
// it, and for good once the fragment holds an element with data-live-end.
class LiveRegion {
  constructor(element) {
    this.element = element;
    this.seconds = Number(element.dataset.every) || 10;
    this.shown = null;
    this.schedule(this.seconds);
  }

  schedule(seconds) {
    if (!this.element.querySelector("[data-live-end]")) setTimeout(() => this.look(), seconds * 1000);
  }

  async look() {
    if (document.hidden || this.isBeingUsed()) return this.schedule(this.seconds);
    try {
      const answer = await fetch(this.element.dataset.live, { headers: { "X-Live": "1" } });
      if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
      this.show(await answer.text());
      delete this.element.dataset.liveLost;
      this.schedule(this.seconds);
    } catch {
      this.element.dataset.liveLost = "";
      this.schedule(Math.min(this.seconds * 4, 60));
    }
    return undefined;
  }

  isBeingUsed() {
    const inside = this.element.contains(document.activeElement) ? document.activeElement : null;
    return Boolean(inside?.matches("input, select, textarea, summary"));
  }

  show(html) {
    if (html === this.shown) return;
    this.shown = html;
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    const path = this.pathOf(document.activeElement);
    for (const open of this.element.querySelectorAll("details[open][id]")) {
      fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
    }
    this.element.replaceChildren(...fresh.childNodes);
    if (path) this.element.querySelector(path)?.focus({ preventScroll: true });
  }

  // Where the keyboard's focus is, so that it is there again in the fresh region.
  pathOf(focused) {
    if (!focused || !this.element.contains(focused)) return "";
    if (focused.id) return `#${CSS.escape(focused.id)}`;
    const address = focused.getAttribute("href") ?? focused.form?.getAttribute("action");
    if (!address) return "";
    const attribute = focused.hasAttribute("href") ? "href" : "action";
    return attribute === "href" ? `[href="${CSS.escape(address)}"]` : `[action="${CSS.escape(address)}"] button`;
  }
}
for (const element of document.querySelectorAll("[data-live]")) new LiveRegion(element);
