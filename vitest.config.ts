import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    reporters: ["default", "./test/summary-reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          setupFiles: ["test/property-seed.ts"],
          include: ["src/**/*.test.ts", "test/*.test.ts", "tools/**/*.test.ts"],
          // For a machine that is slow and busy: nothing here takes long.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Many wait for timers and other processes.
          maxWorkers: availableParallelism() + 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "system",
          include: ["test/system/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

export default config;
