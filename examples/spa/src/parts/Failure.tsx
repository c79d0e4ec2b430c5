import { faultsOf } from "@vestibule-auth/client";

/** Why something could not be done: the server's words, or the client's. */
export function Failure({ error }: { error: unknown }) {
  const said = Object.values(faultsOf(error)).join(" ");
  return (
    <div role="alert" className="failure">
      {said}
    </div>
  );
}
