import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What a program said, whether or not it was content. */
function run(program: string, args: string[], cwd: string): string {
  try {
    return execFileSync(program, args, { cwd, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return stdout + stderr;
  }
}

// What is published, as those have it who install it: strict about the types of others, with Node's alone, from ES modules and from CommonJS.
test("the package in the hands of others", () => {
  const folder = at("node_modules/.package");
  const installed = `${folder}/node_modules/@vestibule-auth/client`;
  const tsc = at("node_modules/.bin/tsc");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  copyFileSync(at("package.json"), `${installed}/package.json`);
  writeFileSync(`${folder}/package.json`, "{}"); // else its name would be that of the package around it
  expect(run(tsc, ["--project", at("tsconfig.build.json"), "--outDir", `${installed}/dist`], folder)).toBe("");

  const strict = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    target: "es2022",
  };
  const program =
    'import { AppClient } from "@vestibule-auth/client";\nexport const app: AppClient = new AppClient({});\n';
  // A prop that is passed on is of the type that VestibuleProps gives it.
  const page =
    'import { Vestibule, type VestibuleProps } from "@vestibule-auth/client/react";\nexport const provider = Vestibule;\n' +
    'export const passed = (prove: VestibuleProps["prove"]): VestibuleProps => ({ client: app, prove });\n';
  for (const [name, text, options] of [
    ["node.ts", program, { module: "nodenext", lib: ["es2022"], types: ["node"] }],
    ["common.cts", program, { module: "nodenext", lib: ["es2022"], types: ["node"] }],
    ["page.ts", program + page, { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"], types: [] }],
  ] as const) {
    writeFileSync(`${folder}/${name}`, text);
    const config = { compilerOptions: { ...strict, ...options }, files: [name] };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
    expect(run(tsc, ["--project", folder], folder), name).toBe("");
  }

  const names = 'Object.keys(require("@vestibule-auth/client")).includes("AppClient")';
  const hooks = 'typeof require("@vestibule-auth/client/react").useSession';
  expect(run("node", ["--no-warnings", "-p", `[${names}, ${hooks}].join()`], folder)).toBe("true,function\n");
  // Frameworks that run components on a server have this one run in the browser by its first line.
  expect(readFileSync(`${installed}/dist/react.js`, "utf8")).toMatch(/^"use client";\n/);
  const { main, types } = JSON.parse(readFileSync(at("package.json"), "utf8")); // for tools that know no exports
  expect([main, types].map((path) => existsSync(`${installed}/${path}`))).toEqual([true, true]);
}, 120_000);
