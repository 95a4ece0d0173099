// What the official parser says of AsyncAPI documents: `asyncapi.cjs [--wrong] FILE...`.
"use strict";
const fs = require("node:fs");
const { Parser } = require("./require.cjs")("@asyncapi/parser");

// There is a newer minor version of the specification; that is no mistake of a document of this one.
const NO_MISTAKE = new Set(["asyncapi-latest-version"]);

(async () => {
  const wrong = process.argv[2] === "--wrong";
  let mistakes = 0;
  for (const file of process.argv.slice(wrong ? 3 : 2)) {
    const { document, diagnostics } = await new Parser().parse(fs.readFileSync(file, "utf8"));
    const relevant = diagnostics.filter((diagnostic) => !NO_MISTAKE.has(diagnostic.code));
    mistakes += relevant.length;
    for (const { code, path, message } of relevant) console.log(`${file}: ${code} at ${path.join(".")}: ${message}`);
    if (document && relevant.length === 0) {
      console.log(`valid: AsyncAPI ${document.version()}, ${document.allMessages().all().length} messages, ${document.allOperations().all().length} operations`);
    }
  }
  process.exitCode = (mistakes > 0) === wrong ? 0 : 1;
})();
