import { expect, test } from "vitest";
import { type Check, curl, order, placeOf } from "./places";

test("each setting has a screen, and those of the server have none", () => {
  expect(placeOf("hosts")).toBe("urls");
  expect(placeOf("cors.allowed_origins")).toBe("urls");
  for (const cookies of ["cookies.domain", "cookies.samesite", "cookies.secure"]) {
    expect(placeOf(cookies)).toBe("urls");
  }
  expect(placeOf("cookies.session_age")).toBe("sessions");
  expect(placeOf("state")).toBe("danger");
  expect(placeOf("anything.else")).toBe("config");
  expect(placeOf("VESTIBULE_TRUSTED_PROXY_COUNT")).toBeUndefined();
});

test("what is wrong comes first", () => {
  const check = (level: Check["level"], message: string): Check => ({ subject: "cors", level, message });
  const sorted = order([check("ok", "a"), check("problem", "b"), check("unknown", "c"), check("problem", "d")]);
  expect(sorted.map((c) => c.message).join("")).toBe("bdca");
});

test("the probe is a command that no header and no address can break out of", () => {
  expect(String(curl("https://login.example.org/some/path", "/x", { "X-Probe": "a'b" }))).toBe(
    "curl -sS -D - -o /dev/null -H 'X-Probe: a'\\''b' https://login.example.org/x",
  );
  expect(String(curl("$(reboot)", "/x", {}))).toContain("'$(reboot)/x'");
});
