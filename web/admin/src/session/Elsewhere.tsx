import { Alert, Anchor } from "@mantine/core";
import { publicURL } from "../api/client";

/** Whether operators can sign in at this address: cookies and passkeys are made for one alone. */
export const here = publicURL === "" || location.origin === publicURL;

/** Says where operators sign in, to whoever opened these pages at another address of the same server. */
export function Elsewhere() {
  if (here || !/^https?:\/\//.test(publicURL)) {
    return null;
  }
  return (
    <Alert color="yellow" variant="outline" title="Not at this address">
      Operators sign in at{" "}
      <Anchor
        href={publicURL + location.pathname + location.search}
        className="foreign"
        rel="noreferrer"
        underline="always"
        inherit
      >
        {publicURL}
      </Anchor>
      . Nobody can sign in here: cookies and passkeys are made for that address. The server is told of another by{" "}
      <code className="code">VESTIBULE_ADMIN_PUBLIC_URL</code>.
    </Alert>
  );
}
