// What stands between accounts and whoever guesses, floods or fishes.
import { Notice } from "../parts/Notice";
import { Section } from "../parts/Section";
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
      commands={(slug) => [`admin tenant show ${slug}`, `admin tenant patch ${slug} --config changes.json`]}
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
          true: "A signup with a taken address is answered like any other, and the owner is mailed. The recommended level.",
          strict:
            "As above, and a taken address may even sign up again, as long as neither account has verified it: nobody can keep an address from its owner.",
          false:
            "People are told that an address is taken. Kinder to those who forgot, and to those who collect addresses.",
        }}
      />
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
          description={`Of argon2id: ${Math.round(kib / 1024)} MiB now. More makes stolen hashes dearer to try, and each login slower: every login needs it for a moment. Older hashes are replaced at login.`}
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
        label="A login may wait for"
        description="How long a login that is half done, as before a second factor, stays open."
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
