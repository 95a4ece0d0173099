// The catalogue as a reader uses it: `catalogue.cjs shop|hostile|many BROWSER FILE`. Screenshots go beside the file.
"use strict";
const assert = require("node:assert");
const { pathToFileURL } = require("node:url");
const { withPage } = require("./browser.cjs");

const [which, browser, file] = process.argv.slice(2);
const url = pathToFileURL(file).href;
const allowed = (asked) => asked.split("#")[0] === url || asked.startsWith("data:");

const shownCards = (page) => page.$$eval(".card", (cards) => cards.filter((card) => !card.hidden).map((card) => card.id));
const typed = async (page, text) => {
  await page.fill("#search", text);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
};

// Every text against what is behind it, by the rule of WCAG: 4.5 to 1.
const contrasts = (page) => page.evaluate(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *:not(svg):not(svg *)")) {
    const text = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!text || !element.checkVisibility()) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) weak.push(`${element.tagName}.${element.className} ${element.textContent.slice(0, 20)}: ${contrast.toFixed(2)}`);
  }
  return weak;
});

const theme = (page) => page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]);
const turned = (page, to) => page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, to);

const shop = async (page) => {
  // Headings are in order, and everything that can be used has a name.
  const levels = await page.$$eval("h1, h2, h3, h4", (all) => all.map((heading) => Number(heading.tagName[1])));
  assert.strictEqual(levels.filter((level) => level === 1).length, 1);
  levels.reduce((before, level) => { assert.ok(level <= before + 1, `h${level} after h${before}`); return level; }, 0);
  const nameless = await page.$$eval("a, button, input, summary", (all) =>
    all.filter((it) => !(it.textContent.trim() || it.getAttribute("aria-label"))).map((it) => it.outerHTML));
  assert.deepStrictEqual(nameless, []);

  // The search filters all sections, by all words in any order; Escape ends it, and so does a link to what it hides.
  const all = await shownCards(page);
  assert.deepStrictEqual(all, ["event-OrderPlaced-v2", "event-OrderPlaced-v1", "event-Paid-v1", "event-Ticked-v1"]);
  await page.keyboard.press("/");
  assert.strictEqual(await page.evaluate(() => document.activeElement.id), "search");
  await typed(page, "customer ORDER told");
  assert.deepStrictEqual(await shownCards(page), ["event-OrderPlaced-v2"], "by the words of its field");
  assert.strictEqual(await page.isVisible("#queues"), false, "a section without a hit is away");
  assert.match(await page.textContent("#found"), /^1 of \d+ entries$/);
  await typed(page, "books.fifo");
  assert.strictEqual(await page.isVisible("#queues"), true);
  assert.deepStrictEqual((await shownCards(page)).includes("event-Ticked-v1"), false);
  await typed(page, "nothing has these words");
  assert.deepStrictEqual(await shownCards(page), []);
  assert.strictEqual(await page.isVisible("#nothing"), true);
  await page.keyboard.press("Escape");
  assert.deepStrictEqual(await shownCards(page), all);

  // A link opens its event and goes there.
  await typed(page, "ticked");
  await page.evaluate(() => { location.hash = "#event-OrderPlaced-v2"; });
  await page.waitForSelector("#event-OrderPlaced-v2[open]");
  assert.deepStrictEqual(await shownCards(page), all, "what a link leads to is not hidden");
  assert.ok(await page.isVisible("#event-OrderPlaced-v2 .fields"));
  assert.strictEqual(await page.evaluate(() => document.activeElement.closest(".card")?.id), "event-OrderPlaced-v2");

  // The keyboard alone opens and closes.
  await page.focus("#event-Paid-v1 > summary");
  await page.keyboard.press("Enter");
  assert.ok(await page.isVisible("#event-Paid-v1 .body"));
  await page.keyboard.press("Enter");
  assert.ok(!(await page.isVisible("#event-Paid-v1 .body")));
  await page.click("[data-open='true']");
  assert.strictEqual(await page.locator(".card[open]").count(), 4);

  // The drawing shows the ways through a box, by the keyboard too.
  await page.locator(".node.queue").first().focus();
  const lit = await page.$$eval(".node.lit", (nodes) => nodes.length);
  assert.ok(lit >= 3 && lit < await page.locator(".node").count(), `${lit} boxes lit`);

  // Light and dark: the system's, then the reader's, who is remembered. Both can be read.
  await page.emulateMedia({ colorScheme: "light" });
  await turned(page, "light");
  const [light, paper] = await theme(page);
  assert.strictEqual(light, "light");
  assert.deepStrictEqual(await contrasts(page), []);
  await page.emulateMedia({ colorScheme: "dark" });
  await turned(page, "dark");
  const [dark, night] = await theme(page);
  assert.strictEqual(dark, "dark");
  assert.notStrictEqual(paper, night);
  assert.deepStrictEqual(await contrasts(page), []);
  await page.click("#theme");
  assert.deepStrictEqual(await theme(page), ["light", paper]);
  // The browser writes its storage when it finds the time.
  for (let tries = 0; tries < 5; tries += 1) {
    await page.reload();
    if ((await theme(page))[0] === "light") break;
  }
  assert.deepStrictEqual(await theme(page), ["light", paper], "remembered");

  // Narrow, nothing sticks out.
  await page.setViewportSize({ width: 390, height: 800 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${wide} pixels stick out`);
};

const hostile = async (page) => {
  assert.strictEqual(await page.locator("script").count(), 1);
  assert.strictEqual(await page.locator("img, iframe, object, textarea").count(), 0);
  const acting = await page.$$eval("*", (all) => all.filter((it) => [...it.attributes].some(({ name }) => name.startsWith("on"))).length);
  assert.strictEqual(acting, 0);
  await page.click("[data-open='true']");
  await typed(page, "</script><script>");
  assert.ok((await shownCards(page)).length > 0, "and is found by what it is called");
};

const many = async (page, took) => {
  assert.strictEqual((await shownCards(page)).length, 1000);
  console.log(`there after ${took} ms`);
  assert.ok(took < 8000, `it took ${took} ms`);
  const searched = await page.evaluate(() => new Promise((done) => {
    const search = document.getElementById("search");
    search.value = "no0427";
    const began = performance.now();
    search.dispatchEvent(new Event("input"));
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
  }));
  console.log(`searched in ${Math.round(searched)} ms`);
  assert.deepStrictEqual(await shownCards(page), ["event-OrderChangedNo0427-v1"]);
  assert.ok(searched < 1500, `a search took ${searched} ms`);
};

withPage(browser, allowed, async (page) => {
  await page.addInitScript(() => { window.attack = () => console.error("attacked"); });
  const began = Date.now();
  await page.goto(url);
  const took = Date.now() - began;
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await turned(page, colorScheme);
    await page.screenshot({ path: file.replace(/\.html$/, `-${colorScheme}.png`) });
  }
  await { shop, hostile, many }[which](page, took);
  console.log("all of it works");
}).catch((error) => { console.error(error); process.exitCode = 1; });
