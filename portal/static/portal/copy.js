"use strict";

// <button data-copies="id of an element" aria-label="Copy the …">: copies its text, and says so in
// <p id="copied" role="status">.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copies);
  const said = document.getElementById("copied");
  const text = source.textContent.trim();
  said.textContent = "";
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = `Copied: ${text}`;
    button.textContent = "Copied";
  } catch {
    // No permission, or no secure context: the text is selected, so Ctrl-C copies it.
    getSelection().selectAllChildren(source);
    said.textContent = "Selected: press Ctrl-C to copy it.";
    button.textContent = "Press Ctrl-C";
  }
});
