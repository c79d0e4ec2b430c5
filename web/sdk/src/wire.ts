// Written by web/admin/generate from internal/headless/openapi.yaml: change that, then run make generate.

export interface paths {
    "/_allauth/{client}/v1/config": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** What the tenant offers */
        get: operations["config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** Who is signed in */
        get: operations["session"];
        put?: never;
        post?: never;
        /**
         * End the session
         * @description Success is 401, with the flows that lead back in.
         */
        delete: operations["logout"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in with a password
         * @description Exactly one of username, email and phone, of those that the tenant's `login_methods` allow.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/signup": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an account
         * @description The tenant's `signup_fields` say which members are asked for; others are ignored.
         */
        post: operations["signup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/email/verify": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** Whose address a mailed key would verify */
        get: operations["lookAtEmailKey"];
        put?: never;
        /** Verify an address with a mailed key */
        post: operations["verifyEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/email/verify/resend": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mail another code for the address that waits for one */
        post: operations["resendEmailCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/code/request": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a code that signs in
         * @description Exactly one of email and phone. The answer does not tell whether there is an account.
         */
        post: operations["requestLoginCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/code/resend": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send another login code */
        post: operations["resendLoginCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/code/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with the code that was sent */
        post: operations["confirmLoginCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/phone/verify": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Verify a number with the code that was sent to it */
        post: operations["verifyPhone"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/phone/verify/resend": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send another code to the number that a login waits for */
        post: operations["resendPhoneCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/password/request": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mail what resets a password
         * @description A link, which is answered with 200, or a code, which is answered with 401 and waits in this session.
         */
        post: operations["requestPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** Whose password a mailed key would reset */
        get: operations["lookAtResetKey"];
        put?: never;
        /** Set a new password with a mailed key or code */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/reauthenticate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Prove anew who is signed in */
        post: operations["reauthenticate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/app/v1/tokens/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * New tokens for a refresh token
         * @description A refresh token is used once. Sent again within `headless.jwt_refresh_grace_period` it is answered with the same new one;
         *     later, or when an older one is sent, the session ends. Whatever is wrong with a token is 400 without errors.
         */
        post: operations["refreshTokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** The sessions of whoever is signed in */
        get: operations["sessions"];
        put?: never;
        post?: never;
        /**
         * End some of them
         * @description Who ends the session that asks is answered with 401.
         */
        delete: operations["endSessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/account/password/change": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set another password, or a first one */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/account/email": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** The addresses of whoever is signed in */
        get: operations["emails"];
        /**
         * Mail what verifies an address once more
         * @description 403 where it was mailed a moment ago.
         */
        put: operations["resendEmail"];
        /**
         * Add an address
         * @description Where a signup waits for a code, it changes the address that the code goes to.
         */
        post: operations["addEmail"];
        /** Remove an address */
        delete: operations["removeEmail"];
        options?: never;
        head?: never;
        /** Make an address the primary one */
        patch: operations["makeEmailPrimary"];
        trace?: never;
    };
    "/_allauth/{client}/v1/account/phone": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** The number of whoever is signed in */
        get: operations["phones"];
        put?: never;
        /**
         * Ask for another number
         * @description It counts when it is verified. Where a signup waits for its number to be verified, it is changed at once.
         */
        post: operations["changePhone"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/2fa/authenticate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give the second factor that a login waits for, as a code
         * @description The code of an authenticator app, or a recovery code. Either works once.
         */
        post: operations["authenticateByCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/2fa/reauthenticate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Prove anew who is signed in, with a code of an authenticator app or a recovery code */
        post: operations["reauthenticateByCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/browser/v1/auth/2fa/trust": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say whether this browser is to be trusted
         * @description A login waits for the answer after the second factor, where the tenant lets people trust their browsers. A browser that is
         *     trusted keeps a cookie, and is not asked for that account's second factor until the cookie, the password or the account's
         *     authenticators change.
         */
        post: operations["trust"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/webauthn/authenticate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** What the key is asked with that a login waits for */
        get: operations["authenticateKeyOptions"];
        put?: never;
        /** Give the second factor that a login waits for, with a key */
        post: operations["authenticateByKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/webauthn/reauthenticate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** What the key of whoever is signed in is asked with */
        get: operations["reauthenticateKeyOptions"];
        put?: never;
        /** Prove anew who is signed in, with a key */
        post: operations["reauthenticateByKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/webauthn/login": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /**
         * What a passkey is asked with to sign in
         * @description Whose passkey it is comes with the answer. A client without a session gets one, which the answer must come from.
         */
        get: operations["loginKeyOptions"];
        put?: never;
        /**
         * Sign in with a passkey
         * @description Its owner was asked for a PIN or a finger, so that it is both factors at once. Where somebody else is signed in, their session ends, and the owner's begins without a proof that is recent.
         */
        post: operations["loginByKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/webauthn/signup": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** What the passkey is made with that a signup waits for */
        get: operations["signupKeyOptions"];
        /** Keep the passkey that a signup waits for */
        put: operations["finishSignupByKey"];
        /**
         * Make an account that has a passkey and no password
         * @description The tenant's `signup_fields` say which members are asked for, but for passwords. The passkey is made once the address is
         *     verified, by a code.
         */
        post: operations["signupByKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/account/authenticators": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** The authenticators of whoever is signed in */
        get: operations["authenticators"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/account/authenticators/totp": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /**
         * The authenticator app or, where there is none, what one is set up with
         * @description Each look at what one is set up with makes a new secret, which takes the place of the one before.
         */
        get: operations["totp"];
        put?: never;
        /**
         * Have the authenticator app be asked for that was set up
         * @description Recovery codes are made with the first authenticator, where the tenant has people have some.
         */
        post: operations["activateTOTP"];
        /**
         * Remove the authenticator app
         * @description Recovery codes go with the last authenticator.
         */
        delete: operations["deactivateTOTP"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/account/authenticators/recovery-codes": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /**
         * The recovery codes
         * @description Where the tenant has them be shown once, `unused_codes` is left out after the first time.
         */
        get: operations["recoveryCodes"];
        put?: never;
        /** Make new recovery codes, in place of those from before */
        post: operations["generateRecoveryCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/account/authenticators/webauthn": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** What a new key is made with */
        get: operations["keyOptions"];
        /** Give a key another name */
        put: operations["renameKey"];
        /** Keep a key that was made */
        post: operations["addKey"];
        /** Remove keys, all that are named or none */
        delete: operations["removeKeys"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/browser/v1/auth/provider/redirect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a browser to an identity provider
         * @description For a form that the page posts (application/x-www-form-urlencoded): the answer is a redirect, which scripts cannot follow. Somebody who
         *     comes back from the provider goes on to `callback_url`, with `error` and `error_process` in its query where nothing came of it. Where
         *     anything is wrong with the form, the browser is sent to the tenant's `socialaccount_login_error` page; over the rate, to `callback_url`
         *     with `error=rate_limited`.
         */
        post: operations["goToProvider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/provider/token": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in, sign up or connect by a token of an identity provider's
         * @description For front ends that have it from the provider's own SDK. Where the provider did not tell enough, `provider_signup` is pending.
         */
        post: operations["enterByProviderToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/auth/provider/signup": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** What the provider told of somebody whose signup waits for the rest */
        get: operations["lookAtProviderSignup"];
        put?: never;
        /** Make the account that a signup by a provider waits for */
        post: operations["finishProviderSignup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/{client}/v1/account/providers": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        /** The accounts with identity providers that sign somebody in */
        get: operations["providerAccounts"];
        put?: never;
        post?: never;
        /**
         * Give one of them up, and have the rest
         * @description The last way in stays.
         */
        delete: operations["disconnectProvider"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/forward-auth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether a proxy is to let a request through, and who it is from
         * @description For reverse proxies, which send the headers of the request that they ask about. Any method, and any path below this one,
         *     is answered alike; the body is not read. `X-Session-Token` counts before `Authorization: Bearer TOKEN`, and that before the
         *     browser's session cookie; what is wrong with one of them is not made good by another. Every answer has all of the headers that
         *     200 describes, empty where there is nothing to say. In their values, whatever is not visible ASCII is percent-encoded.
         */
        get: operations["forwardAuth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/openapi.yaml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This document, as the tenant's front ends need it
         * @description Without what the tenant does not have. Where the tenant's `headless.serve_specification` is false, it is 404.
         */
        get: operations["document"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same as JSON */
        get: operations["documentAsJSON"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/_allauth/openapi.html": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same as a page */
        get: operations["documentAsPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the tenant's tokens are signed with
         * @description 404 unless the tenant's `headless.token_strategy` is `jwt`. May be remembered for five minutes.
         */
        get: operations["publicKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/openid-configuration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whose tokens they are, and where the keys are
         * @description 404 unless the tenant's `headless.token_strategy` is `jwt`. May be remembered for five minutes.
         */
        get: operations["issuer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        SignedOutBody: {
            /** @enum {unknown} */
            status: 401 | 410;
            data: {
                flows: components["schemas"]["Flows"];
            };
            meta: components["schemas"]["SessionMeta"];
        };
        /** @description An app with an identity provider. */
        Provider: {
            id: string;
            name: string;
            /** @description By which ways it lets people in. */
            flows: ("provider_redirect" | "provider_token")[];
            /** @description What the provider calls the app. */
            client_id?: string;
            /** @description Where a provider of OpenID Connect describes itself. */
            openid_configuration_url?: string;
        };
        /** @description An account with an identity provider. */
        ProviderAccount: {
            /** @description What the provider calls it. */
            uid: string;
            /** @description What people know it by. */
            display: string;
            provider: components["schemas"]["Provider"];
        };
        Flows: {
            id: string;
            /** @description Of provider_redirect and provider_token: the ids of those that there are. */
            providers?: string[];
            provider?: components["schemas"]["Provider"];
            is_pending?: boolean;
            /** @description The types of authenticator that will do. */
            types?: ("totp" | "recovery_codes" | "webauthn")[];
        }[];
        SignedInData: {
            user: components["schemas"]["User"];
            methods: components["schemas"]["Method"][];
        };
        SessionMeta: {
            is_authenticated: boolean;
            /** @description For app clients, and only when it is new. */
            session_token?: string;
            /** @description For app clients, where the tenant has such, and only at a login. */
            access_token?: string;
            /** @description With access_token. */
            refresh_token?: string;
        };
        /** @description What a type does not have is left out. */
        Authenticator: {
            /** @enum {unknown} */
            type: "totp" | "recovery_codes" | "webauthn";
            /** @description Seconds since 1970. */
            created_at: number;
            /** @description Likewise; null for never. */
            last_used_at: number | null;
            /** @description Of a key. */
            id?: number;
            /** @description Of a key. */
            name?: string;
            /** @description Of a key: whether it signs in by itself. Left out where its browser did not say. */
            is_passwordless?: boolean;
            /** @description Of recovery codes. */
            total_code_count?: number;
            /** @description Of recovery codes. */
            unused_code_count?: number;
            /** @description Of recovery codes, where they may be seen. */
            unused_codes?: string[];
        };
        TokenMeta: {
            /** @description For app clients, and only when it is new. */
            session_token?: string;
            /** @description For app clients, where the tenant has such, and only at a login. */
            access_token?: string;
            /** @description With access_token. */
            refresh_token?: string;
        };
        User: {
            /** Format: uuid */
            id: string;
            display: string;
            has_usable_password: boolean;
            email?: string;
            username?: string;
        };
        Method: {
            method: string;
            /** @description Seconds since 1970. */
            at: number;
            email?: string;
            username?: string;
            phone?: string;
            reauthenticated?: boolean;
            /** @description Of an authenticator. */
            id?: number;
            /** @enum {unknown} */
            type?: "totp" | "recovery_codes" | "webauthn";
            /** @description It was a passkey, and nothing else was shown. */
            passwordless?: boolean;
            /** @description Of an account with an identity provider. */
            provider?: string;
            /** @description Likewise. */
            uid?: string;
        };
        Error: {
            message: string;
            code: string;
            param?: string;
        };
        Configuration: {
            account: {
                login_methods: ("username" | "email" | "phone")[];
                is_open_for_signup: boolean;
                email_verification_by_code_enabled: boolean;
                login_by_code_enabled: boolean;
                password_reset_by_code_enabled: boolean;
                /** @enum {unknown} */
                authentication_method?: "email" | "username" | "username_email";
            };
            socialaccount: {
                providers: components["schemas"]["Provider"][];
            };
            mfa: {
                supported_types: string[];
                passkey_login_enabled: boolean;
            };
            usersessions: {
                track_activity: boolean;
            };
        };
    };
    responses: {
        /** @description Somebody is signed in. */
        SignedIn: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 200;
                    data: components["schemas"]["SignedInData"];
                    meta: components["schemas"]["SessionMeta"];
                };
            };
        };
        /** @description It is done. */
        Done: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 200;
                };
            };
        };
        /** @description It is done or, where a code waits and somebody is signed in, who that is. */
        DoneOrSignedIn: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 200;
                    data?: components["schemas"]["SignedInData"];
                    meta?: components["schemas"]["SessionMeta"];
                };
            };
        };
        /** @description Whose it is. */
        Owner: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 200;
                    data: {
                        user: components["schemas"]["User"];
                    };
                };
            };
        };
        /** @description The addresses, oldest first. */
        Emails: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 200;
                    data: {
                        email: string;
                        primary: boolean;
                        verified: boolean;
                    }[];
                };
            };
        };
        /** @description The number, if there is one. */
        Phones: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    status: 200 | 202;
                    data: {
                        phone: string;
                        verified: boolean;
                    }[];
                };
            };
        };
        /** @description The sessions, latest first. */
        Sessions: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 200;
                    data: {
                        id: number;
                        user_agent: string;
                        ip: string;
                        /** @description Seconds since 1970. */
                        created_at: number;
                        /** @description Seconds since 1970, where the tenant tracks it. */
                        last_seen_at?: number;
                        is_current: boolean;
                    }[];
                };
            };
        };
        /** @description The authenticator. */
        Authenticator: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 200;
                    data: components["schemas"]["Authenticator"];
                };
            };
        };
        /** @description What a page hands to `navigator.credentials.create`, by way of `PublicKeyCredential.parseCreationOptionsFromJSON`. */
        KeyCreation: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 200;
                    data: {
                        creation_options: {
                            /** @description PublicKeyCredentialCreationOptionsJSON (WebAuthn, section 5.1.9). */
                            publicKey: Record<string, unknown>;
                        };
                    };
                    meta?: components["schemas"]["TokenMeta"];
                };
            };
        };
        /** @description What a page hands to `navigator.credentials.get`, by way of `PublicKeyCredential.parseRequestOptionsFromJSON`. */
        KeyRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 200;
                    data: {
                        request_options: {
                            /** @description PublicKeyCredentialRequestOptionsJSON (WebAuthn, section 5.1.9). */
                            publicKey: Record<string, unknown>;
                        };
                    };
                    meta?: components["schemas"]["TokenMeta"];
                };
            };
        };
        /** @description Nobody is signed in, or somebody who has to prove it anew first, in one of the ways in `data.flows`. */
        ProveAgain: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 401;
                    data: {
                        user?: components["schemas"]["User"];
                        methods?: components["schemas"]["Method"][];
                        flows: components["schemas"]["Flows"];
                    };
                    meta: components["schemas"]["SessionMeta"];
                };
            };
        };
        /** @description The accounts, oldest first. */
        ProviderAccounts: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 200;
                    data: components["schemas"]["ProviderAccount"][];
                };
            };
        };
        /**
         * @description Whatever the path: 400 where a request names two tenants or cannot be read, 403 where the tenant is suspended or a page of another
         *     site asks, 404 where there is no such tenant or it has no such clients, 405 for another method, 408 and 413 for a body that comes
         *     too slowly or is too long, 429 and 503 with Retry-After where it is to be tried again later, and 500 where something is wrong here.
         */
        AtAnyPath: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    status: 400 | 403 | 404 | 405 | 408 | 413 | 415 | 429 | 500 | 503;
                    errors?: components["schemas"]["Error"][];
                };
            };
        };
        /** @description There is no such thing here, or the tenant does not offer it. */
        Missing: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 404;
                };
            };
        };
        /** @description Nobody is signed in, or not yet. */
        SignedOut: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["SignedOutBody"];
            };
        };
        /** @description The session token names no session any more. Forget it. */
        Gone: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["SignedOutBody"];
            };
        };
        /** @description The input is at fault. */
        Invalid: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: 400;
                    errors: components["schemas"]["Error"][];
                };
            };
        };
        /** @description Declined. */
        Refused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    status: 403 | 409;
                    errors?: components["schemas"]["Error"][];
                };
            };
        };
        /** @description Too much at once. Come back after the number of seconds in Retry-After. */
        Later: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    status: 429 | 503;
                };
            };
        };
    };
    parameters: {
        Client: "app" | "browser";
    };
    requestBodies: {
        ShownKey: {
            content: {
                "application/json": {
                    /** @description What `toJSON()` makes of what `navigator.credentials.get` gave, or the same as a text. */
                    credential?: Record<string, unknown>;
                };
            };
        };
        MadeKey: {
            content: {
                "application/json": {
                    name?: string;
                    /** @description What `toJSON()` makes of what `navigator.credentials.create` gave, or the same as a text. */
                    credential?: Record<string, unknown>;
                };
            };
        };
    };
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    config: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The configuration. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: 200;
                        data: components["schemas"]["Configuration"];
                    };
                };
            };
            410: components["responses"]["Gone"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["SignedIn"];
            401: components["responses"]["SignedOut"];
            410: components["responses"]["Gone"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    username?: string;
                    /** Format: email */
                    email?: string;
                    phone?: string;
                    password?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    signup: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    username?: string;
                    /** Format: email */
                    email?: string;
                    /** Format: email */
                    email2?: string;
                    phone?: string;
                    password?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    lookAtEmailKey: {
        parameters: {
            query?: never;
            header?: {
                "X-Email-Verification-Key"?: string;
            };
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The address and its owner. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: 200;
                        data: {
                            email: string;
                            user: components["schemas"]["User"];
                        };
                        meta: {
                            /** @description Whether this client's own login waits for the key. */
                            is_authenticating: boolean;
                        };
                    };
                };
            };
            400: components["responses"]["Invalid"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    verifyEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    key?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    resendEmailCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Done"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    requestLoginCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Format: email */
                    email?: string;
                    phone?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    resendLoginCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Done"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    confirmLoginCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    code?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    verifyPhone: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    code?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    resendPhoneCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Done"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    requestPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Format: email */
                    email?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["DoneOrSignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    lookAtResetKey: {
        parameters: {
            query?: never;
            header?: {
                "X-Password-Reset-Key"?: string;
            };
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Owner"];
            400: components["responses"]["Invalid"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    key?: string;
                    password?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    reauthenticate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    password?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    refreshTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    refresh_token?: string;
                };
            };
        };
        responses: {
            /** @description The tokens. There is no refresh_token where the one that was sent stays good. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: 200;
                        data: {
                            access_token: string;
                            refresh_token?: string;
                        };
                    };
                };
            };
            /** @description There is no token, which errors says, or it is not accepted, of which nothing is said. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: 400;
                        errors?: components["schemas"]["Error"][];
                    };
                };
            };
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    sessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Sessions"];
            401: components["responses"]["SignedOut"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    endSessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    sessions?: number[];
                };
            };
        };
        responses: {
            200: components["responses"]["Sessions"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    current_password?: string;
                    new_password?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    emails: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Emails"];
            401: components["responses"]["SignedOut"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    resendEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Format: email */
                    email?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["Done"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    addEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Format: email */
                    email?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["Emails"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    removeEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Format: email */
                    email?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["Emails"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    makeEmailPrimary: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Format: email */
                    email?: string;
                    /** @constant */
                    primary?: true;
                };
            };
        };
        responses: {
            200: components["responses"]["Emails"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    phones: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Phones"];
            401: components["responses"]["SignedOut"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    changePhone: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    phone?: string;
                };
            };
        };
        responses: {
            202: components["responses"]["Phones"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    authenticateByCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    code?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    reauthenticateByCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    code?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    trust: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    trust?: boolean;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    authenticateKeyOptions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["KeyRequest"];
            401: components["responses"]["SignedOut"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    authenticateByKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["ShownKey"];
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    reauthenticateKeyOptions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["KeyRequest"];
            401: components["responses"]["SignedOut"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    reauthenticateByKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["ShownKey"];
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    loginKeyOptions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["KeyRequest"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    loginByKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["ShownKey"];
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    signupKeyOptions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["KeyCreation"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    finishSignupByKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["MadeKey"];
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    signupByKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    username?: string;
                    /** Format: email */
                    email?: string;
                    /** Format: email */
                    email2?: string;
                    phone?: string;
                };
            };
        };
        responses: {
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    authenticators: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The authenticators, without anything secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: 200;
                        data: components["schemas"]["Authenticator"][];
                    };
                };
            };
            401: components["responses"]["SignedOut"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    totp: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Authenticator"];
            401: components["responses"]["SignedOut"];
            /** @description There is none, and this is what one is set up with; or, without `meta`, the tenant offers none. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: 404;
                        meta?: {
                            /** @description To be typed in, in base32. */
                            secret: string;
                            /** @description The same for a QR code, an otpauth URL. */
                            totp_url: string;
                        };
                    };
                };
            };
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    activateTOTP: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    code?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["Authenticator"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    deactivateTOTP: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Done"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    recoveryCodes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Authenticator"];
            401: components["responses"]["ProveAgain"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    generateRecoveryCodes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Authenticator"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    keyOptions: {
        parameters: {
            query?: {
                /** @description There, with whatever value: a passkey is to be made, which signs in by itself. */
                passwordless?: string;
            };
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["KeyCreation"];
            401: components["responses"]["ProveAgain"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    renameKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    id?: number;
                    name?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["Authenticator"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    addKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["MadeKey"];
        responses: {
            /** @description The key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: 200;
                        data: components["schemas"]["Authenticator"];
                        meta: {
                            /** @description Whether recovery codes came with it. */
                            recovery_codes_generated: boolean;
                        };
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    removeKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    authenticators?: number[];
                };
            };
        };
        responses: {
            200: components["responses"]["Done"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    goToProvider: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/x-www-form-urlencoded": {
                    /** @description An `id` of `config`. */
                    provider?: string;
                    /** @description A path of this host or a page of an origin of the tenant's own. */
                    callback_url?: string;
                    /**
                     * @description Whether to sign in, or to connect the account with the one that is signed in.
                     * @enum {unknown}
                     */
                    process?: "login" | "connect";
                    /** @description The CSRF token, as forms set no headers. */
                    csrfmiddlewaretoken?: string;
                };
            };
        };
        responses: {
            /** @description On to the provider, or to the page for what went wrong. */
            302: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            403: components["responses"]["Refused"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    enterByProviderToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description An `id` of `config`. */
                    provider?: string;
                    /** @enum {unknown} */
                    process?: "login" | "connect";
                    /** @description One of the two, or both. */
                    token?: {
                        /** @description Of the app that it was made for. An empty one is that of the only app there is. */
                        client_id?: string;
                        id_token?: string;
                        access_token?: string;
                    };
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    lookAtProviderSignup: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is known. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: 200;
                        data: {
                            user: {
                                display: string;
                                has_usable_password: boolean;
                                username?: string;
                            };
                            account: components["schemas"]["ProviderAccount"];
                            email: {
                                email: string;
                                primary: boolean;
                                verified: boolean;
                            }[];
                        };
                    };
                };
            };
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    finishProviderSignup: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    username?: string;
                    /** Format: email */
                    email?: string;
                    /** Format: email */
                    email2?: string;
                    phone?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["SignedIn"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["SignedOut"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            429: components["responses"]["Later"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    providerAccounts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["ProviderAccounts"];
            401: components["responses"]["SignedOut"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    disconnectProvider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client: components["parameters"]["Client"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    provider?: string;
                    /** @description Its `uid`. */
                    account?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["ProviderAccounts"];
            400: components["responses"]["Invalid"];
            401: components["responses"]["ProveAgain"];
            403: components["responses"]["Refused"];
            409: components["responses"]["Refused"];
            410: components["responses"]["Gone"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    forwardAuth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Somebody is signed in. The body is empty. */
            200: {
                headers: {
                    /** @description The user's id. */
                    "X-Auth-Request-User"?: string;
                    /** @description The primary address; empty unless it is verified. */
                    "X-Auth-Request-Email"?: string;
                    /** @description The username; empty where there is none. */
                    "X-Auth-Request-Preferred-Username"?: string;
                    /** @description The name; empty where there is none. */
                    "X-Auth-Request-Name"?: string;
                    /** @description The tenant's slug. */
                    "X-Auth-Request-Tenant"?: string;
                    /** @description The session's id, which opens nothing: the `sid` of access tokens. */
                    "X-Auth-Request-Session"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            /** @description Nobody is signed in. */
            401: {
                headers: {
                    /** @description What to show. */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: 401;
                    };
                };
            };
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    document: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/yaml": string;
                };
            };
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    documentAsJSON: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    documentAsPage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page without scripts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    publicKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A JWK Set (RFC 7517), without shared secrets. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        keys: Record<string, unknown>[];
                    };
                };
            };
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
    issuer: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The part of OpenID Connect Discovery that there is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uri */
                        issuer: string;
                        /** Format: uri */
                        jwks_uri: string;
                        response_types_supported: string[];
                        subject_types_supported: string[];
                        id_token_signing_alg_values_supported: string[];
                        claims_supported?: string[];
                    };
                };
            };
            403: components["responses"]["Refused"];
            404: components["responses"]["Missing"];
            503: components["responses"]["Later"];
            default: components["responses"]["AtAnyPath"];
        };
    };
}
