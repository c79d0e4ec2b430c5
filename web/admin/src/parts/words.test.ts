import { expect, test } from "vitest";
import { ago, count, duration, number, spoken } from "./words";

test("how long ago", () => {
  const now = new Date("2026-01-02T12:00:00Z");
  expect(ago("2026-01-02T11:59:58Z", now)).toBe("just now");
  expect(ago("2026-01-02T11:57:00Z", now)).toBe("3 minutes ago");
  expect(ago("2026-01-01T11:00:00Z", now)).toBe("yesterday");
  expect(ago("2026-01-09T12:00:00Z", now)).toBe("next week");
});

test("durations have two units at most", () => {
  expect(duration(900)).toBe("15 minutes");
  expect(duration(5400)).toBe("1 hour 30 minutes");
  expect(duration(90061)).toBe("1 day 1 hour");
  expect(duration(0)).toBe("0 seconds");
});

test("counts and names", () => {
  expect(number(1234567)).toBe("1,234,567");
  expect(count(1, "user")).toBe("1 user");
  expect(count(1000, "user")).toBe("1,000 users");
  expect(count(2, "key", "keys")).toBe("2 keys");
  expect(spoken("user.login_failed")).toBe("User login failed");
});
