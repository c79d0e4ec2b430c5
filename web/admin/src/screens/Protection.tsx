// What stands between accounts and whoever guesses, floods or fishes.
import { Notice } from "../parts/Notice";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import type { Draft } from "../settings/draft";
import { More } from "../settings/More";
import { Setting } from "../settings/Setting";
import { SettingsScreen } from "../settings/SettingsScreen";
import { RateLimits } from "./protection/RateLimits";

export default function Protection() {
  return (
    <SettingsScreen
      title="Attack protection"
      lead="How often things may be tried, what strangers can find out, and which passwords are good enough."
      commands={(slug) => [sh`admin tenant show ${slug}`, sh`admin tenant patch ${slug} --config changes.json`]}
    >
      {(draft, readOnly) => (
        <>
          <RateLimits draft={draft} readOnly={readOnly} />
          <Strangers draft={draft} readOnly={readOnly} />
          <Passwords draft={draft} readOnly={readOnly} />
          <Proof draft={draft} readOnly={readOnly} />
        </>
      )}
    </SettingsScreen>
  );
}

interface PartProps {
  draft: Draft;
  readOnly: boolean;
}

/** Whether a signup tells of a taken address although that is to be hidden: it has to, where the newcomer is let in without proof. */
function tells(draft: Draft): boolean {
  const hidden = draft.value("config.account.prevent_enumeration") ?? true;
  const open = draft.value("config.account.signup_enabled") ?? true;
  return hidden === true && open === true && draft.value("config.account.email_verification") !== "mandatory";
}

function Strangers({ draft, readOnly }: PartProps) {
  return (
    <Section title="What strangers can find out">
      <Setting
        draft={draft}
        readOnly={readOnly}
        path="account.prevent_enumeration"
        label="Who has an account"
        description="Whether answers tell which addresses and numbers have accounts. Lists of them are what attackers begin with."
        names={{ true: "Hidden", strict: "Hidden, strictly", false: "Told" }}
        help={{
          true: "Resets and codes are answered alike for everybody. So is a signup, where addresses must be verified: the owner of a taken one is mailed.",
          strict:
            "As above, whatever is verified: a taken address may sign up again as long as neither account has verified it, and nobody can keep an address from its owner.",
          false:
            "People are told that an address is taken. Kinder to those who forgot, and to those who collect addresses.",
        }}
      />
      {tells(draft) && (
        <Notice kind="warning" live>
          A signup still tells that an address is taken, as long as addresses need not be verified. Have them verified
          under Sign-in methods, or hide it strictly.
        </Notice>
      )}
      {draft.value("config.account.prevent_enumeration") === false && (
        <Notice kind="warning" live>
          Anybody can find out whether somebody has an account here.
        </Notice>
      )}
    </Section>
  );
}

function Passwords({ draft, readOnly }: PartProps) {
  const common = { draft, readOnly };
  const kib = Number(draft.value("config.passwords.argon2id_memory") ?? 19_456);
  return (
    <Section
      title="Passwords"
      lead="Besides these rules, a password is never all digits, a common one, or like the user's own details."
    >
      <Setting
        {...common}
        path="passwords.min_length"
        label="Shortest password"
        unit="characters"
        description="Length does more than any other rule."
      />
      <Setting
        {...common}
        path="passwords.breach_check"
        label="Leaked passwords"
        description="Whether new passwords are looked up among those that are known from breaches of other sites."
        names={{ off: "Not looked up", hibp: "Looked up at Have I Been Pwned" }}
        help={{
          off: "Nothing is sent anywhere.",
          hibp: "Five characters of the password's digest are sent, which tell nobody what it is. Without an answer within a second, the password is accepted.",
        }}
      />
      <More label="How passwords are stored" draft={draft} paths={["passwords.argon2id", "passwords.hasher"]}>
        <Setting
          {...common}
          path="passwords.argon2id_memory"
          label="Memory of one hash"
          unit="KiB"
          description={`Of argon2id: ${Math.round(kib / 1024)} MiB now. More makes stolen hashes dearer to try, and each sign-in slower: every sign-in needs it for a moment. Older hashes are replaced at sign-in.`}
        />
        <Setting {...common} path="passwords.argon2id_iterations" label="Passes of one hash" unit="passes" />
        <Setting {...common} path="passwords.argon2id_parallelism" label="Lanes of one hash" unit="lanes" />
      </More>
    </Section>
  );
}

function Proof({ draft, readOnly }: PartProps) {
  const common = { draft, readOnly };
  return (
    <Section title="Proof, time and memory">
      <Setting
        {...common}
        path="account.reauthentication_required"
        label="Ask again before changes"
        description="Changing addresses, numbers and connected accounts takes a recent proof of who one is: a session that was left open is not enough."
      />
      <Setting
        {...common}
        path="account.reauthentication_timeout"
        label="A proof is recent for"
        description="After this, people prove again who they are."
      />
      <Setting
        {...common}
        path="account.login_timeout"
        label="A sign-in may wait for"
        description="How long a sign-in that is half done, as before a second factor, stays open."
      />
      <Setting
        {...common}
        path="audit.retention_days"
        label="Events are kept for"
        unit="days"
        description="The audit log is where attacks are looked into afterwards. With 0, events are kept for ever."
      />
    </Section>
  );
}
