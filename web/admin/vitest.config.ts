import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
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
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
