"use strict";

// "5 minutes ago" stays true on a page that is left open: see portal/moments.py, which says it first.
{
  const EVERY = 15_000; // milliseconds
  const UNITS = [["year", 365 * 86_400], ["month", 30 * 86_400], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
  // The browser's clock may be wrong: count from the portal's.
  const said = document.querySelector("[data-now]")?.dataset.now;
  const skew = said ? Date.now() - Date.parse(said) : 0;

  const text = (seconds, form) => {
    const [name, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? UNITS.at(-1);
    const count = Math.floor(Math.abs(seconds) / size);
    const span = `${count.toLocaleString("en")} ${name}${count === 1 ? "" : "s"}`;
    if (form === "span") return span;
    if (form === "due" && seconds >= 0) return "now";
    return seconds < 0 ? `in ${span}` : `${span} ago`;
  };

  setInterval(() => {
    if (document.visibilityState !== "visible") return;
    for (const moment of document.querySelectorAll("time.moment")) {
      const seconds = Math.trunc((Date.now() - skew - Date.parse(moment.dateTime)) / 1000);
      const fresh = text(seconds, moment.dataset.form);
      if (moment.textContent !== fresh) moment.textContent = fresh;
    }
  }, EVERY);
}
