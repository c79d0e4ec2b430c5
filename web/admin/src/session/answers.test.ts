import { expect, test } from "vitest";
import { beside, Declined, faultsIn, outcomeOf } from "./answers";

test("a fault stands beside its field, with when to come back", () => {
  const error = new Declined(
    400,
    { errors: [{ code: "too_many_login_attempts", message: "Too many failed attempts.", param: "code" }] },
    "300",
  );
  expect(faultsIn(error)).toEqual({ code: "Too many failed attempts. Try again in 5 minutes." });
  expect(beside(error, "code")).toBeUndefined();
  expect(beside(error, "password")).toBe("Too many failed attempts. Try again in 5 minutes.");
  expect(beside(undefined)).toBeUndefined();
});

test("what is declined says what to do", () => {
  expect(new Declined(429, {}, "90").detail).toBe("Try again in 1 minute 30 seconds.");
  expect(new Declined(0).type).toBe("urn:vestibule:problem:unreachable");
  expect(new Declined(401).type).toBe("urn:vestibule:problem:unauthenticated");
  const user = { id: "1", display: "Ann", has_usable_password: true };
  const again = new Declined(401, { data: { user, flows: [{ id: "reauthenticate" }] } });
  expect(again.type).toBe("urn:vestibule:problem:prove-again");
  expect(again.flows).toEqual([{ id: "reauthenticate" }]);
  const csrf = new Declined(403, { errors: [{ code: "csrf_failed", message: "The CSRF check failed." }] });
  expect(csrf.detail).toMatch(/Reload/);
});

test("a sign-in is done, waits, or may begin", () => {
  expect(outcomeOf(200, {}).signedIn).toBe(true);
  const flows = [{ id: "login" }, { id: "mfa_authenticate", is_pending: true, types: ["totp"] }];
  expect(outcomeOf(401, { data: { flows } })).toEqual({ signedIn: false, stage: "mfa_authenticate", types: ["totp"] });
  expect(outcomeOf(401, { data: { flows: [{ id: "login" }] } }).stage).toBe("");
});
