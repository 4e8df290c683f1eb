"use strict";

// The list of fields in the mapping editor: a search that hides what does not match, and the arrow
// keys from one field to the next. Without this script the whole list is there.
{
  const box = document.querySelector("[data-filter]");
  const table = document.querySelector("[data-filter-rows]");
  if (box && table) {
    const rows = [...table.tBodies[0].rows];
    const search = box.querySelector("input");
    const count = box.querySelector("[data-filter-count]");

    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
      const shown = rows.filter((row) => !row.hidden).length;
      count.textContent = `${shown} of ${rows.length} fields`;
    };

    search.addEventListener("input", filter);
    const boxes = (name) =>
      rows
        .filter((row) => !row.hidden)
        .map((row) => row.querySelector(`[name=${name}]`))
        .filter((each) => !each.disabled);

    search.addEventListener("keydown", (event) => {
      // Enter would send the form.
      if (event.key === "Enter" || event.key === "ArrowDown") event.preventDefault();
      if (event.key === "ArrowDown") boxes("fields")[0]?.focus();
    });

    table.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || event.target.type !== "checkbox") return;
      event.preventDefault();
      const column = boxes(event.target.name);
      (column[column.indexOf(event.target) + step] ?? (step < 0 ? search : null))?.focus();
    });

    box.hidden = false;
    filter();
  }
}
