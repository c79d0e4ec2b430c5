// Writes src/api/admin.d.ts and src/api/headless.d.ts from the documents that the server serves.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const wires = {
  admin: "../../../internal/adminapi/openapi.yaml",
  headless: "../../../internal/headless/openapi.yaml",
};

for (const [name, path] of Object.entries(wires)) {
  const document = new URL(path, import.meta.url);
  await readFile(document); // says which file is missing, if one is
  const types = astToString(await openapiTS(document, { emptyObjectsUnknown: true }));
  const head = `// Written by generate/generate.mjs from ${path.replaceAll("../", "")}: change that, then run make generate.\n\n`;
  await writeFile(new URL(`../src/api/${name}.d.ts`, import.meta.url), head + types);
}
