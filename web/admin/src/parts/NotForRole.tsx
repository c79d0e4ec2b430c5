import type { ReactNode } from "react";
import { Empty } from "./Empty";

/** What stands at an address that the role may not open. */
export function NotForRole({ children }: { children?: ReactNode }) {
  return (
    <Empty title="There is nothing here for your role">
      {children ?? "It takes a role that may see this. Ask an owner of the platform if you need it."}
    </Empty>
  );
}
