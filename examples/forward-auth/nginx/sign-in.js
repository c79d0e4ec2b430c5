// A front end in some lines: the headless API as browsers speak it. The session is in a cookie that no script can read; the CSRF token is in
// one that scripts of the same site can, and goes along with each change in a header.
const { server, app } = document.querySelector("main").dataset;

/** Asks the API, and is its answer; undefined where there is none. */
async function ask(method, path, body) {
  const csrf = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
  const headers = { "X-CSRFToken": csrf, ...(body && { "Content-Type": "application/json" }) };
  try {
    const response = await fetch(`${server}/_allauth/browser/v1/${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
      credentials: "include", // the API has another origin
    });
    return await response.json();
  } catch {
    return undefined;
  }
}

/** Shows what can be done next, and what is wrong. */
function show(answer) {
  const told = document.querySelector("#told");
  told.textContent = answer ? (answer.errors ?? []).map((e) => e.message).join(" ") : `${server} does not answer.`;
  if (!answer?.data) {
    return; // only something is wrong
  }
  const pending = answer.data.flows?.find((flow) => flow.is_pending)?.id;
  const next = answer.meta.is_authenticated ? "user" : pending === "mfa_authenticate" ? "code" : "password";
  for (const form of document.forms) {
    form.hidden = form.id !== next;
  }
  if (next === "password" && pending) {
    told.textContent = `This page cannot go on with ${pending}.`;
  }
  document.querySelector("#name").textContent = answer.data.user?.display ?? "";
}

for (const form of document.forms) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const path = event.submitter.value;
    const out = path === "auth/session";
    let answer = await ask(out ? "DELETE" : "POST", path, out ? undefined : Object.fromEntries(new FormData(form)));
    if (answer?.data?.flows?.some((flow) => flow.id === "mfa_trust" && flow.is_pending)) {
      answer = await ask("POST", "auth/2fa/trust", { trust: false });
    }
    if (answer?.meta?.is_authenticated) {
      location.assign(app);
    } else {
      show(answer);
    }
  });
}

show(await ask("GET", "auth/session")); // which also brings the CSRF token
