import { Declined } from "@vestibule-auth/client";
import { useStep } from "@vestibule-auth/client/react";
import { ActButton } from "../../parts/ActButton";
import { useTell } from "../../tell";

/** Asks for another mail or text. A tenant may allow that a few times, or never. */
export function Resend({ resend, children }: { resend: () => Promise<void>; children: string }) {
  const tell = useTell();
  const again = useStep(async () => {
    try {
      await resend();
    } catch (error) {
      const spent = error instanceof Declined && (error.reason === "conflict" || error.reason === "forbidden");
      throw spent ? new Error("No more can be sent just now. Begin again in a while.") : error;
    }
    tell("It is on its way.");
  });
  return (
    <ActButton step={again} onClick={again.run} look="link">
      {children}
    </ActButton>
  );
}
