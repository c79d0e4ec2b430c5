import { describe, test } from "vitest";
import { app } from "./app.ts";
import { everything } from "./everything.ts";

// make spa-e2e gives the tests a PostgreSQL.
const database = process.env.VESTIBULE_TEST_DATABASE_URL;

describe("on PostgreSQL", () => {
  if (database) {
    app({ VESTIBULE_DATABASE_URL: database, VESTIBULE_DATABASE_MAX_CONNS: "8" }, ...everything);
  } else {
    test.skip("not run: VESTIBULE_TEST_DATABASE_URL names no database; make spa-e2e does", () => {});
  }
});
