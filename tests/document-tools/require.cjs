// The programs that `cargo xtask documents` installs below `target`.
"use strict";
const { createRequire } = require("node:module");
const path = require("node:path");

const folder = process.env.MELANGE_TEST_DOCUMENT_TOOLS;
if (!folder) throw new Error("run `cargo xtask documents`, which installs what this needs");

module.exports = createRequire(path.join(folder, "here.cjs"));
module.exports.folder = folder;
