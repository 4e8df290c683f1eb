"use strict";

// <div data-live="address" data-live-every="seconds"> on a page: the address answers with HTML in
// which elements carry data-live-part and an id. Each takes the place of the element with that id
// when it says something else. An answer may change the rhythm: data-live-every on its root.
// A part may carry data-live-mark, a name of what it says: the answer leaves out what is on the page.
// After the answer that ends the rhythm one more look follows: what ended while that answer was
// made may be half in it.
// A script that has sent something itself hands the answer over by the event "heard".
{
  const SLOWEST = 60;
  const LAST = 2;
  const root = document.querySelector("[data-live]");

  // The CSRF token and the number of a press change with each answer, "5 minutes ago" by itself
  // (moments.js), and the person opens details; ignore them in the comparison.
  const CHANGING = /name="(csrfmiddlewaretoken|press)" value="[^"]*"|(?<=<time class="moment"[^>]*>)[^<]*|(?<=<details\b[^>]*) open=""/g;
  const said = (element) => element.outerHTML.replace(CHANGING, "");

  const MENU = "details.more";
  let isHeld = false; // an open menu holds something back
  const isTyped = (part) => part.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), select, textarea");
  // No menu vanishes under the pointer.
  const losesMenu = (part, fresh) => part.querySelector(`${MENU}[open]`) !== null && fresh.querySelector(MENU) === null;

  // What is open stays open. A menu stays as it is: no button takes the place of one that is aimed at.
  const keepOpen = (part, fresh) => {
    const title = (details) => details.querySelector("summary").textContent;
    const all = [...fresh.querySelectorAll("details")];
    for (const [place, open] of [...part.querySelectorAll("details")].entries()) {
      const same = open.open && (all.find((each) => title(each) === title(open)) ?? all[place]);
      if (!same) continue;
      if (open.matches(MENU)) {
        same.replaceWith(open);
        isHeld = true;
      } else same.open = true;
    }
  };

  // Keyboard focus on a button or link is kept when its part is replaced.
  const place = (element) => element.getAttribute("href") || element.getAttribute("formaction") || element.form?.getAttribute("action") || element.getAttribute("datetime") || element.id || (element.matches("summary") && element.textContent);

  const keepFocus = (part, replace) => {
    if (!part.contains(document.activeElement)) return void replace();
    const active = document.activeElement;
    const focused = place(active);
    const fresh = replace();
    const all = [fresh, ...fresh.querySelectorAll("a, button, input, summary, [tabindex]")];
    const same = fresh.contains(active) ? active : all.find((each) => focused && place(each) === focused);
    same?.focus({ preventScroll: true });
  };

  // What is ticked stays ticked.
  const keepTicks = (part, fresh) => {
    for (const box of part.querySelectorAll("input[type=checkbox]:checked")) {
      const same = fresh.querySelector(`input[name="${box.name}"][value="${box.value}"]`);
      if (same) same.checked = true;
    }
  };

  const scrollers = (part) => [...part.querySelectorAll("[data-live-scroll]")];

  const swap = (fresh) => {
    const part = document.getElementById(fresh.id);
    if (!part || said(part) === said(fresh) || isTyped(part)) return;
    if (losesMenu(part, fresh)) return void (isHeld = true);
    keepTicks(part, fresh);
    const scrolled = scrollers(part).map((each) => each.scrollTop);
    keepFocus(part, () => {
      keepOpen(part, fresh);
      part.replaceWith(fresh);
      return fresh;
    });
    scrollers(fresh).forEach((each, place) => (each.scrollTop = scrolled[place] ?? 0));
  };

  const marks = () => [...document.querySelectorAll("[data-live-mark]")].map((part) => part.dataset.liveMark).join(",");

  const look = async () => {
    let every = Number(root.dataset.liveEvery);
    try {
      const answer = await fetch(root.dataset.live, { headers: { Accept: "text/html", "X-Live-Known": marks() }, redirect: "manual" });
      // The log-in has ended: the page must not go on showing what was for this person.
      if (answer.type === "opaqueredirect") return location.reload();
      if (!answer.ok) throw new Error(`${answer.status}`);
      every = take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      root.removeAttribute("data-live-lost");
    } catch {
      root.dataset.liveLost = "";
      every = Math.min((every || LAST) * 4, SLOWEST);
    }
    again(every);
  };

  // Returns the seconds until the next look.
  const take = (heard) => {
    for (const fresh of heard.querySelectorAll("[data-live-part]")) swap(document.adoptNode(fresh));
    const before = root.dataset.liveEvery;
    const every = heard.querySelector("[data-live-every]")?.dataset.liveEvery ?? before;
    root.dataset.liveEvery = every;
    document.dispatchEvent(new CustomEvent("swapped"));
    return Number(every) || (Number(before) && LAST);
  };

  let timer;
  const again = (every) => {
    clearTimeout(timer);
    if (every) timer = setTimeout(visible, every * 1000);
  };

  // A page in the background does not refresh.
  const visible = () => {
    if (document.visibilityState === "visible") return look();
    document.addEventListener("visibilitychange", visible, { once: true });
    return undefined;
  };

  if (root) {
    again(Number(root.dataset.liveEvery));
    const closed = ({ target }) => {
      if (!isHeld || target.open || !target.matches(MENU)) return;
      isHeld = false;
      visible();
    };
    document.addEventListener("toggle", closed, true);
    document.addEventListener("heard", ({ detail }) => again(take(detail)));
  }
}
