"use strict";

// “Setting up”: each check is a request of its own, and its answer takes the place of its row. So
// one that is slow does not hold up the page. Without this script the forms post as they are.
{
  const said = document.getElementById("setup-said");

  const ask = async (row, form, button) => {
    const fields = new FormData(form);
    fields.append(button.name, button.value);
    fields.append("fragment", "yes");
    const badge = row.querySelector(".badge");
    badge.className = "badge badge-busy";
    badge.textContent = "Checking";
    const answer = await fetch(location.href, { method: "POST", body: fields, redirect: "manual" });
    // The log-in has ended, or the request was refused: the page itself says why.
    if (!answer.ok) return location.reload();
    const heard = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = document.adoptNode(heard.getElementById(row.id));
    const hadFocus = row.contains(document.activeElement);
    row.replaceWith(fresh);
    if (hadFocus) fresh.querySelector(`button[name=${button.name}]`).focus();
    said.textContent = `${fresh.dataset.check}: ${fresh.querySelector(".badge").textContent}`;
    return undefined;
  };

  const askAll = async (form) => {
    const button = form.querySelector("button");
    button.disabled = true;
    for (const { id } of document.querySelectorAll("[data-check]")) {
      const row = document.getElementById(id);
      await ask(row, row.querySelector("form"), row.querySelector("button[name=check]"));
    }
    button.disabled = false;
    const failed = document.querySelectorAll("[data-check] .badge-bad").length;
    said.textContent = failed ? `${failed} failed.` : "Nothing failed.";
  };

  document.addEventListener("submit", (event) => {
    const row = event.target.closest("[data-check]");
    if (!row && !event.target.matches("[data-check-all]")) return;
    event.preventDefault();
    if (row) ask(row, event.target, event.submitter);
    else askAll(event.target);
  });
}
