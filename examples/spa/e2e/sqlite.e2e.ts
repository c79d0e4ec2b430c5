import { describe } from "vitest";
import { app } from "./app.ts";

describe("on SQLite", () => app({}));
