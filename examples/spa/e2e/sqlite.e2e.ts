import { describe } from "vitest";
import { app } from "./app.ts";
import { everything } from "./everything.ts";

describe("on SQLite", () => app({}, ...everything));
