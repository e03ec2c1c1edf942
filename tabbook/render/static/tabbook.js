/* The tabs at work: clicks, keys, the control in the header, and a page that stays put. */
(() => {
  "use strict";
  const { tabbook } = window;

  // The theme's buttons that unfold a chapter have no name for a screen reader: the chapter's, then.
  for (const button of document.querySelectorAll(".bd-links summary:not([aria-label])")) {
    const title = button.closest("li")?.querySelector("a");
    if (title) button.setAttribute("aria-label", title.textContent.trim());
  }

  const groups = [...document.querySelectorAll(".tabbook-group")];
  const variants = [...document.querySelectorAll("article .tabbook-variants")];
  if (!tabbook || groups.length + variants.length === 0) return;

  const tabsOf = (element) => element.dataset.tabs.split(" ");
  const isFor = (tab) => variants.some((element) => element.classList.contains(`tabbook-for-${tab}`));
  const isVisible = (element) => element.getClientRects().length > 0;
  const scroll = (top) => window.scrollBy({ top, behavior: "instant" });

  /* -- What is selected ---------------------------------------------------------------- */

  function update() {
    for (const group of groups) {
      const tabs = tabsOf(group);
      const shown = tabs.includes(tabbook.current) ? tabbook.current : tabs[0];
      for (const tab of group.querySelectorAll(":scope > .tabbook-tabs > .tabbook-tab")) {
        const selected = tab.dataset.tab === shown;
        tab.setAttribute("aria-selected", selected);
        tab.tabIndex = selected ? 0 : -1;
        if (selected) {
          document.getElementById(tab.getAttribute("aria-controls")).setAttribute("aria-labelledby", tab.id);
        }
      }
    }
    if (control) control.value = tabbook.current;
    numberFootnotes();
  }

  /** Say whether no panel or group around `element` is hidden; it may itself be folded. */
  function isShown(element) {
    const box = element.closest(".tabbook-panel, .tabbook-group");
    return !box || (getComputedStyle(box).display !== "none" && isShown(box.parentElement));
  }

  /** Count the footnotes that the reader sees, where some are for other frameworks. */
  function numberFootnotes() {
    if (!document.querySelector(".footnote.tabbook-only")) return;
    let count = 0;
    for (const note of document.querySelectorAll("article .footnote")) {
      const references = [...document.querySelectorAll(`.footnote-reference[href="#${CSS.escape(note.id)}"]`)];
      const isUnseen = references.length > 0 && !references.some(isShown);
      note.classList.toggle("tabbook-unseen", isUnseen);
      if (isUnseen) continue;
      count += 1;
      const label = note.querySelector(".label");
      for (const element of [label?.querySelector("a") ?? label, ...references]) {
        const text = [...(element?.childNodes ?? [])].find(({ nodeType }) => nodeType === Node.TEXT_NODE);
        if (text) text.data = count;
      }
    }
  }

  /** Show `tab` everywhere, while `anchor` stays where it is in the window, or what follows it there. */
  function select(tab, anchor) {
    const top = anchor.getBoundingClientRect().top;
    const root = document.documentElement;
    root.style.overflowAnchor = "none"; // the browser's own way of holding on would add to ours
    tabbook.show(tab);
    update();
    let held = anchor;
    while (!isVisible(held)) held = held.nextElementSibling ?? held.parentElement;
    hold(held, top);
    requestAnimationFrame(() => {
      hold(held, top);
      requestAnimationFrame(() => root.style.removeProperty("overflow-anchor"));
    });
  }

  function choose(tab, anchor) {
    tabbook.remember(tab);
    const url = new URL(location.href);
    if (url.searchParams.has("tab")) {
      url.searchParams.set("tab", tab);
      history.replaceState(history.state, "", url);
    }
    select(tab, anchor);
  }

  /* -- Staying put --------------------------------------------------------------------- */

  // Where the page is too short to scroll as far as it takes, empty room makes up for it. It is
  // taken away again as soon as it is out of sight.
  const room = { before: null, after: null };

  function setRoom(side, height, place) {
    room[side]?.remove();
    room[side] = null;
    if (height <= 0) return;
    const element = document.createElement("div");
    element.className = "tabbook-room";
    element.style.height = `${height}px`;
    place(element);
    room[side] = element;
  }

  function hold(anchor, top) {
    const off = () => anchor.getBoundingClientRect().top - top;
    setRoom("before", 0);
    setRoom("after", 0);
    scroll(off());
    const missing = off();
    if (missing >= 1) {
      setRoom("after", missing, (element) => document.body.append(element));
    } else if (missing <= -1) {
      setRoom("before", -missing, (element) => (anchor.closest(".tabbook-group") ?? anchor).before(element));
    }
    scroll(off());
  }

  addEventListener(
    "scroll",
    () => {
      if (room.after && room.after.getBoundingClientRect().top > window.innerHeight) setRoom("after", 0);
      const box = room.before?.getBoundingClientRect();
      if (box && box.bottom < 0) {
        setRoom("before", 0);
        scroll(-box.height);
      }
    },
    { passive: true },
  );

  /** Return what the reader is looking at: the first block of text or group that begins below the header. */
  function inSight() {
    const article = document.querySelector("article") ?? document.body;
    const { left, width } = article.getBoundingClientRect();
    const header = Math.max(document.querySelector(".bd-header-article")?.getBoundingClientRect().bottom ?? 0, 0);
    let cut = null; // what begins above the window: its end moves where another framework has more code
    for (let y = header + 8; y < window.innerHeight; y += 16) {
      const element = document.elementFromPoint(left + width / 2, y);
      if (element && article.contains(element) && !element.matches("article, section, .tabbook-group")) {
        const found = element.closest(".tabbook-group") ?? element;
        if (found.getBoundingClientRect().top >= header) return found;
        cut ??= found;
      }
    }
    return cut ?? article;
  }

  /* -- Clicks and keys ----------------------------------------------------------------- */

  document.addEventListener("click", (event) => {
    const tab = event.target.closest?.(".tabbook-tab");
    if (tab) choose(tab.dataset.tab, tab);
    // A link to where the address leads already is no news to the browser.
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.hash === location.hash) setTimeout(reveal);
  });

  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.(".tabbook-tab");
    if (!tab || event.altKey || event.ctrlKey || event.metaKey) return;
    const tabs = [...tab.parentElement.children];
    const index = tabs.indexOf(tab);
    const to = {
      ArrowRight: (index + 1) % tabs.length,
      ArrowLeft: (index - 1 + tabs.length) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(tabs[to].dataset.tab, tabs[to]);
    tabs[to].focus({ preventScroll: true });
  });

  /* -- One control for the page, in its header ------------------------------------------ */

  function addControl() {
    const header = document.querySelector(".article-header-buttons");
    if (!header) return null;
    const used = new Set(groups.flatMap(tabsOf).concat(tabbook.current));
    const select = document.createElement("select");
    select.className = "tabbook-control";
    select.setAttribute("aria-label", tabbook.words.framework);
    select.title = tabbook.words.framework;
    for (const tab of Object.keys(tabbook.names).filter((name) => used.has(name) || isFor(name))) {
      select.add(new Option(tabbook.names[tab], tab));
    }
    select.addEventListener("change", () => choose(select.value, inSight()));
    header.prepend(select);
    return select;
  }

  /* -- Links into a panel that is not visible -------------------------------------------- */

  function reveal() {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    const panel = target && target.closest(".tabbook-panel");
    if (!panel || isVisible(target)) return;
    const own = Object.keys(tabbook.names).map((tab) => document.getElementById(`${id}-in-${tab}`));
    const twin = [...document.getElementsByClassName(`tabbook-of-${id}`), ...own.filter(Boolean)].find(isVisible);
    if (!twin) {
      tabbook.show(tabsOf(panel)[0]); // for this page only: the reader did not choose it
      update();
    }
    (twin ?? target).scrollIntoView({ behavior: "instant" });
  }

  function cameFromSearch() {
    const isSearch = ({ pathname }) => /\/search(\.html|\/)?$/.test(pathname);
    const from = document.referrer && new URL(document.referrer);
    return from && from.origin === location.origin && isSearch(from) && !isSearch(location);
  }

  /** Show a word that the reader has searched for, where the page has it behind other tabs alone. */
  function revealFound() {
    const found = [...document.querySelectorAll("article .highlighted")];
    const panel = found[0]?.closest(".tabbook-panel");
    if (!panel || location.hash || found.some(isVisible)) return;
    tabbook.show(tabsOf(panel)[0]); // for this page only, as above
    update();
    found[0].scrollIntoView({ behavior: "instant", block: "center" });
  }

  const control = addControl();
  update();
  reveal();
  addEventListener("hashchange", reveal);
  document.addEventListener("DOMContentLoaded", () => {
    if (!cameFromSearch() || typeof SphinxHighlight === "undefined") return;
    // The theme loads the search itself on every page, and Sphinx then takes each for its search
    // page, where it marks nothing.
    SphinxHighlight.highlightSearchWords();
    setTimeout(revealFound, 50); // it marks them after 10 ms
  });
  addEventListener("pageshow", (event) => {
    const tab = event.persisted && tabbook.chosen(); // back from a page where another was chosen
    if (tab && tab !== tabbook.current) select(tab, inSight());
  });
})();
