import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

// What people copy must compile, against the sources.
test("the examples in README.md", () => {
  const blocks = [
    ...readFileSync(new URL("../README.md", import.meta.url), "utf8").matchAll(/^```(tsx?)\n(.*?)^```/gms),
  ];
  expect(blocks.length).toBeGreaterThan(4);
  const folder = fileURLToPath(new URL("../node_modules/.readme/", import.meta.url));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = blocks.map(([, kind], n) => `${n}.${kind}`);
  for (const [n, [, , text]] of blocks.entries()) {
    const here = text?.replace("@vestibule-auth/client/react", "../../src/react.tsx");
    writeFileSync(`${folder}/${files[n]}`, here?.replace("@vestibule-auth/client", "../../src/index.ts") ?? "");
  }
  writeFileSync(
    `${folder}/tsconfig.json`,
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions: { noUnusedLocals: false }, files }),
  );
  const tsc = fileURLToPath(new URL("../node_modules/.bin/tsc", import.meta.url));
  let said = "";
  try {
    execFileSync(tsc, ["--project", folder], { encoding: "utf8" });
  } catch (error) {
    said = (error as { stdout: string }).stdout;
  }
  expect(said).toBe("");
}, 60_000);
