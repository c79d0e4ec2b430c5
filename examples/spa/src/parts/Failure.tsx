import { faultsOf } from "@vestibule-auth/client";

/** Why something could not be done: the server's words, or the client's. */
export function Failure({
  error,
  said = Object.values(faultsOf(error)).join(" "),
}: {
  error?: unknown;
  said?: string;
}) {
  return (
    <div role="alert" className="failure">
      {said}
    </div>
  );
}
