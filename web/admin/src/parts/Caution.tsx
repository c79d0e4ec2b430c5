import { Badge } from "@mantine/core";
import type { ReactNode } from "react";

/** A badge for what may need a look. Yellow as the theme has it is too pale for text in one of the schemes. */
export function Caution({ children }: { children: ReactNode }) {
  return (
    <Badge component="span" className="caution">
      {children}
    </Badge>
  );
}
