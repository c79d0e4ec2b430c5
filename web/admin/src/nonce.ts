/** What the page's policy knows styles by that are made while the page lives. Browsers show it to scripts as a property alone. */
export const nonce = document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce ?? "";
