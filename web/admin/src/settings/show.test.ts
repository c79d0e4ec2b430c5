import { expect, test } from "vitest";
import type { Node } from "./node";
import { changesToShow } from "./show";

const schema: Node = {
  properties: {
    cookies: { properties: { age: { type: "integer", "x-expects": "a whole number of seconds" } } },
    key: { type: "string", writeOnly: true },
    providers: {
      additionalProperties: {
        properties: { apps: { type: "array", items: { properties: { secret: { type: "string", writeOnly: true } } } } },
      },
    },
  },
};

test("secrets are shown nowhere, however deep they are", () => {
  const shown = changesToShow(
    [
      { path: ["config", "key"], before: "********", after: "hunter2-hunter2" },
      { path: ["config", "providers", "x", "apps"], before: undefined, after: [{ secret: "hunter2", id: "a" }] },
      { path: ["config", "providers"], before: undefined, after: { y: { apps: [{ secret: "hunter2" }] } } },
    ],
    schema,
  );
  expect(JSON.stringify(shown)).not.toContain("hunter2");
  expect(shown[0]?.after).toBe("another secret");
  expect(shown[1]?.after).toEqual([{ secret: "another secret", id: "a" }]);
});

test("a name that every object knows is a provider's like any other", () => {
  const after = JSON.parse(
    `{"constructor":{"apps":[{"secret":"hunter2"}]},"__proto__":{"apps":[{"secret":"hunter2"}]}}`,
  );
  const [shown] = changesToShow([{ path: ["config", "providers"], before: undefined, after }], schema);
  expect(JSON.stringify(shown?.after)).toBe(
    `{"constructor":{"apps":[{"secret":"another secret"}]},"__proto__":{"apps":[{"secret":"another secret"}]}}`,
  );
});

test("lengths of time are in words as well", () => {
  const [age] = changesToShow([{ path: ["config", "cookies", "age"], before: undefined, after: 259_200 }], schema);
  expect(age).toEqual({ path: "config.cookies.age", before: null, after: "259200 (3 days)" });
});
