import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { sh } from "./sh";

const hostile = [
  "x; touch /tmp/owned #",
  "$(touch /tmp/owned)",
  "`touch /tmp/owned`",
  "a'b",
  "'; touch /tmp/owned; '",
  'a"b$HOME',
  "a\\",
  "*",
  "~root",
  "!!",
  "=ls",
  "a b",
  "",
  "&",
  "<x>",
  "{a,b}",
  "Zoë 👩‍💻",
];

/** The words that a shell makes of a line. */
const words = (line: unknown) =>
  execFileSync("/bin/sh", ["-c", `args() { printf '%s\\n' "$@"; }; args ${line}`], { encoding: "utf8" })
    .split("\n")
    .slice(0, -1);

test("what is plain stays as it is", () => {
  expect(String(sh`admin user list --tenant ${"acme"} -q ${"ann@example.org"} --limit ${5}`)).toBe(
    "admin user list --tenant acme -q ann@example.org --limit 5",
  );
});

test("a value is one word in a shell, whatever it is", () => {
  for (const value of hostile) {
    expect(words(sh`show ${value} --tenant ${value} --as ${`X: ${value}`}`), value).toEqual([
      "show",
      value,
      "--tenant",
      value,
      "--as",
      `X: ${value}`,
    ]);
    expect(words(sh`show ${sh`--state ${value}`}`), value).toEqual(["show", "--state", value]);
  }
});

test("a line is one line, and looks as it runs", () => {
  const line = String(
    sh`show ${"a\nreboot\r\n\x1b[2K\x07\x00b\u202egnp\u2066\u2028c\x9b\x7fd"} --note ${"one\n\ntwo"}`,
  );
  expect(line).toBe("show 'a reboot [2Kbgnpcd' --note 'one two'");
});

test("a value is no flag, however it begins", () => {
  expect(String(sh`list --state ${"-x"} -q ${"--y z"} --all`)).toBe("list --state=-x -q='--y z' --all");
  expect(String(sh`show ${"--url=evil"} --tenant ${"acme"}`)).toBe("show --tenant acme -- --url=evil");
  expect(String(sh`show ${"\x1b--url"} --tenant ${"acme"}`)).toBe("show --tenant acme -- --url");
  expect(String(sh`show ${"-"}`)).toBe("show -- -");
  expect(String(sh`export ${"-a"} > ${"-a"}.yaml`)).toBe("export > -a.yaml -- -a");
  expect(String(sh`validate -f ${"-a b"}.yaml`)).toBe("validate -f='-a b'.yaml");
  expect(String(sh`list ${[sh`${"-x"}`, sh`--state ${"-y"}`]}`)).toBe("list --state=-y -- -x");
  expect(String(sh`${"-x y"}.json next`)).toBe("next -- '-x y'.json");
});

test("parts that are not there leave no gap", () => {
  expect(String(sh`list ${undefined} --all`)).toBe("list --all");
  expect(String(sh`list ${undefined}`)).toBe("list");
  expect(String(sh`list ${[]}`)).toBe("list");
  expect(String(sh`list ${[undefined, sh`--a ${"1"}`, undefined, sh`--b`]} ${undefined}`)).toBe("list --a 1 --b");
  expect(String(sh`${undefined} --all`)).toBe("--all");
});
