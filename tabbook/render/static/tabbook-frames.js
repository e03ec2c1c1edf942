/* Outputs that run code: each in a document of its own, in a frame that cannot reach the page.
 *
 * Each tab is a notebook: a frame first runs the earlier outputs of its tab, out of sight, so that
 * it finds the libraries that these have loaded, and then the later ones that fill its elements.
 * Frames are made when they become visible, so that a chart is drawn at the width that it has, and
 * one after the other, those in the window first. They take the height of their content.
 */
(() => {
  "use strict";
  const outputs = [...document.querySelectorAll(".tabbook-live")];
  const styles = document.currentScript?.dataset.styles ?? "";
  const { names, words } = window.tabbook;
  const PATIENCE = 3000; // ms that the next frame waits for one that does not report its height

  // What browsers from before 2024 do not do while they read the page.
  for (const template of document.querySelectorAll("template[shadowrootmode]")) {
    const host = template.parentElement;
    if (!host.shadowRoot) host.attachShadow({ mode: "open" }).append(template.content);
    template.remove();
  }

  // A link within an output leads to its own elements, which the page's address does not reach.
  for (const { shadowRoot } of document.querySelectorAll(".tabbook-static")) {
    shadowRoot?.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href^='#']");
      const target = link && shadowRoot.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (!target) return;
      event.preventDefault();
      target.scrollIntoView();
    });
  }
  if (outputs.length === 0) return;

  const tabsOf = (output) => output.dataset.tabs.split(" ");
  const dataOf = (output) => JSON.parse(output.querySelector("script").textContent);
  const isVisible = (output) => output.getClientRects().length > 0 && output.clientWidth > 0;
  const frames = new Map(); // output -> its frame

  /* -- Inside a frame -------------------------------------------------------------------- */

  /** Run `items` and show the one at `shown`. This is all that a frame gets of this file. */
  function inside(items, shown) {
    const main = document.querySelector("main");
    const boxes = items.map((_, place) => {
      const box = document.createElement("div");
      (place === shown ? main : document.querySelector("#others")).append(box);
      return box;
    });

    /** Run a script that came with HTML, as the browser would have: in order, one after the other. */
    function execute(script) {
      const made = document.createElement("script");
      for (const { name, value } of script.attributes) made.setAttribute(name, value);
      made.text = script.text;
      const isRun = !script.type || /^(module$|(text|application)\/(x-)?(java|ecma)script)/i.test(script.type);
      const isWaitedFor = isRun && script.src && !script.hasAttribute("async");
      const loaded = isWaitedFor && new Promise((resolve) => {
        made.addEventListener("load", resolve);
        made.addEventListener("error", resolve);
      });
      script.replaceWith(made);
      return loaded;
    }

    async function run() {
      // A frame may have no size at first, and a chart would be drawn at that.
      while (!main.offsetWidth) await new Promise((resolve) => setTimeout(resolve, 5));
      for (const [place, { html, isCode }] of items.entries()) {
        const box = boxes[place];
        if (isCode) {
          try {
            new Function("element", html).call(box, box);
          } catch (error) {
            console.error(error);
          }
          continue;
        }
        box.innerHTML = html;
        for (const script of box.querySelectorAll("script")) {
          const loaded = execute(script);
          if (loaded) await loaded;
        }
      }
    }

    let reported = -1;
    let width = innerWidth;
    let chases = 0; // how often the content has grown because its frame had

    /** Report to the page how high the content is. */
    function report(resized = false) {
      if (innerWidth === 0) return; // behind another tab
      if (innerWidth !== width) chases = 0;
      if (chases > 3) return;
      const bar = innerHeight - document.documentElement.clientHeight;
      const height = Math.ceil(Math.max(main.getBoundingClientRect().height, main.scrollHeight)) + bar;
      if (height === reported) return;
      if (resized && innerWidth === width && height > reported) chases += 1;
      if (chases > 3) document.documentElement.style.overflowY = "auto";
      width = innerWidth;
      reported = height;
      parent.postMessage({ tabbook: "height", height }, "*");
    }

    addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href^='#']");
      if (!link) return;
      event.preventDefault(); // or else the page would be opened
      const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (target) parent.postMessage({ tabbook: "scroll", top: target.getBoundingClientRect().top }, "*");
    });
    addEventListener("resize", () => report(true));
    run().then(() => {
      report();
      new ResizeObserver(() => report()).observe(main);
      new MutationObserver(() => report()).observe(main, {
        attributes: true,
        characterData: true,
        childList: true,
        subtree: true,
      });
      addEventListener("load", () => report(), true); // pictures, too
    });
  }

  /* -- Frames in the page ------------------------------------------------------------------ */

  const safe = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

  /** Return the document of the frame of `output`. */
  function source(output) {
    const [tab] = tabsOf(output);
    const ran = outputs.filter(
      (other) => tabsOf(other).includes(tab) && Number(other.dataset.place) <= Number(output.dataset.last),
    );
    const { fontFamily, fontSize, lineHeight, color } = getComputedStyle(output);
    const font = `font: ${fontSize} / ${lineHeight} ${fontFamily}; color: ${color};`;
    const sheets = [styles, ...dataOf(output).styles].map((css) => `<style>${css}</style>`).join("");
    return `<!DOCTYPE html><html lang="${document.documentElement.lang || "en"}"><head><meta charset="utf-8">
      <title>${words.output}</title><base target="_blank">
      <style>
        html { overflow-x: auto; overflow-y: hidden }
        body { margin: 0; ${font} }
        main { display: flow-root; position: relative }
        #others { position: absolute; left: 0; width: 100%; height: 0; overflow: hidden; visibility: hidden }
      </style>${sheets}</head>
      <body><main></main><div id="others" aria-hidden="true" inert></div>
      <script>(${inside})(${safe(ran.map(dataOf))}, ${ran.indexOf(output)})</script></body></html>`;
  }

  function build(output) {
    const frame = document.createElement("iframe");
    const [tab] = tabsOf(output);
    const isOne = tabsOf(output).length === 1;
    frame.title = isOne ? words.outputAboveIn.replace("{name}", names[tab] ?? tab) : words.outputAbove;
    frame.className = "tabbook-frame";
    // Without allow-same-origin: neither the page nor what the reader's browser keeps is in reach.
    // Without allow-modals: an output that opens a dialog would open it in later frames as well.
    frame.setAttribute(
      "sandbox",
      "allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads",
    );
    frame.allow = "fullscreen";
    frame.srcdoc = source(output);
    frames.set(output, frame);
    output.append(frame);
  }

  addEventListener("message", ({ source: sender, data }) => {
    const [output, frame] = [...frames].find(([, one]) => one.contentWindow === sender) ?? [];
    if (!frame) return;
    if (data?.tabbook === "height" && data.height >= 0) {
      frame.style.height = `${data.height}px`;
      output.classList.add("tabbook-drawn");
      output.classList.toggle("tabbook-blank", data.height === 0);
      advance(output);
    } else if (data?.tabbook === "scroll" && Number.isFinite(data.top)) {
      const header = document.querySelector(".bd-header-article")?.getBoundingClientRect().bottom ?? 0;
      scrollBy({ top: frame.getBoundingClientRect().top + data.top - header });
    }
  });

  /* -- One after the other ----------------------------------------------------------------- */

  let current = null;

  /** Make the next frame when `output`, the last one, is drawn. */
  function advance(output) {
    if (output !== current) return;
    current = null;
    makeNext();
  }

  function makeNext() {
    if (current) return;
    const distance = (output) => Math.abs(output.getBoundingClientRect().top - innerHeight / 2);
    const waiting = outputs.filter((output) => !frames.has(output) && isVisible(output));
    const next = waiting.sort((one, other) => distance(one) - distance(other))[0];
    if (!next) return;
    current = next;
    build(next);
    setTimeout(advance, PATIENCE, next);
  }

  const appear = new ResizeObserver(makeNext); // also when a tab or a folded block is opened
  for (const output of outputs) appear.observe(output);
  addEventListener("beforeprint", () => {
    for (const output of outputs) if (!frames.has(output) && isVisible(output)) build(output);
  });
})();
