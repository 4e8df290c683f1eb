"use strict";

// The field "Find anything": a combobox with a list of results (ARIA's list autocomplete). Without
// this script, and when Enter is faster than the answer, the form leads to a page of results.
{
  const WAIT = 150; // milliseconds without a key before the portal is asked
  const form = document.querySelector("form.find");
  const input = form?.querySelector("input");
  const popup = form?.querySelector(".find-popup");
  const list = document.getElementById("find-list");
  const said = form?.querySelector(".find-said");
  let timer = 0;
  let asked = new AbortController();

  const options = () => [...list.querySelectorAll("[role=option]")];
  const current = () => list.querySelector("[aria-selected=true]");

  const select = (option) => {
    current()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  };

  const close = () => {
    clearTimeout(timer);
    asked.abort();
    popup.hidden = true;
    input.setAttribute("aria-expanded", "false");
    select(null);
  };

  const open = (text) => {
    said.textContent = text;
    popup.hidden = false;
    list.hidden = options().length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    popup.scrollTop = 0;
    select(options()[0]);
  };

  const ask = async () => {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const typed = input.value;
    try {
      const answer = await fetch(`${form.dataset.find}?q=${encodeURIComponent(typed)}`, { signal, redirect: "error" });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const heard = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-find-answer]");
      // Another key, or Escape, may have come while the answer was read.
      if (signal.aborted) return;
      list.replaceChildren(...document.adoptNode(heard).children);
      list.dataset.typed = typed;
      open(heard.dataset.findAnswer);
    } catch {
      if (signal.aborted) return;
      list.replaceChildren();
      open("The portal does not answer. Press Enter to try again.");
    }
  };

  const step = (by) => {
    const all = options();
    if (popup.hidden || all.length === 0) return;
    const place = all.indexOf(current()) + by;
    select(all[(place + all.length) % all.length]);
  };

  const KEYS = {
    ArrowDown: () => (popup.hidden && input.value.trim() ? ask() : step(1)),
    ArrowUp: () => step(-1),
  };

  const isTyping = (element) => element.matches("input, textarea, select, [contenteditable], [contenteditable] *");
  const isFind = (event) => {
    if (event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey) return true;
    const plain = event.key === "/" && !event.metaKey && !event.ctrlKey && !event.altKey;
    return plain && !("noKeys" in form.dataset) && !isTyping(event.target);
  };

  if (form) {
    input.addEventListener("input", () => {
      clearTimeout(timer);
      asked.abort();
      // What is listed is no longer what is typed, so Enter must not choose from it.
      select(null);
      if (input.value.trim()) timer = setTimeout(ask, WAIT);
      else close();
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") {
        event.preventDefault();
        if (popup.hidden) input.value = "";
        else close();
      } else if (event.key === "Enter" && current() && list.dataset.typed === input.value) {
        event.preventDefault();
        // A click, so that the keys for a new tab are the browser's own.
        current().dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: event.ctrlKey, metaKey: event.metaKey }));
      } else if (event.key in KEYS && !event.shiftKey && !(popup.hidden && event.key !== "ArrowDown")) {
        event.preventDefault();
        KEYS[event.key]();
      }
    });
    form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || close());
    // The focus stays in the field while the mouse chooses.
    popup.addEventListener("mousedown", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || document.querySelector("dialog[open]") || !isFind(event)) return;
      event.preventDefault();
      input.focus();
      input.select();
    });
  }
}
