// Access and refresh tokens of app clients.
import { Anchor, Text } from "@mantine/core";
import { Section } from "../../parts/Section";
import { JsonText } from "../../settings/controls";
import type { Draft } from "../../settings/draft";
import { More } from "../../settings/More";
import { Setting } from "../../settings/Setting";
import { SettingRow } from "../../settings/SettingRow";

const example = { email: "{{.User.Email}}", "https://example.org/tenant": "{{.Tenant.Slug}}", roles: ["member"] };

export function Tokens({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  const common = { draft, readOnly };
  const jwt = draft.value("config.headless.token_strategy") === "jwt";
  return (
    <Section title="Tokens" lead="What your own servers can check without asking this one.">
      <Setting
        {...common}
        path="headless.token_strategy"
        label="A sign-in hands apps"
        description="Browsers are handed none of these."
        names={{ session: "A session token alone", jwt: "An access and a refresh token, too" }}
        help={{
          session: "It is looked up here at each use, so that a logout counts at once.",
          jwt: "Your servers check the access token by the published keys. It is good until it expires, whatever happens to its session.",
        }}
      />
      {jwt && (
        <>
          <Setting
            {...common}
            path="headless.jwt_access_token_expires_in"
            label="An access token is good for"
            description="Keep it short: elsewhere it outlives a logout by as much."
          />
          <Setting
            {...common}
            path="headless.jwt_refresh_token_expires_in"
            label="A refresh token is good for"
            description="How long an app may be away and still come back without a sign-in."
          />
          <Setting
            {...common}
            path="headless.jwt_rotate_refresh_token"
            label="A new refresh token at each use"
            description="An old one that is used again was stolen from somebody: its session ends."
          />
          <Setting
            {...common}
            path="headless.jwt_refresh_grace_period"
            label="An old one may be sent again for"
            description="For answers that were lost on the way, and tabs that ask at the same time."
          />
          <Setting
            {...common}
            path="headless.jwt_stateful_validation_enabled"
            label="Check access tokens against their session here"
            description="A logout then counts at once on this server. Your own servers still take the token until it expires."
          />
          <Setting
            {...common}
            path="headless.jwt_audience"
            label="Audience"
            description="The aud of access tokens: the name of your API. With one of its own, a refresh token is refused there. Changing it ends all access tokens."
            fallback="the public URL"
          />
          <SettingRow
            draft={draft}
            at="config.headless.jwt_claims"
            label="Claims"
            description={
              <>
                What access tokens say beside the usual. Text is a Go template that may name <code>.User.ID</code>,{" "}
                <code>.User.Email</code>, <code>.User.Username</code>, <code>.User.Name</code> and{" "}
                <code>.Tenant.Slug</code>, with <code>if</code>, <code>else</code>, <code>and</code>, <code>or</code>,{" "}
                <code>not</code>, <code>eq</code> and <code>ne</code>. An address may not be verified: nobody who reads
                the token can tell.
              </>
            }
            fallback="none"
            wide
            readOnly={readOnly}
          >
            {(ids) => (
              <>
                <JsonText
                  ids={ids}
                  draft={draft}
                  at="config.headless.jwt_claims"
                  label="Claims"
                  readOnly={readOnly}
                  rows={4}
                  value={draft.value("config.headless.jwt_claims")}
                  set={(v) => draft.set("config.headless.jwt_claims", v)}
                />
                {!readOnly && draft.value("config.headless.jwt_claims") === undefined && (
                  <Text size="xs" mt={4}>
                    <Anchor
                      component="button"
                      type="button"
                      size="xs"
                      onClick={() => draft.set("config.headless.jwt_claims", example)}
                    >
                      Begin with an example
                    </Anchor>
                  </Text>
                )}
              </>
            )}
          </SettingRow>
          <Setting
            {...common}
            path="headless.jwt_algorithm"
            label="Signed with"
            description="RS256 is what every library knows; ES256 takes a tenth of the time. HS256 is a shared secret: whoever can check such a token can make one. Another one counts after ten minutes."
          />
          <Setting
            {...common}
            path="headless.jwt_key_rotation_days"
            label="A key signs for"
            unit="days"
            description="Then the next one does, which is published a day before. With 0, keys are rotated by hand alone."
          />
          <More
            label="Details of tokens"
            draft={draft}
            paths={["headless.jwt_private_key", "headless.jwt_authorization_header_scheme"]}
          >
            <Setting
              {...common}
              path="headless.jwt_private_key"
              label="A fixed key of your own"
              description="A private key in PEM or, for HS256, a secret of at least 32 characters. With it, keys are neither made nor rotated here. Importing a key below keeps both possible."
              fallback="the server makes keys"
              long
            />
            <Setting
              {...common}
              path="headless.jwt_authorization_header_scheme"
              label="Word before the token"
              description="In the Authorization header."
            />
          </More>
        </>
      )}
    </Section>
  );
}
