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
  // (moments.js); ignore them in the comparison.
  const CHANGING = /name="(csrfmiddlewaretoken|press)" value="[^"]*"|(?<=<time class="moment"[^>]*>)[^<]*/g;
  const said = (element) => element.outerHTML.replace(CHANGING, "");

  const isInUse = (element) =>
    element.querySelector("details[open]") !== null ||
    (element.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), select, textarea"));

  // Keyboard focus on a button or link is kept when its part is replaced.
  const place = (element) => element.getAttribute("href") || element.getAttribute("formaction") || element.form?.getAttribute("action") || element.getAttribute("datetime") || element.id;

  const keepFocus = (part, replace) => {
    const focused = part.contains(document.activeElement) ? place(document.activeElement) : "";
    const fresh = replace();
    if (!focused) return;
    const same = [fresh, ...fresh.querySelectorAll("a, button, input, [tabindex]")].find((each) => place(each) === focused);
    same?.focus({ preventScroll: true });
  };

  // What is ticked stays ticked.
  const keepTicks = (part, fresh) => {
    for (const box of part.querySelectorAll("input[type=checkbox]:checked")) {
      const same = fresh.querySelector(`input[name="${box.name}"][value="${box.value}"]`);
      if (same) same.checked = true;
    }
  };

  const swap = (fresh) => {
    const part = document.getElementById(fresh.id);
    if (!part || said(part) === said(fresh) || isInUse(part)) return;
    keepTicks(part, fresh);
    const scrolled = part.querySelector("[data-live-scroll]")?.scrollTop ?? 0;
    keepFocus(part, () => {
      part.replaceWith(fresh);
      return fresh;
    });
    const scroller = fresh.querySelector("[data-live-scroll]");
    if (scroller) scroller.scrollTop = scrolled;
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
    document.addEventListener("heard", ({ detail }) => again(take(detail)));
  }
}
