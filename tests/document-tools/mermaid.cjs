// Whether Mermaid draws a flowchart: `mermaid.cjs BROWSER FILE`.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { folder } = require("./require.cjs");
const { withPage } = require("./browser.cjs");

const [browser, file] = process.argv.slice(2);
withPage(browser, (url) => url === "about:blank", async (page) => {
  await page.addScriptTag({ path: path.join(folder, "node_modules/mermaid/dist/mermaid.min.js") });
  const boxes = await page.evaluate(async (chart) => {
    window.attack = () => console.error("attacked");
    mermaid.initialize({ startOnLoad: false, securityLevel: "loose" });
    await mermaid.parse(chart);
    const { svg } = await mermaid.render("chart", chart);
    document.body.innerHTML = svg;
    return document.querySelectorAll("g.node").length;
  }, fs.readFileSync(file, "utf8"));
  console.log(`${boxes} boxes`);
}).catch((error) => { console.error(error); process.exitCode = 1; });
