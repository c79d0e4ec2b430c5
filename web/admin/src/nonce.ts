/** What the page's policy knows styles by that are made while the page lives. Browsers show it to scripts as a property alone. */
export const nonce = document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce ?? "";

// What keeps the page still while a dialog is open makes a style of its own, and asks for the nonce by this name.
Object.assign(globalThis, { __webpack_nonce__: nonce });
