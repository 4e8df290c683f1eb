"use strict";

// The worklist is worked off without leaving the page. A press is sent in the background, and the
// answer's rows take the place of those shown (live.js). A question opens in a dialog. What needs
// another page, such as proving who one is, is sent again by the browser itself.
{
  const form = document.getElementById("worklist");
  const dialog = document.getElementById("question");
  const help = document.getElementById("keys-help");
  const said = document.getElementById("worklist-said");
  const KEYS_OFF = "worklist-keys-off"; // in this browser
  let currentId = "";

  const rows = () => [...form.querySelectorAll(".case")];
  const current = () => document.getElementById(currentId);
  const picks = () => [...form.querySelectorAll(".case-pick input")];
  const picked = () => picks().filter((box) => box.checked);
  const answerUrl = () => `${form.dataset.live}&said=1`;

  // --- sending -----------------------------------------------------------------------------------

  const show = (heard) => {
    const texts = [...heard.querySelectorAll(".said li")];
    if (texts.length) said.replaceChildren(...texts.map((text) => Object.assign(document.createElement("span"), { textContent: text.textContent, className: text.className })));
    form.querySelector("[name=press]").value = heard.querySelector("[name=press]").value;
    document.dispatchEvent(new CustomEvent("heard", { detail: heard }));
  };

  const ask = (heard, question, url) => {
    const title = document.createElement("h2");
    title.id = "question-title";
    title.textContent = heard.querySelector("#content > h1").textContent;
    // A field of the form is called "action", so the form has no property of that name.
    question.setAttribute("action", url);
    const errors = heard.querySelector(".error-summary");
    dialog.replaceChildren(title, ...(errors ? [errors] : []), document.adoptNode(question));
    if (!dialog.open) dialog.showModal();
    const first = question.querySelector("[autofocus], textarea, input:not([type=hidden]):checked, input[type=text]");
    (first ?? question.querySelector("button[type=submit], a")).focus();
  };

  // Returns false if another page answered: nothing was done then.
  const send = async (url, body) => {
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { method: body ? "POST" : "GET", body, headers: { Accept: "text/html" } });
      const heard = new DOMParser().parseFromString(await answer.text(), "text/html");
      const question = heard.querySelector("form.confirm");
      if (heard.querySelector("[data-worklist-answer]")) {
        dialog.close();
        show(heard);
      } else if (answer.ok && question) ask(heard, question, url);
      else return false;
      return true;
    } catch {
      said.textContent = "The portal does not answer. Nothing is known of this press: look again, and then press again.";
      return true;
    } finally {
      form.removeAttribute("aria-busy");
    }
  };

  const press = async (button) => {
    const body = new FormData(form, button);
    body.set("back", answerUrl());
    button.disabled = true;
    const isDone = await send(button.getAttribute("formaction"), body);
    button.disabled = false;
    if (!isDone) leave(() => form.requestSubmit(button));
    else if (button.name === "action") clear();
  };

  let isLeaving = false;
  const leave = (go) => {
    isLeaving = true;
    go();
  };

  // --- selected rows -----------------------------------------------------------------------------

  const count = () => {
    if (!form.querySelector(".bulk-bar")) return; // who only looks selects nothing
    const number = picked().length;
    document.getElementById("selected").textContent = number ? `${number} selected:` : "Selected rows:";
    document.getElementById("select-all").checked = number > 0 && number === picks().length;
    const isAny = number > 0 || form.querySelector("[name=across]:checked") !== null;
    for (const button of form.querySelectorAll(".bulk-bar .button")) button.disabled = !isAny;
  };

  // What was refused can be pressed again, otherwise, on the same rows; so can what got no answer.
  const clear = () => {
    if (dialog.open || !said.querySelector(".success")) return;
    for (const box of picked()) box.checked = false;
    count();
  };

  // --- keys --------------------------------------------------------------------------------------

  const go = (row) => {
    if (!row) return;
    currentId = row.id;
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  };

  const move = (step) => {
    const all = rows();
    const place = all.indexOf(current());
    go(all[place === -1 ? 0 : Math.min(Math.max(place + step, 0), all.length - 1)]);
  };

  const pick = () => {
    const box = current()?.querySelector(".case-pick input");
    if (box) box.click();
  };

  const act = (key) => {
    const where = picked().length ? form.querySelector(".bulk-bar") : current();
    const button = where?.querySelector(`[data-key="${key}"]`);
    if (button) button.click();
    else if (where) said.textContent = "There is nothing of this kind to press on this row.";
  };

  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    x: pick,
    a: () => act("a"),
    n: () => act("n"),
    s: () => act("s"),
    r: () => act("r"),
    u: () => act("u"),
    Enter: () => act("Enter"),
    "?": () => help.showModal(),
  };

  const MOVES = ["j", "k", "ArrowDown", "ArrowUp"];
  const isTyping = (field) => field.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
  // On a button or a link these keys have a meaning of their own.
  const isOwn = (key, field) => ["Enter", "ArrowDown", "ArrowUp"].includes(key) && field !== document.body && !field.matches(".case, .case-pick input");

  const hear = (event) => {
    const field = document.activeElement ?? document.body;
    const isChord = event.ctrlKey || event.metaKey || event.altKey;
    // A key that is held down moves on, and presses nothing twice.
    if (!KEYS[event.key] || isChord || (event.repeat && !MOVES.includes(event.key))) return;
    if (document.querySelector("dialog[open]") || isTyping(field) || isOwn(event.key, field)) return;
    if (["ArrowDown", "ArrowUp"].includes(event.key) && !current()) return;
    event.preventDefault();
    KEYS[event.key]();
  };

  // --- the page ----------------------------------------------------------------------------------

  const switchKeys = (on) => {
    document.removeEventListener("keydown", hear);
    if (on) document.addEventListener("keydown", hear);
  };

  if (form && dialog) {
    form.addEventListener("submit", (event) => {
      if (isLeaving) return;
      event.preventDefault();
      press(event.submitter);
    });
    form.addEventListener("click", async (event) => {
      const link = event.target.closest("a[data-asks]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const url = `${new URL(link.href).pathname}?back=${encodeURIComponent(answerUrl())}`;
      if (!(await send(url))) location.assign(link.href);
    });
    form.addEventListener("focusin", ({ target }) => {
      currentId = target.closest(".case")?.id ?? currentId;
    });
    form.addEventListener("change", count);
    document.addEventListener("swapped", count);

    dialog.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      const question = event.target;
      const body = new FormData(question, event.submitter);
      if (await send(question.getAttribute("action"), body)) return clear();
      question.querySelector("[name=back]").value = form.querySelector("[name=back]").value;
      return question.submit();
    });
    dialog.addEventListener("click", (event) => {
      if (!event.target.closest("[data-back]")) return;
      event.preventDefault();
      dialog.close();
    });
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.ctrlKey) dialog.querySelector("form").requestSubmit();
    });
    dialog.addEventListener("close", () => current()?.focus());

    const all = document.getElementById("select-all");
    all?.closest("[hidden]").removeAttribute("hidden");
    all?.addEventListener("change", () => {
      for (const box of picks()) box.checked = all.checked;
      count();
    });

    const keys = document.getElementById("keys-on");
    // Who wants no keys that act alone (preferences) has none here either.
    keys.disabled = document.querySelector("[data-no-keys]") !== null;
    keys.checked = !keys.disabled && localStorage.getItem(KEYS_OFF) === null;
    keys.closest("[hidden]").removeAttribute("hidden");
    keys.addEventListener("change", () => {
      if (keys.checked) localStorage.removeItem(KEYS_OFF);
      else localStorage.setItem(KEYS_OFF, "yes");
      switchKeys(keys.checked);
    });
    switchKeys(keys.checked);
    count();
  }
}
