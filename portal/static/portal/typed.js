"use strict";

// What was typed into a form stays in this tab until a page shows that it was taken. So it is not
// lost where the log-in has ended, a permission is missing or the server fails on the way.
// Passwords and hidden fields are not kept, and nobody else gets what a person has typed.
{
  const KEY = "typed";
  const FORMS = "form[id$=_form], form.confirm";
  const UNTYPED = ["hidden", "password", "submit", "button", "image", "reset"];
  const MAX_BYTES = 2 * 1024 * 1024; // bytes of a file: what the portal takes
  const person = document.querySelector("#user-tools strong")?.textContent ?? "";
  const texts = new WeakMap(); // of chosen files, by their field

  const typed = (form) => [...form.elements].filter((field) => field.name && !UNTYPED.includes(field.type));

  const read = (field) => {
    const { name, value, checked } = field;
    if (field.type === "file") return { name, file: texts.get(field), chosenFile: field.files[0]?.name };
    if (field.multiple) return { name, chosen: [...field.selectedOptions].map((option) => option.value) };
    return { name, value, checked };
  };

  const write = (field, { value, checked, chosen, file }) => {
    if (field.type === "file") {
      if (!file) return;
      const transfer = new DataTransfer();
      transfer.items.add(new File([file.text], file.name));
      field.files = transfer.files;
      texts.set(field, file);
    } else if (chosen) {
      for (const option of field.options) option.selected = chosen.includes(option.value);
    } else if (["checkbox", "radio"].includes(field.type)) {
      field.checked = checked;
    } else {
      field.value = value;
    }
  };

  document.addEventListener("change", async ({ target }) => {
    if (target.type !== "file") return;
    texts.delete(target);
    const [file] = target.files;
    if (file && file.size <= MAX_BYTES) texts.set(target, { name: file.name, text: await file.text() });
  });

  document.addEventListener("submit", ({ target }) => {
    // Who logs out leaves nothing here, also where the portal does not answer.
    if (target.matches('form[action$="/logout/"]')) sessionStorage.removeItem(KEY);
    if (!target.matches(FORMS) || target.querySelector("[type=password]")) return;
    const kept = { person, path: location.pathname, form: target.id, fields: typed(target).map(read) };
    try {
      sessionStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      sessionStorage.removeItem(KEY); // The tab has no room for it.
    }
  });

  const bringBack = ({ form: id, fields }) => {
    const form = [...document.querySelectorAll(FORMS)].find((each) => each.id === id);
    if (!form) return;
    typed(form).forEach((field, n) => fields[n]?.name === field.name && write(field, fields[n]));
    const notice = document.createElement("p");
    notice.className = "notice notice-wait";
    notice.setAttribute("role", "status");
    const lost = fields.filter(({ chosenFile, file }) => chosenFile && !file);
    const again = lost.map(({ chosenFile }) => ` Choose the file ${chosenFile} again.`).join("");
    notice.textContent = `What you typed before is here again. It is not saved or done yet.${again}`;
    form.before(notice);
  };

  const kept = JSON.parse(sessionStorage.getItem(KEY));
  const isLogIn = !person || location.pathname.startsWith("/admin/account/");
  if (kept && isLogIn) {
    sessionStorage.setItem(KEY, JSON.stringify({ ...kept, interrupted: true }));
  } else if (kept) {
    // A list of errors comes with what was typed. A message tells the result, or of the log-in.
    const answers = kept.interrupted ? "[data-focus]" : ".messagelist, [data-focus]";
    const isAnswered = document.querySelector(answers) !== null;
    const isSame = kept.path === location.pathname && kept.person === person;
    if (isAnswered || !isSame) sessionStorage.removeItem(KEY);
    else bringBack(kept);
  }
}
