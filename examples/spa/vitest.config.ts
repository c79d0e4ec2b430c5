import { defineConfig } from "vitest/config";

export default defineConfig({
  // The tests share helpers with those of the operators' pages, which are to find what is installed here.
  resolve: { dedupe: ["playwright-core"] },
  test: {
    maxWorkers: 2,
    expect: { poll: { timeout: 10_000 } },
    projects: [
      { extends: true, test: { name: "unit", include: ["src/**/*.test.ts"], environment: "node" } },
      { extends: true, test: { name: "look", include: ["e2e/look.ts"], environment: "node", testTimeout: 600_000 } },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["e2e/**/*.e2e.ts"],
          environment: "node",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
