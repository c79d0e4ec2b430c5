import type { Step } from "@vestibule-auth/client/react";
import type { ReactNode } from "react";
import { Failure } from "./Failure";

interface ActButtonProps {
  step: Pick<Step<never, unknown>, "busy" | "error">;
  onClick: () => void;
  /** How it looks: like the one thing to do, like one of several, like text, or like something that cannot be undone. */
  look?: "primary" | "plain" | "link" | "danger";
  /** What it is called where its text alone does not say of what it is. */
  label?: string;
  children: ReactNode;
}

/** A button that takes a step, and says below why it failed. */
export function ActButton({ step, onClick, look = "plain", label, children }: ActButtonProps) {
  return (
    <span className="act">
      <button type="button" className={look} onClick={onClick} aria-busy={step.busy} aria-label={label}>
        {children}
      </button>
      {step.error !== undefined && <Failure error={step.error} />}
    </span>
  );
}
