import { Declined, faultsOf } from "@vestibule-auth/client";
import { Link } from "react-router";

/** Why something could not be done: the server's words, or the client's; and where to do something about it, if that is elsewhere. */
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
      {error instanceof Declined && error.has("unverified_email") && (
        <>
          {" "}
          <Link to="/account/addresses">To your addresses</Link>
        </>
      )}
    </div>
  );
}
