/* Runs in the head, before the page is drawn: decides which framework the page shows.
 *
 * What is visible follows from one style sheet with the chosen tab's name in it, so nothing
 * needs to be touched in the page, and the wrong framework never flashes up. Code and text for
 * others are left out, unless the page has no code for the chosen one: then the first that has
 * it is shown. Without this script all panels are visible.
 */
(() => {
  "use strict";
  const KEY = "tabbook.tab";
  const names = JSON.parse(document.currentScript.dataset.tabs);
  const style = document.createElement("style");
  const known = (tab) => (tab !== null && Object.hasOwn(names, tab) ? tab : null);

  window.tabbook = {
    /** The names of the book's frameworks, by tab, in the book's order. */
    names,
    /** What the scripts show, in the language of the book. */
    words: {
      framework: "Framework",
      output: "Output",
      outputAbove: "Output of the code above",
      outputAboveIn: "Output of the code above in {name}",
      ...JSON.parse(document.currentScript.dataset.words ?? "{}"),
    },
    /** The tab that the page shows where it can. */
    current: null,
    /** Show `tab` in every group that has it. */
    show(tab) {
      this.current = tab;
      document.documentElement.dataset.tabbook = tab;
      style.textContent = `
        .tabbook-panel { display: none }
        .tabbook-panel[data-tabs~="${tab}"],
        .tabbook-group:not([data-tabs~="${tab}"]) > .tabbook-tabs + .tabbook-panel { display: block }
        :root:has(meta[name=tabbook-code][content~="${tab}"]) .tabbook-group:not([data-tabs~="${tab}"]) { display: none }
        .tabbook-lacks[data-tabs~="${tab}"] { display: block }
        .tabbook-variant { display: none }
        .tabbook-variant.tabbook-for-${tab},
        .tabbook-variants:not(.tabbook-for-${tab}) > .tabbook-variant:first-child { display: inline }
        :root:has(meta[name=tabbook-code][content~="${tab}"]) .tabbook-only:not(.tabbook-for-${tab}) { display: none }
        .tabbook-links { display: none }
        .tabbook-links[data-tabs~="${tab}"],
        .tabbook-exports:not([data-tabs~="${tab}"]) > .tabbook-links:first-child { display: block }`;
    },
    /** Return the tab that the reader chose on this page or before, or null. */
    chosen() {
      const asked = known(new URLSearchParams(location.search).get("tab"));
      if (asked) {
        this.remember(asked);
        return asked;
      }
      try {
        return known(localStorage.getItem(KEY));
      } catch {
        return null; // storage is switched off: the choice holds for this page alone
      }
    },
    /** Keep the choice for the next page and the next visit. */
    remember(tab) {
      try {
        localStorage.setItem(KEY, tab);
      } catch {
        /* see above */
      }
    },
  };

  // The theme leaves these empty for who has not chosen light or dark: the page is drawn without
  // colours first, and the console has an error. (Its setting for it would cost those without
  // JavaScript all colours.)
  const { dataset } = document.documentElement;
  dataset.mode ||= "auto";
  dataset.theme ||= matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

  document.head.append(style);
  window.tabbook.show(window.tabbook.chosen() ?? Object.keys(names)[0]);
})();
