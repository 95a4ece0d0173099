// Whether values keep to their schemas: `schemas.cjs FILE`, a list of `{ name, schema, value }`.
"use strict";
const fs = require("node:fs");
const load = require("./require.cjs");
const Ajv = load("ajv/dist/2020").default;
const formats = load("ajv-formats").default;

const cases = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
let mistakes = 0;
for (const { name, schema, value } of cases) {
  const ajv = new Ajv({ allErrors: true, strict: false, logger: false });
  formats(ajv);
  const validate = ajv.compile(schema);
  if (!validate(value)) {
    mistakes += 1;
    console.log(`${name}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}\n${JSON.stringify(schema)}`);
  }
  // One that takes anything would prove nothing.
  if (validate({})) {
    mistakes += 1;
    console.log(`${name}: takes an empty object`);
  }
}
console.log(`${cases.length - mistakes} values keep to their schemas`);
process.exitCode = mistakes === 0 ? 0 : 1;
