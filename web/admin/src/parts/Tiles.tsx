import { SimpleGrid } from "@mantine/core";
import type { ReactNode } from "react";

/** Tiles, side by side as many as there is room for. */
export function Tiles({ label, children }: { label: string; children: ReactNode }) {
  return (
    <SimpleGrid
      component="ul"
      aria-label={label}
      cols={{ base: 2, sm: 2, md: 3, xl: 6 }}
      spacing={{ base: "xs", sm: "md" }}
      m={0}
      p={0}
      style={{ listStyle: "none" }}
    >
      {children}
    </SimpleGrid>
  );
}
