import {
  Anchor,
  Checkbox,
  Collapse,
  JsonInput,
  PasswordInput,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema } from "../../api/client";
import { FormModal } from "../../parts/FormModal";
import { done } from "../../parts/tell";
import { metadataFault, metadataOf } from "../user/json";

const nobody = {
  email: "",
  email_verified: false,
  username: "",
  name: "",
  phone: "",
  phone_verified: false,
  password: "",
  metadata_public: "",
  metadata_private: "",
};

/** Makes a user with a password, or invites one by mail. */
export function Create({ slug, opened, close }: { slug: string; opened: boolean; close: () => void }) {
  const navigate = useNavigate();
  const create = api.useMutation("post", "/admin/v1/tenants/{slug}/users");
  const [how, setHow] = useState("invite");
  const [more, setMore] = useState(false);
  const form = useForm({ initialValues: nobody });
  const v = form.values;
  const invite = how === "invite";
  const bad = metadataFault(v.metadata_public) ?? metadataFault(v.metadata_private);
  const end = () => {
    form.reset(); // a password does not stay behind
    close();
  };
  const submit = async () => {
    const body: Schema<"NewUser"> = {};
    for (const name of ["email", "username", "name", "phone"] as const) {
      if (v[name].trim()) {
        body[name] = v[name].trim();
      }
    }
    if (invite) {
      body.invite = true;
    } else {
      if (v.password) {
        body.password = v.password;
      }
      if (body.email) {
        body.email_verified = v.email_verified;
      }
    }
    if (body.phone) {
      body.phone_verified = v.phone_verified;
    }
    for (const name of ["metadata_public", "metadata_private"] as const) {
      const given = metadataOf(v[name]);
      if (given && Object.keys(given).length > 0) {
        body[name] = given as never;
      }
    }
    const made = await create.mutateAsync({ params: { path: { slug } }, body });
    done(invite ? `${made.email} is invited.` : `${made.email || made.username || made.phone} is created.`);
    form.reset();
    void navigate({ to: `/tenants/${slug}/users/${made.id}` });
  };
  return (
    <FormModal
      opened={opened}
      close={end}
      title={invite ? "Invite a user" : "Create a user"}
      action={invite ? "Invite" : "Create"}
      fields={Object.keys(nobody)}
      disabled={bad !== undefined || (invite ? !v.email.trim() : !(v.email + v.username + v.phone).trim())}
      size="lg"
      submit={submit}
    >
      {(faults) => (
        <Stack gap="sm">
          <SegmentedControl
            fullWidth
            aria-label="How"
            value={how}
            onChange={setHow}
            data={[
              { value: "invite", label: "Invite by mail" },
              { value: "create", label: "Create without a mail" },
            ]}
          />
          <Text size="sm" c="dimmed">
            {invite
              ? "They get a mail with a link that sets their first password. Using it proves the address."
              : "Nobody is mailed. Give an address, a username or a number; a password can be set later."}
          </Text>
          <TextInput
            label="Email address"
            type="email"
            autoComplete="off"
            required={invite}
            data-autofocus
            {...form.getInputProps("email")}
            error={faults.email}
          />
          {!invite && (
            <Checkbox
              label="The address is verified: it needs no proof by mail"
              {...form.getInputProps("email_verified", { type: "checkbox" })}
              error={faults.email_verified}
            />
          )}
          <TextInput label="Name" autoComplete="off" {...form.getInputProps("name")} error={faults.name} />
          {!invite && (
            <PasswordInput
              label="Password"
              description="Leave it empty to have none yet."
              autoComplete="new-password"
              {...form.getInputProps("password")}
              error={faults.password}
            />
          )}
          {invite && faults.password && <Text size="sm">{faults.password}</Text>}
          {!more && (
            <Anchor component="button" type="button" size="sm" ta="start" onClick={() => setMore(true)}>
              Username, phone number and metadata
            </Anchor>
          )}
          <Collapse
            expanded={
              more || Boolean(faults.username || faults.phone || faults.metadata_public || faults.metadata_private)
            }
          >
            <Stack gap="sm">
              <TextInput
                label="Username"
                autoComplete="off"
                {...form.getInputProps("username")}
                error={faults.username}
              />
              <TextInput
                label="Phone number"
                description="In international form, such as +31612345678."
                type="tel"
                autoComplete="off"
                {...form.getInputProps("phone")}
                error={faults.phone}
              />
              <Checkbox
                label="The number is verified"
                {...form.getInputProps("phone_verified", { type: "checkbox" })}
                error={faults.phone_verified}
              />
              {(["metadata_public", "metadata_private"] as const).map((name) => (
                <JsonInput
                  key={name}
                  label={name === "metadata_public" ? "Public metadata" : "Private metadata"}
                  description={
                    name === "metadata_public"
                      ? "A JSON object that the tenant's own programs may show."
                      : "A JSON object for operators alone."
                  }
                  placeholder={'{"plan": "team"}'}
                  autosize
                  minRows={2}
                  maxRows={8}
                  {...form.getInputProps(name)}
                  error={faults[name] ?? metadataFault(v[name])}
                />
              ))}
            </Stack>
          </Collapse>
        </Stack>
      )}
    </FormModal>
  );
}
