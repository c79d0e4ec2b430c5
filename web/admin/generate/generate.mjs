// Writes the types of both wires from the documents that the server serves: the admin API's for these pages, the headless API's for the SDK,
// from which these pages have them, too.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const wires = {
  "../src/api/admin.d.ts": "../../../internal/adminapi/openapi.yaml",
  "../../sdk/src/wire.ts": "../../../internal/headless/openapi.yaml",
};

for (const [written, path] of Object.entries(wires)) {
  const document = new URL(path, import.meta.url);
  await readFile(document); // says which file is missing, if one is
  const types = astToString(await openapiTS(document, { emptyObjectsUnknown: true }));
  const head = `// Written by web/admin/generate from ${path.replaceAll("../", "")}: change that, then run make generate.\n\n`;
  await writeFile(new URL(written, import.meta.url), head + types);
}
