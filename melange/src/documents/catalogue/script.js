
"use strict";
(() => {
  const root = document.documentElement;
  const find = (selector, within = document) => [...within.querySelectorAll(selector)];
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const nothing = document.getElementById("nothing");

  // Light and dark: the system's, until the reader says otherwise. A page opened as a file may have no storage.
  const KEY = "melange-catalogue-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem(KEY); } catch { /* then it is not remembered */ }
  const theme = document.getElementById("theme");
  const show = () => {
    const dark = chosen ? chosen === "dark" : system.matches;
    root.dataset.theme = dark ? "dark" : "light";
    theme.setAttribute("aria-pressed", String(dark));
  };
  theme.addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem(KEY, chosen); } catch { /* as above */ }
    show();
  });
  system.addEventListener("change", show);
  show();

  // The search: all words must be there, in any order.
  const items = find("[data-search]").map((element) => ({ element, text: element.dataset.search.toLowerCase() }));
  const names = find("nav [data-for]");
  const sections = find("[data-section]").map((section) => ({ section, items: find("[data-search]", section) }));
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const { element, text } of items) {
      const hit = words.every((word) => text.includes(word));
      element.hidden = !hit;
      if (hit) left += 1;
    }
    for (const name of names) name.hidden = document.getElementById(name.dataset.for).hidden;
    for (const { section, items: own } of sections) section.hidden = words.length > 0 && own.every((item) => item.hidden);
    document.getElementById("topology").hidden = words.length > 0;
    nothing.hidden = left > 0 || words.length === 0;
    found.textContent = words.length === 0 ? "" : `${left} of ${items.length} entries`;
  };
  let waiting = 0;
  search.addEventListener("input", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(filter); });
  const clear = () => { search.value = ""; filter(); };
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && event.target !== search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search) {
      clear();
    }
  });
  for (const button of find("[data-clear]")) button.addEventListener("click", () => { clear(); search.focus(); });

  // A link to an event opens it; one to what the search hides ends the search.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden || target.closest("[hidden]")) clear();
    if (target instanceof HTMLDetailsElement) target.open = true;
    target.scrollIntoView();
    (target.matches("details") ? target.querySelector("summary") : target).focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) reveal();
  });
  for (const button of find("[data-open]")) {
    button.addEventListener("click", () => {
      for (const card of find(".card")) if (!card.hidden) card.open = button.dataset.open === "true";
    });
  }

  // The drawing: everything on the ways through one box.
  const drawing = document.querySelector(".drawing svg");
  const edges = find("path[data-from]", drawing);
  const along = (from, to) => {
    const next = new Map();
    for (const edge of edges) {
      const list = next.get(edge.dataset[from]) ?? [];
      list.push(edge);
      next.set(edge.dataset[from], list);
    }
    return (start, lit) => {
      const seen = new Set([start]);
      const open = [start];
      while (open.length > 0) {
        const at = open.pop();
        lit.add(document.getElementById(at));
        for (const edge of next.get(at) ?? []) {
          lit.add(edge);
          const other = edge.dataset[to];
          if (!seen.has(other)) { seen.add(other); open.push(other); }
        }
      }
    };
  };
  const forward = along("from", "to");
  const backward = along("to", "from");
  let lit = new Set();
  const dim = () => { for (const element of lit) element.classList.remove("lit"); lit = new Set(); drawing.classList.remove("traced"); };
  const trace = (event) => {
    const node = event.target.closest?.(".node");
    dim();
    if (!node) return;
    forward(node.id, lit);
    backward(node.id, lit);
    for (const element of lit) element.classList.add("lit");
    drawing.classList.add("traced");
  };
  drawing.addEventListener("pointerover", trace);
  drawing.addEventListener("pointerleave", dim);
  drawing.addEventListener("focusin", trace);
  drawing.addEventListener("focusout", dim);
})();
