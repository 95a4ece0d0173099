// A browser that reports everything it is not to do.
"use strict";
const { chromium } = require("./require.cjs")("playwright-core");

const ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

// Runs `work` with a new page, then fails if the page complained or asked for anything but `allowed`.
exports.withPage = async (executablePath, allowed, work) => {
  const browser = await chromium.launch({ executablePath, args: ARGS });
  try {
    const context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
    const page = await context.newPage();
    const complaints = [];
    page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => { complaints.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
    page.on("request", (request) => { if (!allowed(request.url())) complaints.push(`asked for ${request.url()}`); });
    await work(page);
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
  } finally {
    await browser.close();
  }
};
