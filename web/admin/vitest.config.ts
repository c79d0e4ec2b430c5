import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// The files that take longest, the longest first, so that none of them is begun when all others are done.
const long = ["screens", "users", "signin", "settings"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = (file: TestSpecification) => {
      const at = long.findIndex((name) => file.moduleId.endsWith(`/${name}.e2e.ts`));
      return at < 0 ? long.length : at;
    };
    return files.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    maxWorkers: 3, // which keeps two cores busy: each waits for its server now and then
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: "look", include: ["e2e/look.ts"], environment: "node", testTimeout: 600_000 } },
      {
        test: {
          name: "bench",
          include: ["e2e/speed.ts"],
          environment: "node",
          testTimeout: 1_800_000,
          hookTimeout: 120_000,
        },
      },
      { test: { name: "unit", include: ["{src,build,e2e}/**/*.test.ts"], environment: "node" } },
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.e2e.ts"],
          environment: "node",
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
