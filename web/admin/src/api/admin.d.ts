// Written by web/admin/generate from internal/adminapi/openapi.yaml: change that, then run make generate.

export interface paths {
    "/admin/v1/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tenants
         * @description Sorted by slug. Where a prefix is looked for, those whose slug has it come first, then those whose name has it, then those with a
         *     host that has it. Whoever has a role with some tenants only is shown those.
         */
        get: operations["listTenants"];
        put?: never;
        /** Make a tenant */
        post: operations["createTenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /** Show a tenant */
        get: operations["showTenant"];
        /**
         * Make a tenant what a document says
         * @description There is a tenant of that slug afterwards, whether there was one or not. What the document leaves out of `config` is at its
         *     default then, hosts that it leaves out are lost, and a state that it leaves out stays. A secret given as ******** stays as it is.
         *     The same document again changes nothing. To make a tenant takes tenants.create, to change its state tenants.suspend.
         */
        put: operations["applyTenant"];
        post?: never;
        /**
         * Delete a tenant
         * @description Nothing reaches the tenant's people, sessions and tokens from now on, and its slug and hosts are free. A tenant
         *     made later with the same slug is another one. For 30 days it is among the deleted tenants and can be restored; then it is purged.
         */
        delete: operations["deleteTenant"];
        options?: never;
        head?: never;
        /**
         * Change a tenant
         * @description The body is a JSON merge patch (RFC 7396): what it leaves out stays, null in the config means as if never given,
         *     lists are replaced whole. A secret given as ******** stays as it is. A change of nothing makes no new version.
         */
        patch: operations["patchTenant"];
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/validate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say what a change would do, and write nothing
         * @description A body of type application/merge-patch+json is a change as PATCH takes it, any other a whole document as PUT does. What is wrong
         *     with it is answered as there, everything at once.
         */
        post: operations["validateTenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/sign-in-preview": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Show what front ends would be told of how to sign in, and write nothing
         * @description The body is a change as PATCH takes it; an empty object shows what there is. What is wrong with it is answered as there, everything
         *     at once. The answers are made as those of the public API are. Whether somebody else has a host, and whether you may make the
         *     change, is not looked at: to see takes no more than to read the settings.
         */
        post: operations["previewSignIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /** List what a tenant was after each change, the latest first */
        get: operations["listVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                version: number;
            };
            cookie?: never;
        };
        /** Show what a tenant was after a change */
        get: operations["showVersion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /** Compare two versions of a tenant, or one with what the tenant is now */
        get: operations["diffVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a tenant what it had in an earlier version
         * @description Its name, hosts and configuration, the secrets among it, as a change like any other: it is judged by today's rules, and makes a
         *     version of its own. Whether the tenant is suspended stays as it is.
         */
        post: operations["rollbackTenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have every request to a tenant refused
         * @description Its people, sessions and keys stay as they are.
         */
        post: operations["suspendTenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Serve a suspended tenant again
         * @description Sessions that have not run out meanwhile go on.
         */
        post: operations["resumeTenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/hosts": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a tenant another host
         * @description It becomes the last one or, with `first`, the public one. One that the tenant has already stays.
         */
        post: operations["addHost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/hosts/{host}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                host: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take a host from a tenant */
        delete: operations["removeHost"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/deleted-tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List deleted tenants that can come back, the latest deletion first */
        get: operations["listDeletedTenants"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/deleted-tenants/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bring a deleted tenant back
         * @description With its people, keys and configuration, suspended if it was. Sessions from before the deletion stay dead. Where another tenant has
         *     its slug or a host meanwhile it is 409: give `slug` or `hosts` then.
         */
        post: operations["restoreTenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/deleted-tenants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove everything that is held of a deleted tenant, at once and for good
         * @description The tenant's key is destroyed before this is answered, so that nothing that was sealed or signed for it means anything any more.
         *     Its rows are removed in small bites; what is left when the time is up, the server removes within minutes.
         */
        delete: operations["purgeTenant"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/mail-preview": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Show what a tenant's messages of a kind look like
         * @description They are rendered with sample values; nothing is sent or changed. Unlike what is sent, a template that fails or
         *     leaves out its code or its link does not give way to the built-in one: it is 422, with the part and the reason.
         */
        post: operations["previewMail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/imports": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /** List imports of users, latest first */
        get: operations["listImports"];
        put?: never;
        /**
         * Begin an import of users
         * @description It takes chunks of a file from then on, until it is started. One that gets no chunk for a week is removed.
         */
        post: operations["createImport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/imports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        /** Show how far an import is */
        get: operations["showImport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/imports/{id}/chunks/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
                /** @description From 1 on, in the order of the file. */
                number: string;
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Upload a chunk of the file
         * @description A chunk has 1 MiB at most and ends where a line does. One that is there already, as it is, changes nothing; another with the same
         *     number is 409. What is in it is sealed, and erased as soon as it was applied.
         */
        put: operations["putChunk"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/imports/{id}/start": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have an import be applied
         * @description All of its chunks must be there. What is missing is named, with 422.
         */
        post: operations["startImport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/imports/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End an import
         * @description Users who were made stay. What was not applied is erased.
         */
        post: operations["cancelImport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/imports/{id}/errors": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        /** List what became of rows that were not imported, in the order of their lines */
        get: operations["listImportErrors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/jwks": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * Show what a tenant's tokens are checked by, and where that is published
         * @description It is the document that the public listener serves, unless the tenant is suspended. Where there is no key yet, one is made, as it is
         *     when anybody asks for the document.
         */
        get: operations["showKeySet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * List the keys that a tenant's tokens are signed with
         * @description From the first to the last. A key is made when one is needed first, so that there may be none. Private halves are never shown.
         */
        get: operations["listKeys"];
        put?: never;
        /**
         * Have a key of the tenant's own sign
         * @description It follows all others, and is published before it signs: ten minutes, unless `lead_seconds` says more or less, or `now` has it
         *     sign at once. The server does not rotate it by schedule. With `headless.jwt_private_key` set that is the key, and this is 422.
         */
        post: operations["importKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/keys/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have another key sign
         * @description A new key is published, and signs ten minutes later, unless `lead_seconds` says more or less. Where one is published already, it
         *     is brought forward. With `now` it signs at once, and whoever checks tokens may for five minutes meet a key that it does not know.
         */
        post: operations["rotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/keys/{kid}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                kid: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take away a key that does not sign
         * @description One that is to follow then does not. The tokens of one that has retired are good for nothing from now on, here and, once they
         *     have read the key set again, wherever else they are checked. The key that signs is 422: rotate first.
         */
        post: operations["retireKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell who the request is taken for, and what they may do */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/operators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the operators, by their address */
        get: operations["listOperators"];
        put?: never;
        /**
         * Make an operator, who is mailed a link to set a password
         * @description An account that the address has in the operators' own tenant already, as after an operator was removed, is taken up again. Nobody
         *     can give more than they have.
         */
        post: operations["createOperator"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/operators/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        /** Show an operator */
        get: operations["showOperator"];
        put?: never;
        post?: never;
        /** Take all grants from an operator, and end their sessions and tokens */
        delete: operations["removeOperator"];
        options?: never;
        head?: never;
        /**
         * Give an operator other grants in place of those before
         * @description The last owner stays one, unless it is the emergency token that says otherwise.
         */
        patch: operations["changeOperator"];
        trace?: never;
    };
    "/admin/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the API tokens that were not revoked, the latest first */
        get: operations["listTokens"];
        put?: never;
        /**
         * Make an API token
         * @description The token itself is in this answer and in no other. Nobody can give a token more than they have themselves, and one that an
         *     operator made can never do more than that operator can at the time.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Have a token be good for nothing, from the next request on */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/templates": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /** List how a tenant's messages are worded */
        get: operations["listTemplates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/templates/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                kind: string;
            };
            cookie?: never;
        };
        get?: never;
        /**
         * Word a tenant's messages of a kind
         * @description What is left out is built in. It is a change to the tenant's configuration, with a version. See it before with mail-preview.
         */
        put: operations["putTemplate"];
        post?: never;
        /** Go back to the built-in templates of a kind */
        delete: operations["resetTemplate"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/mail-test": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a mail, and tell what the mail server said
         * @description It goes the way that the tenant's mail goes, now, and says nothing but that mail arrives. Five a minute and thirty an hour for a tenant.
         */
        post: operations["testMail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/providers": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * List a tenant's apps at identity providers, with the callback URLs to register there
         * @description They are those of the setting socialaccount.providers. Their secrets are never shown.
         */
        get: operations["listProviders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/providers/test": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try an app at an identity provider out, and tell what came of it
         * @description What is tried is what is saved. The server reads the provider's discovery document and its keys, and compares the issuer; the app's credentials
         *     are shown to the token endpoint with a code that was made up; nobody is logged in. Of a provider that speaks SAML, the metadata and the
         *     certificates are looked at, and the app's own key. Ten a minute and sixty an hour for a tenant.
         */
        post: operations["testProvider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * List a tenant's mails and texts of the last thirty days, the latest first
         * @description What they say is never shown.
         */
        get: operations["listMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/messages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        /** Show what became of a message */
        get: operations["showMessage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/messages/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message again that failed
         * @description A message that was sent, or whose code has expired, is erased and cannot be sent again: 422.
         */
        post: operations["retryMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/doctor": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * Say how requests to a tenant's public URL are understood, and what is wrong with that
         * @description Nothing is fetched. Without a url it is the tenant's public URL. To see what arrives, ask for a probe, send it to the URL, and ask again with it.
         */
        get: operations["tenantDoctor"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/doctor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say how requests to a public URL are understood, and what is wrong with that
         * @description As for one tenant, for whichever has the URL's host.
         */
        get: operations["doctor"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/doctor/probes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Issue a probe
         * @description A probe is a request that the server tells from others. It is good for two minutes, at the server that issued it.
         */
        post: operations["probe"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * List a tenant's webhooks
         * @description Secrets are never shown.
         */
        get: operations["listWebhooks"];
        put?: never;
        /**
         * Have a server of the tenant's told of events
         * @description What arrives there is a WebhookPayload, signed as Standard Webhooks has it. The answer has the secret, which is never shown again.
         *     The URL must be https, and lead to the public internet each time that something is sent.
         */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        /** Show a webhook */
        get: operations["showWebhook"];
        put?: never;
        post?: never;
        /**
         * Remove a webhook
         * @description What is on its way there is not sent any more.
         */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        /**
         * Change a webhook
         * @description What is left out stays. Enabling a webhook, or giving it another URL, forgets what failed there, and sends what waits.
         */
        patch: operations["patchWebhook"];
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/webhooks/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a webhook another secret
         * @description Both sign for `overlap_seconds`, a day unless it is said; the new secret is never shown again.
         */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test event
         * @description Its type is webhook.test, and it goes there whatever events are wanted.
         */
        post: operations["testWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/webhooks/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send again what was given up
         * @description At most 10000 at once. What was sent more than seven days ago is erased, and cannot be sent again.
         */
        post: operations["replayFailedDeliveries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        /** List deliveries to a webhook, the latest first */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/webhooks/{id}/deliveries/{delivery}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
                delivery: string;
            };
            cookie?: never;
        };
        /** Show a delivery, with what is sent */
        get: operations["showDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/webhooks/{id}/deliveries/{delivery}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
                delivery: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a delivery again that is over
         * @description It keeps its id, so that a receiver that had it knows.
         */
        post: operations["replayDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/audit": {
        parameters: {
            query?: {
                /** @description An action such as user.login_failed, or what such words begin with, such as factor. */
                action?: components["parameters"]["auditAction"];
                /** @description The id of who did it. */
                actor?: components["parameters"]["auditActor"];
                /** @description The id of the user whom it is about. */
                user?: components["parameters"]["auditUser"];
                /** @description The id of the session that it happened in. */
                session?: components["parameters"]["auditSession"];
                /** @description The id of the request that it happened in. */
                request?: components["parameters"]["auditRequest"];
                /** @description The earliest time, as in RFC 3339. */
                since?: components["parameters"]["auditSince"];
                /** @description The time before which it happened, likewise. */
                until?: components["parameters"]["auditUntil"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * List a tenant's events, latest first
         * @description A page may have less than `limit` where few of many events are asked for: `next_cursor` is null only after the last.
         */
        get: operations["listTenantAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/audit/export": {
        parameters: {
            query?: {
                /** @description An action such as user.login_failed, or what such words begin with, such as factor. */
                action?: components["parameters"]["auditAction"];
                /** @description The id of who did it. */
                actor?: components["parameters"]["auditActor"];
                /** @description The id of the user whom it is about. */
                user?: components["parameters"]["auditUser"];
                /** @description The id of the session that it happened in. */
                session?: components["parameters"]["auditSession"];
                /** @description The id of the request that it happened in. */
                request?: components["parameters"]["auditRequest"];
                /** @description The earliest time, as in RFC 3339. */
                since?: components["parameters"]["auditSince"];
                /** @description The time before which it happened, likewise. */
                until?: components["parameters"]["auditUntil"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * All of a tenant's events, one a line, latest first
         * @description It comes as it is read. An answer that breaks off is not whole.
         */
        get: operations["exportTenantAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * Say whether a tenant's log was tampered with
         * @description Looks at some 50,000 events; `next_cursor` goes on from there. A `break` is the first place where the chain does not hold. Whoever
         *     keeps `head` and `last_number` in another place can tell later whether the whole log was set back.
         */
        get: operations["verifyAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/audit": {
        parameters: {
            query?: {
                /** @description An action such as user.login_failed, or what such words begin with, such as factor. */
                action?: components["parameters"]["auditAction"];
                /** @description The id of who did it. */
                actor?: components["parameters"]["auditActor"];
                /** @description The id of the user whom it is about. */
                user?: components["parameters"]["auditUser"];
                /** @description The id of the session that it happened in. */
                session?: components["parameters"]["auditSession"];
                /** @description The id of the request that it happened in. */
                request?: components["parameters"]["auditRequest"];
                /** @description The earliest time, as in RFC 3339. */
                since?: components["parameters"]["auditSince"];
                /** @description The time before which it happened, likewise. */
                until?: components["parameters"]["auditUntil"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all tenants' events, latest first
         * @description A page may have less than `limit` where few of many events are asked for: `next_cursor` is null only after the last.
         *     Those of the operators' own tenant are shown to owners alone.
         */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/audit/export": {
        parameters: {
            query?: {
                /** @description An action such as user.login_failed, or what such words begin with, such as factor. */
                action?: components["parameters"]["auditAction"];
                /** @description The id of who did it. */
                actor?: components["parameters"]["auditActor"];
                /** @description The id of the user whom it is about. */
                user?: components["parameters"]["auditUser"];
                /** @description The id of the session that it happened in. */
                session?: components["parameters"]["auditSession"];
                /** @description The id of the request that it happened in. */
                request?: components["parameters"]["auditRequest"];
                /** @description The earliest time, as in RFC 3339. */
                since?: components["parameters"]["auditSince"];
                /** @description The time before which it happened, likewise. */
                until?: components["parameters"]["auditUntil"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All of all tenants' events, one a line, latest first
         * @description It comes as it is read. An answer that breaks off is not whole.
         */
        get: operations["exportAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/stats": {
        parameters: {
            query?: {
                /** @description How long the intervals are. They begin in UTC. */
                interval?: "hour" | "day" | "month";
                /** @description A time in the first interval, as in RFC 3339; otherwise 48 hours, 30 days or 12 months back. */
                from?: string;
                /** @description The end, likewise; otherwise now. */
                to?: string;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * Count what happened at a tenant
         * @description Counts follow what happens by a second or so, active users by some ten seconds. What no event tells
         *     (rate_limited, messages_sent, messages_failed and webhooks_failed) follows by some ten seconds, too. They are kept for two years.
         */
        get: operations["tenantStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/stats": {
        parameters: {
            query?: {
                /** @description How long the intervals are. They begin in UTC. */
                interval?: "hour" | "day" | "month";
                /** @description A time in the first interval, as in RFC 3339; otherwise 48 hours, 30 days or 12 months back. */
                from?: string;
                /** @description The end, likewise; otherwise now. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count what happened at all tenants together
         * @description Counts follow what happens by a second or so, active users and sums by some ten seconds. What no event tells
         *     (rate_limited, messages_sent, messages_failed and webhooks_failed) follows by some ten seconds, too. They are kept for two years.
         */
        get: operations["platformStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/fleet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say how the platform is doing, all tenants together
         * @description What is counted may be five seconds old. The checks are those of the server that answers, and are made anew each time.
         */
        get: operations["showFleet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /** List a tenant's users, the latest first, or search them */
        get: operations["listUsers"];
        put?: never;
        /**
         * Make a user, or invite one
         * @description The tenant's rules for signing up hold, except that any of email, username and phone will do. With invite the user
         *     gets a mail with a link that sets the first password.
         */
        post: operations["createUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        /** Show a user */
        get: operations["showUser"];
        put?: never;
        post?: never;
        /** Delete a user, who may be restored for 30 days */
        delete: operations["deleteUser"];
        options?: never;
        head?: never;
        /**
         * Change what a user is called, and metadata
         * @description The body is a JSON merge patch (RFC 7396).
         */
        patch: operations["patchUser"];
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bring a deleted user back */
        post: operations["restoreUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/erase": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a user away for good, deleted before or not */
        post: operations["eraseUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/deactivate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keep a user out, at once and everywhere */
        post: operations["deactivateUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/reactivate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a user in again */
        post: operations["reactivateUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/emails": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a user another address */
        post: operations["addUserEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/emails/remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take an address from a user */
        post: operations["removeUserEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/emails/verify": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have an address count as proved */
        post: operations["verifyUserEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/emails/unverify": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have an address be proved anew */
        post: operations["unverifyUserEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/emails/primary": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make an address the primary one */
        post: operations["makeUserEmailPrimary"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/phone": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        /** Give a user a number */
        put: operations["setUserPhone"];
        post?: never;
        /** Take a user's number */
        delete: operations["removeUserPhone"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/phone/verify": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a number count as proved */
        post: operations["verifyUserPhone"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/phone/unverify": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a number be proved anew */
        post: operations["unverifyUserPhone"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/password": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        /** Give a user another password, and end every session */
        put: operations["setUserPassword"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/send-link": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mail a user a link that sets a password */
        post: operations["sendUserLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End every session of a user */
        delete: operations["endUserSessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/sessions/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
                session: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one session of a user */
        delete: operations["endUserSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/authenticators": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take every authenticator from a user */
        delete: operations["removeUserFactors"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/authenticators/{authenticator}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
                authenticator: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take one authenticator from a user */
        delete: operations["removeUserFactor"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/provider-accounts/remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take an account with an identity provider from a user */
        post: operations["disconnectUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/provider-accounts/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The tokens that are kept of an account with an identity provider
         * @description What the provider handed out at the latest login, to speak to it in the user's name, where the tenant keeps that
         *     (`socialaccount.store_tokens`). 404 where none is kept. That it was handed out is in the audit log, by whom and of whom.
         */
        post: operations["showProviderTokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/users/{id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        /**
         * Everything that is held of a user
         * @description It has neither the password's hash nor what second factors are made of. Events of operators and their programs are without
         *     names, addresses and user agents.
         */
        get: operations["exportUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/export": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /**
         * Everything that a tenant holds, one JSON object a line
         * @description The first line is the tenant, under the name tenant; each other one is a user, in the form that imports take.
         */
        get: operations["exportTenant"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{slug}/deleted-users": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /** List deleted users, the latest first */
        get: operations["listDeletedUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/mail-kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the kinds of messages, and what their templates may name */
        get: operations["listMailKinds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/config-schema": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The JSON Schema (draft 2020-12) of a tenant's configuration */
        get: operations["configSchema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/dev/mail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a development server would have mailed
         * @description Only a server that runs with --dev has this; elsewhere it is 404.
         */
        get: operations["listMail"];
        put?: never;
        post?: never;
        /** Empty the development server's mailbox */
        delete: operations["emptyMail"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Stats: {
            /** @enum {string} */
            interval: "hour" | "day" | "month";
            /**
             * Format: date-time
             * @description When the first interval begins.
             */
            from: string;
            /**
             * Format: date-time
             * @description When the last one ends.
             */
            to: string;
            series: {
                /** Format: date-time */
                at: string;
                counts: {
                    [key: string]: number;
                };
            }[];
            /** @description Without active_users, since who is active in two intervals would be counted twice. */
            totals: {
                [key: string]: number;
            };
            /** @description The tenants with most logins in the last interval; of the platform alone. */
            top?: {
                /** Format: uuid */
                tenant_id: string;
                /** @description Empty of one that was deleted. */
                slug: string;
                logins: number;
            }[];
        };
        Fleet: {
            /**
             * Format: date-time
             * @description When it was counted.
             */
            at: string;
            /** @description What the server that answers was built as; empty where it does not know. */
            version: string;
            /** @description How many tenants there are, but for the operators' own. */
            tenants: {
                active: number;
                suspended: number;
                /** @description And not purged yet. */
                deleted: number;
            };
            health: {
                /**
                 * @description The worst of the checks.
                 * @enum {string}
                 */
                status: "ok" | "degraded" | "failed";
                /** @description By name. A check that the server does its work without is degraded where it fails. */
                checks: {
                    [key: string]: "ok" | "degraded" | "failed";
                };
            };
            migrations: {
                /** @description How many were applied, perhaps by a later version of the server. */
                applied: number;
                /** @description How many this server knows that were not. */
                pending: number;
            };
            messages: {
                /** @description Mails and texts that wait to be sent, or sent again. */
                queued: number;
                /** @description Of them, those that were tried three times or more: what should take them refuses them, or does not answer. */
                retried: number;
                /**
                 * Format: date-time
                 * @description When the one was due that has waited longest; null where none is due.
                 */
                oldest_due_at: string | null;
                /** @description How long ago that was. */
                oldest_due_seconds: number;
                /** @description Those that were given up in the last 24 hours. */
                failed: number;
                /** @description Where counting stops; there may be more than this many. */
                counted_up_to: number;
                /** @description The tenants whose messages have waited longest after they were due, ten at the most, the worst first. */
                longest_waiting: {
                    /** Format: uuid */
                    tenant_id: string;
                    /** @description Its slug. */
                    tenant: string;
                    /** @description How many of its messages are due, counted among the 20,000 that were due first. */
                    due: number;
                    /** Format: date-time */
                    oldest_due_at: string;
                    oldest_due_seconds: number;
                }[];
                /** @description The tenants with most messages that were tried three times or more and are queued, ten at the most, the worst first. */
                most_retried: {
                    /** Format: uuid */
                    tenant_id: string;
                    /** @description Its slug. */
                    tenant: string;
                    retried: number;
                }[];
                /** @description The tenants with most messages that were given up in the last 24 hours, ten at the most, the worst first. */
                most_failed: {
                    /** Format: uuid */
                    tenant_id: string;
                    /** @description Its slug. */
                    tenant: string;
                    /** @description How many were given up. */
                    failed: number;
                    /** @description Of them, those that could not be sent while they were of use. */
                    expired: number;
                    /**
                     * Format: date-time
                     * @description When the last was.
                     */
                    last_at: string;
                }[];
            };
            webhooks: {
                enabled: number;
                /** @description Those of the enabled ones to which nothing has got through of late. */
                failing: number;
                /** @description Those that the server disabled, because they answered 410 or failed for five days. */
                disabled: number;
                /** @description Of those that fail, the ten that have for longest, the worst first. */
                longest_failing: components["schemas"]["TroubledWebhook"][];
                /** @description Of those that the server disabled, the last ten, the latest first. */
                last_disabled: components["schemas"]["TroubledWebhook"][];
            };
            keys: {
                /** @description How many tenants have a signing key that should have had a successor by now. */
                overdue: number;
                /** @description The oldest keys of those that sign tokens, ten at the most, the oldest first. */
                oldest: {
                    /** Format: uuid */
                    tenant_id: string;
                    /** @description Its slug. */
                    tenant: string;
                    kid: string;
                    /** @enum {unknown} */
                    algorithm: "RS256" | "ES256" | "EdDSA" | "HS256";
                    /** Format: date-time */
                    created_at: string;
                    age_seconds: number;
                    /**
                     * Format: date-time
                     * @description When the server publishes its successor, or should have; null for never by itself.
                     */
                    rotates_at: string | null;
                    overdue: boolean;
                }[];
            };
        };
        TroubledWebhook: {
            /** Format: uuid */
            tenant_id: string;
            /** @description Its slug. */
            tenant: string;
            /** Format: uuid */
            id: string;
            /** @description Of its address, the host alone, with the port where there is one. */
            host: string;
            /**
             * @description Empty for one that is enabled: nothing gets through to it.
             * @enum {unknown}
             */
            disabled_why: "" | "gone" | "failing";
            /**
             * Format: date-time
             * @description When it began to fail, or was disabled.
             */
            since: string;
        };
        AuditPage: {
            items: components["schemas"]["AuditEvent"][];
            next_cursor: string | null;
        };
        AuditEvent: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            tenant_id: string;
            /** @description The slug that the tenant goes by now; null once it was deleted. */
            tenant: string | null;
            /** Format: date-time */
            at: string;
            /** @description What happened; docs/audit.md lists them. */
            action: string;
            /** @description Its place in the tenant's chain; null for a moment after it happened. */
            number: number | null;
            actor: {
                /**
                 * @description Empty for somebody unknown.
                 * @enum {string}
                 */
                kind: "" | "user" | "operator" | "token" | "break_glass" | "server";
                id: string;
                name: string;
            };
            /** @description Whom it is about. */
            user_id: string | null;
            /** @description What else it is about: a kind and an id. */
            target: string;
            session_id: string | null;
            ip: string;
            user_agent: string;
            request_id: string;
            /** @description What was changed is under before and after. */
            details: Record<string, unknown>;
        };
        AuditReport: {
            intact: boolean;
            /** @description Of the first event that is kept. */
            first_number: number;
            /** @description Of the latest. */
            last_number: number;
            /** @description The latest event's MAC. */
            head: string;
            /** @description Events that were looked at. */
            verified: number;
            /** @description Of them, those whose personal part was erased with its user. */
            erased: number;
            break: {
                /** @enum {string} */
                kind: "changed" | "removed" | "inserted" | "reordered" | "cut" | "blanked" | "head_changed";
                number: number;
                event_id?: string;
            } | null;
            next_cursor: string | null;
        };
        Me: {
            /** @enum {string} */
            kind: "operator" | "token" | "break_glass";
            id: string | null;
            name: string;
            grants: components["schemas"]["Grant"][];
            /** @description What they may do with the platform and with every tenant. */
            permissions: components["schemas"]["Permission"][];
            /** @description The tenants with which they have a role of its own. */
            tenants: {
                /** @description The slug. */
                tenant: string | null;
                tenant_id: string;
                permissions: components["schemas"]["Permission"][];
            }[];
        };
        /** @enum {string} */
        Permission: "audit.read" | "doctor.run" | "keys.import" | "keys.read" | "keys.retire" | "keys.rotate" | "mail.delete" | "mail.preview" | "mail.read" | "mail.send" | "operators.change" | "operators.read" | "schema.read" | "self.read" | "stats.read" | "tenants.change" | "tenants.create" | "tenants.delete" | "tenants.export" | "tenants.purge" | "tenants.read" | "tenants.suspend" | "tokens.change" | "tokens.read" | "users.change" | "users.create" | "users.delete" | "users.erase" | "users.export" | "users.import" | "users.provider_tokens" | "users.read" | "users.secure" | "webhooks.change" | "webhooks.read";
        /** @enum {string} */
        Role: "owner" | "admin" | "developer" | "support" | "viewer";
        Grant: {
            role: components["schemas"]["Role"];
            /** @description The tenant's slug; null for the platform and all tenants. */
            tenant: string | null;
            tenant_id: string | null;
        };
        NewGrant: {
            role: components["schemas"]["Role"];
            /** @description The tenant's slug. Without it the role is for the platform and all tenants. */
            tenant?: string | null;
        };
        Token: {
            id: string;
            name: string;
            grants: components["schemas"]["Grant"][];
            /** @description The permissions that it is narrowed to; null for all that its grants give. */
            scopes: components["schemas"]["Permission"][] | null;
            /** @description The operator whom it may never do more than. */
            owner_id: string | null;
            created_by: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
            /**
             * Format: date-time
             * @description Noted once a minute at most.
             */
            last_used_at: string | null;
            last_used_ip: string;
            /** @description The token itself; only in the answer that it is made with. */
            token?: string;
        };
        Operator: {
            /** @description Of the user in the operators' own tenant. */
            id: string;
            email: string;
            name: string;
            active: boolean;
            /** @description Whether they have one. Without it the admin API takes no session of theirs. */
            second_factor: boolean;
            grants: components["schemas"]["Grant"][];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_login_at: string | null;
            /** @description To set a password by, once. It is there only when the emergency token makes an operator. */
            invitation_url?: string;
        };
        NewOperator: {
            email: string;
            name?: string;
            grants: components["schemas"]["NewGrant"][];
        };
        OperatorPatch: {
            grants: components["schemas"]["NewGrant"][];
        };
        NewToken: {
            name: string;
            grants: components["schemas"]["NewGrant"][];
            scopes?: components["schemas"]["Permission"][] | null;
            /**
             * Format: date-time
             * @description In 90 days, unless it is said; in a year at most.
             */
            expires_at?: string;
        };
        Tenant: {
            /** @description Never given out again. */
            id: string;
            slug: components["schemas"]["Slug"];
            name: components["schemas"]["Name"];
            hosts: components["schemas"]["Hosts"];
            state: components["schemas"]["State"];
            /** @description What every link in a mail begins with. */
            public_url: string;
            config: components["schemas"]["Config"];
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            /**
             * @description Why the tenant cannot be served; not there where it can. Its secrets are sealed under a key that the server does
             *     not have: its config cannot be changed, but it can be suspended and deleted.
             */
            error?: string;
        };
        NewTenant: {
            slug: components["schemas"]["Slug"];
            name: components["schemas"]["Name"];
            hosts?: components["schemas"]["Hosts"];
            config?: components["schemas"]["Config"];
            note?: components["schemas"]["NoteText"];
            /** @description The slug of a tenant whose configuration the new one begins with; `config` is then a merge patch of that. */
            template?: string;
            /**
             * @description The template's secrets too, but for its signing key. It takes tenants.change with the template.
             * @default false
             */
            template_secrets: boolean;
        };
        TenantPatch: {
            name?: components["schemas"]["Name"];
            hosts?: components["schemas"]["Hosts"];
            state?: components["schemas"]["State"];
            config?: components["schemas"]["Config"];
            note?: components["schemas"]["NoteText"];
        };
        TenantDocument: {
            slug?: components["schemas"]["Slug"];
            name: components["schemas"]["Name"];
            hosts?: components["schemas"]["Hosts"];
            state?: components["schemas"]["State"];
            config?: components["schemas"]["Config"];
            /** @description The one that this is to take the place of; another is 409. */
            version?: number;
            note?: components["schemas"]["NoteText"];
        };
        SignInPreview: {
            /** @description Every request to a suspended tenant is refused with 403, whatever the rest says. */
            state: components["schemas"]["State"];
            /** @description What the tenant does not serve (headless.clients) is null. */
            clients: {
                browser: components["schemas"]["SignInOffer"] | null;
                app: components["schemas"]["SignInOffer"] | null;
            };
        };
        SignInOffer: {
            /** @description The data of the answer to GET /_allauth/{client}/v1/config, as the public API describes it. */
            config: {
                account: {
                    login_methods: string[];
                    is_open_for_signup: boolean;
                    email_verification_by_code_enabled: boolean;
                    login_by_code_enabled: boolean;
                    password_reset_by_code_enabled: boolean;
                    authentication_method?: string;
                };
                socialaccount: {
                    providers: unknown[];
                };
                mfa: {
                    supported_types: string[];
                    passkey_login_enabled: boolean;
                };
                usersessions: {
                    track_activity: boolean;
                };
            };
            /** @description The data of the 401 that GET /_allauth/{client}/v1/auth/session is answered with while nobody is signed in. */
            unauthenticated: {
                flows: {
                    id: string;
                    is_pending?: boolean;
                }[];
            };
            /** @description Where somebody stands who signs up with a password and fills in all that is asked for; null where nobody can sign up. */
            after_signup: components["schemas"]["SignInStep"] | null;
            /** @description Where somebody stands who logs in with a password, has no second factor, and has proved their address and number before. */
            after_login: components["schemas"]["SignInStep"];
        };
        SignInStep: {
            /** @description The flow that is pending then, such as verify_email; null: they are signed in. */
            pending: string | null;
        };
        Applied: {
            /** @enum {unknown} */
            outcome: "created" | "changed" | "unchanged";
            dry_run: boolean;
            changes: components["schemas"]["Change"][];
            /** @description As it is; null where there is none. */
            tenant: components["schemas"]["Tenant"] | null;
        };
        Changes: {
            changes: components["schemas"]["Change"][];
        };
        Change: {
            /** @description Such as name or config.account.login_methods. */
            path: string;
            /** @description What it was; null where it was not there. Secrets are masked. */
            before: string | number | boolean | unknown[] | Record<string, unknown> | null;
            /** @description Likewise. */
            after: string | number | boolean | unknown[] | Record<string, unknown> | null;
            /** @description A secret is different, although both may be shown alike. */
            secret?: boolean;
        };
        VersionPage: {
            items: components["schemas"]["Version"][];
            next_cursor: string | null;
        };
        Version: {
            version: number;
            /** Format: date-time */
            at: string;
            /** @description Such as tenant.changed; empty for what the tenant was before the first change that was kept. */
            action: string;
            actor: {
                kind: string;
                id: string;
                name: string;
            };
            name: string;
            hosts: string[];
            /** @enum {unknown} */
            state: "active" | "suspended" | "deleted";
            note: string;
            /** @description Its secrets masked. Lists leave it out. */
            config?: Record<string, unknown>;
        };
        Rollback: {
            version: number;
            note?: components["schemas"]["NoteText"];
        };
        Note: {
            note?: components["schemas"]["NoteText"];
        };
        /** @description Why, in the words of who does it; kept with the version. */
        NoteText: string;
        HostAddition: {
            host: string;
            /** @default false */
            first: boolean;
            note?: components["schemas"]["NoteText"];
        };
        DeletedPage: {
            items: components["schemas"]["DeletedTenant"][];
            next_cursor: string | null;
        };
        DeletedTenant: {
            id: string;
            /** @description That it had; another tenant may have it now. */
            slug: string;
            name: string;
            hosts: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            deleted_at: string;
            /**
             * Format: date-time
             * @description From when on it cannot come back.
             */
            purge_at: string;
        };
        Restoration: {
            slug?: components["schemas"]["Slug"];
            hosts?: components["schemas"]["Hosts"];
            note?: components["schemas"]["NoteText"];
        };
        TenantPage: {
            items: components["schemas"]["Tenant"][];
            /** @description The cursor of the next page; null after the last. */
            next_cursor: string | null;
        };
        /** @description What operators and the tenant header call the tenant. It cannot be changed. */
        Slug: string;
        /** @description What people see. */
        Name: string;
        /**
         * @description The tenant's own hosts, the public one first, and none that the server shares among tenants. A tenant without hosts
         *     needs public_url in its config.
         */
        Hosts: string[];
        /**
         * @description A suspended tenant is known, but every request to it is refused.
         * @enum {string}
         */
        State: "active" | "suspended";
        /**
         * @description What the tenant wants other than the defaults, at most 256 KiB. /admin/v1/config-schema is its schema. Secrets are
         *     given in the clear and shown as ********.
         */
        Config: Record<string, unknown>;
        KeySet: {
            /** @description Where it is published. */
            url: string;
            /** @description A JWK Set (RFC 7517); null where the tenant has no tokens (headless.token_strategy). */
            jwks: {
                keys: {
                    [key: string]: unknown;
                }[];
            } | null;
        };
        Keys: {
            items: components["schemas"]["Key"][];
        };
        NewImport: {
            /** @enum {unknown} */
            format: "ndjson" | "csv";
            /** @description How many rows the file has. If there are not as many, the import does not start. */
            total_lines?: number | null;
            /**
             * @description What becomes of a row whose user is here already. It is counted as skipped, or as failed.
             * @enum {unknown}
             */
            on_conflict?: "skip" | "fail";
            /** @description Finds every fault and keeps nobody. */
            dry_run?: boolean;
        };
        Import: {
            /** Format: uuid */
            id: string;
            /** @enum {unknown} */
            format: "ndjson" | "csv";
            /** @enum {unknown} */
            on_conflict: "skip" | "fail";
            dry_run: boolean;
            /** @enum {unknown} */
            state: "uploading" | "running" | "finished" | "cancelled";
            /** @description How many chunks are there. */
            chunks: number;
            /** @description While it is uploading, the first chunk that is missing; then the one that is applied. */
            next_chunk: number;
            /** @description Rows in the file. */
            total: number | null;
            /** @description Rows that were dealt with. */
            done: number;
            created: number;
            skipped: number;
            failed: number;
            /** @description Rows a second, since it was started. */
            rate: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            started_at: string | null;
            /** Format: date-time */
            finished_at: string | null;
        };
        ImportPage: {
            items: components["schemas"]["Import"][];
            next_cursor: string | null;
        };
        ImportError: {
            line: number;
            /** @enum {unknown} */
            outcome: "failed" | "skipped";
            /** @description The member of the row that it is about; empty for the whole row. */
            path: string;
            message: string;
        };
        ImportErrorPage: {
            items: components["schemas"]["ImportError"][];
            next_cursor: string | null;
        };
        Key: {
            /** @description What tokens name the key by. Those of a shared secret name none. */
            kid: string;
            /** @enum {unknown} */
            algorithm: "RS256" | "ES256" | "EdDSA" | "HS256";
            /** @enum {unknown} */
            state: "next" | "active" | "retired";
            /**
             * @description Made by the server, given here, or given as `headless.jwt_private_key`.
             * @enum {unknown}
             */
            origin: "generated" | "imported" | "settings";
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            signs_from: string;
            /**
             * Format: date-time
             * @description When its successor begins to sign.
             */
            retires_at: string | null;
            /**
             * Format: date-time
             * @description When the last token that it signed has expired.
             */
            known_until: string | null;
            /**
             * Format: date-time
             * @description When the server publishes its successor.
             */
            rotates_at: string | null;
        };
        KeyImport: {
            /** @description A private key in PEM or, for HS256, a secret; for the tenant's `headless.jwt_algorithm`. */
            private_key: string;
            lead_seconds?: number;
            now?: boolean;
        };
        KeyRotation: {
            lead_seconds?: number;
            now?: boolean;
        };
        Templates: {
            items: components["schemas"]["Template"][];
            /** @description The variables that templates of every kind may name. */
            common: string[];
        };
        Template: {
            kind: string;
            channels: ("mail" | "sms")[];
            variables: string[];
            needs: string[];
            /** @description Null where the tenant has none. What it leaves out is built in. */
            own: components["schemas"]["TemplateTexts"] | null;
            built_in: components["schemas"]["TemplateTexts"];
        };
        TemplateTexts: {
            subject: string;
            text: string;
            html: string;
            sms: string;
        };
        TemplateChange: {
            subject?: string;
            text?: string;
            html?: string;
            sms?: string;
        };
        MailTestRequest: {
            /** @description An email address. */
            to: string;
        };
        MailTest: {
            sent: boolean;
            /** @description The mail server, without user and password. */
            server: string;
            from: string;
            /**
             * @description Where it failed; empty where it did not.
             * @enum {string}
             */
            step: "" | "settings" | "sender" | "recipient" | "reply-to" | "dns" | "dial" | "tls" | "greeting" | "ehlo" | "starttls" | "auth" | "mail" | "rcpt" | "data" | "mailbox";
            /** @description The server's reply; 0 where there was none. */
            code: number;
            /** @description The same by RFC 3463, where the server gave one. */
            enhanced_code: string;
            /** @description The server's own words, or those of what failed on the way. They are somebody else's text. */
            words: string;
            duration_ms: number;
        };
        Providers: {
            items: components["schemas"]["ProviderApp"][];
        };
        ProviderApp: {
            /** @description Such as google, or openid_connect. */
            provider: string;
            /** @description What the API's paths and forms call it. */
            provider_id: string;
            /** @description What people see; empty where the settings do not say. */
            name: string;
            client_id: string;
            has_secret: boolean;
            /** @description Whether it is left out of the list that front ends show. */
            hidden: boolean;
            /** @description Where the provider sends people back to, by SAML the assertion consumer service. It has to be registered there. */
            callback_url: string;
            /** @description Where a provider that speaks SAML reads about the tenant, callback_url included; left out where it speaks anything else. */
            metadata_url?: string;
            /** @description Whether this server knows how to try it out. */
            testable: boolean;
        };
        ProviderTestRequest: {
            /** @description As it is listed. */
            provider: string;
            /** @description As it is listed. */
            client_id: string;
            /** @description As it is listed; needed where several apps of a provider have the same client_id. */
            provider_id?: string;
        };
        ProviderTest: {
            provider: string;
            provider_id: string;
            client_id: string;
            steps: components["schemas"]["ProviderStep"][];
            duration_ms: number;
        };
        ProviderStep: {
            /**
             * @description A provider without a discovery document has the last alone.
             * @enum {unknown}
             */
            step: "discovery" | "issuer" | "keys" | "credentials";
            /** @enum {unknown} */
            level: "ok" | "warning" | "problem" | "unknown";
            /** @description Words of the provider's in it are somebody else's text. */
            message: string;
            /** @description What to do about it; left out where there is nothing. */
            remedy?: string;
        };
        MessagePage: {
            items: components["schemas"]["Message"][];
            /** @description The cursor of the next page; null after the last. */
            next_cursor: string | null;
        };
        Message: {
            id: string;
            /** @description Such as login_code. */
            kind: string;
            /** @enum {unknown} */
            channel: "mail" | "sms";
            /** @enum {unknown} */
            state: "queued" | "sent" | "failed" | "expired";
            /** @description An address or number; null where it was erased. */
            recipient: string | null;
            attempts: number;
            /** @description Why the last attempt failed. */
            error: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When it is tried next.
             */
            due_at: string | null;
            /**
             * Format: date-time
             * @description From when on there is no use in it.
             */
            expires_at: string | null;
            /** Format: date-time */
            finished_at: string | null;
            retryable: boolean;
        };
        ProbeRequest: {
            probe: string;
            /** @description Where to send a GET below the public URL. */
            path: string;
            /** @description The header that names the tenant on shared hosts. */
            tenant_header: string;
            /** @description What to send along. The address in them is nobody's: it shows what proxies make of it. */
            headers: {
                [key: string]: string;
            };
        };
        Diagnosis: {
            url: string;
            /** @description The slug of the tenant; null where the host is no tenant's alone. */
            tenant: string | null;
            checks: components["schemas"]["Check"][];
            /** @description What arrived of the probe; null where nothing did. */
            seen: components["schemas"]["Sight"] | null;
            /** @description Where the last requests to this server came from, of some hundred. */
            clients: {
                requests: number;
                /** @description How many addresses there were. */
                distinct: number;
                /** @description The address that most came from. */
                most: string;
                from_most: number;
                /** @description How many of those say that they came through a proxy which is not believed. */
                forwarded: number;
            };
        };
        Check: {
            /** @enum {unknown} */
            subject: "tenant" | "scheme" | "client_ip" | "cookies" | "cors" | "csrf" | "traffic";
            /** @enum {unknown} */
            level: "ok" | "warning" | "problem" | "unknown";
            message: string;
            /** @description The setting that is meant. */
            setting?: string;
            remedy?: string;
        };
        Sight: {
            host: string;
            peer: string;
            client_ip: string;
            forwarded_for: string[];
            client_ip_header: string[];
            forwarded_proto: string;
            tenant: string;
        };
        Webhooks: {
            items: components["schemas"]["Webhook"][];
        };
        Webhook: {
            id: string;
            url: string;
            description: string;
            events: components["schemas"]["WantedEvents"];
            enabled: boolean;
            /**
             * @description Why the server disabled it. It answered 410, or nothing got through for five days.
             * @enum {string}
             */
            disabled_why: "" | "gone" | "failing";
            /**
             * Format: date-time
             * @description Since when nothing has got through.
             */
            failing_since: string | null;
            /**
             * Format: date-time
             * @description Until when the secret before signs as well.
             */
            old_secret_until: string | null;
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            /** @description Begins with whsec_. Only in the answer to making it, or to rotating it. */
            secret?: string;
        };
        /** @description Names of events such as user.signed_up, all of a kind such as user.*, or * for every event. */
        WantedEvents: string[];
        NewWebhook: {
            url: string;
            events: components["schemas"]["WantedEvents"];
            description?: string;
            /** @default true */
            enabled: boolean;
        };
        WebhookPatch: {
            url?: string;
            events?: components["schemas"]["WantedEvents"];
            description?: string;
            enabled?: boolean;
        };
        WebhookRotation: {
            /** @default 86400 */
            overlap_seconds: number;
        };
        Replay: {
            /**
             * Format: date-time
             * @description What was made at this time or later.
             */
            since: string;
        };
        Replayed: {
            replayed: number;
            /** @description There are more than are sent at once: do it again. */
            more: boolean;
        };
        DeliveryPage: {
            items: components["schemas"]["Delivery"][];
            /** @description The cursor of the next page; null after the last. */
            next_cursor: string | null;
        };
        Delivery: {
            /** @description What the receiver gets as webhook-id. */
            id: string;
            webhook_id: string;
            /** @description The event's in the audit log. */
            event_id: string;
            /** @description Such as user.signed_up. */
            type: string;
            /** @enum {unknown} */
            state: "queued" | "delivered" | "failed";
            attempts: number;
            /** @description Of the last answer; null where there was none. */
            status: number | null;
            /** @description Why the last attempt failed. */
            error: string;
            /** @description The first KiB of the last answer. It is the receiver's text. */
            answer: string;
            duration_ms: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            attempted_at: string | null;
            /**
             * Format: date-time
             * @description When it is tried next.
             */
            due_at: string | null;
            /** Format: date-time */
            finished_at: string | null;
            replayable: boolean;
            /** @description What is sent; null where it was erased. Only where one delivery is shown. */
            payload?: components["schemas"]["WebhookPayload"] | null;
        };
        WebhookPayload: {
            type: string;
            /**
             * Format: date-time
             * @description When it happened.
             */
            timestamp: string;
            tenant: {
                id: string;
                slug: string;
            };
            /** @description What happened. What is empty is left out, and more may be added. */
            data: {
                event_id?: string;
                actor?: {
                    kind?: string;
                    id?: string;
                };
                user_id?: string;
                target?: string;
                ip?: string;
                user_agent?: string;
                request_id?: string;
                details?: Record<string, unknown>;
            };
        };
        MailKinds: {
            items: components["schemas"]["MailKind"][];
            /** @description The variables that templates of every kind may name. */
            common: string[];
        };
        MailKind: {
            /** @description Such as login_code. */
            kind: string;
            channels: ("mail" | "sms")[];
            /** @description What its templates may name, besides the common variables. */
            variables: string[];
            /** @description What it is for. A message has a value for at least one of these, if there are any, and its templates must show it. */
            needs: string[];
        };
        PreviewRequest: {
            /** @description One of /admin/v1/mail-kinds. */
            kind: string;
            /**
             * @description As email.templates has it in a configuration. Left out, it is the tenant's own; what a template leaves out is
             *     built in, so that an empty one shows the built-in messages.
             */
            template?: {
                subject?: string;
                text?: string;
                html?: string;
                sms?: string;
            } | null;
            /** @description Values in the places of samples. An empty one is none, as where a tenant has no page for it. */
            variables?: {
                [key: string]: string;
            } | null;
        };
        Preview: {
            subject: string;
            text: string;
            /** @description Empty where there is a text of the tenant's own and no HTML. */
            html: string;
            /** @description Empty for kinds that are not texted; so are the others for kinds that are not mailed. */
            sms: string;
            /** @description What the templates were filled in with. */
            variables: {
                [key: string]: string;
            };
        };
        MailPage: {
            items: components["schemas"]["Mail"][];
        };
        Mail: {
            to: string;
            from: string;
            subject: string;
            text: string;
            html: string;
            /** @description Such as email_confirmation. */
            kind: string;
            /** @description The tenant's slug. */
            tenant: string;
            /** Format: date-time */
            at: string;
            /** @description The addresses in the text. */
            links: string[];
        };
        Problem: {
            /** @description A urn:vestibule:problem:… that never changes. */
            type: string;
            title: string;
            status: number;
            detail?: string;
            errors?: {
                /** @description Such as hosts[0] or config.account.login_methods[0]; empty for the whole. */
                path: string;
                /** @description A sentence that goes after the path. */
                message: string;
                /** @description Where in a document in YAML. */
                line?: number;
            }[];
            /** @description What the server's log has this request under. */
            request_id?: string;
        };
        User: {
            /** Format: uuid */
            id: string;
            username: string;
            name: string;
            email: string;
            email_verified: boolean;
            phone: string;
            phone_verified: boolean;
            active: boolean;
            has_password: boolean;
            factors: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_login_at: string | null;
        };
        UserDetail: {
            /** Format: uuid */
            id: string;
            username: string;
            name: string;
            email: string;
            email_verified: boolean;
            phone: string;
            phone_verified: boolean;
            active: boolean;
            has_password: boolean;
            factors: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_login_at: string | null;
            emails: components["schemas"]["UserEmail"][];
            authenticators: components["schemas"]["Authenticator"][];
            sessions: components["schemas"]["UserSession"][];
            provider_accounts: components["schemas"]["ProviderAccount"][];
            metadata_public: Record<string, unknown>;
            metadata_private: Record<string, unknown>;
        };
        UserEmail: {
            email: string;
            verified: boolean;
            primary: boolean;
            /** Format: date-time */
            created_at: string;
        };
        Authenticator: {
            id: string;
            type: string;
            name: string;
            unused_codes: number | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_used_at: string | null;
        };
        UserSession: {
            id: string;
            client: string;
            ip: string;
            user_agent: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_seen_at: string;
            /** Format: date-time */
            expires_at: string;
        };
        ProviderAccount: {
            provider: string;
            uid: string;
            /** @description What people know it by; empty where nobody has come in by it yet. */
            display: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_used_at: string | null;
        };
        UserPage: {
            items: components["schemas"]["User"][];
            next_cursor: string | null;
        };
        DeletedUserPage: {
            items: components["schemas"]["DeletedUser"][];
            next_cursor: string | null;
        };
        DeletedUser: {
            id: string;
            email: string;
            username: string;
            name: string;
            /** Format: date-time */
            deleted_at: string;
            /** Format: date-time */
            erase_at: string;
        };
        UserDeletion: {
            id: string;
            /** Format: date-time */
            erase_at: string;
        };
        NewUser: {
            username?: string;
            name?: string;
            email?: string;
            email_verified?: boolean;
            phone?: string;
            phone_verified?: boolean;
            password?: string;
            invite?: boolean;
            metadata_public?: Record<string, unknown>;
            metadata_private?: Record<string, unknown>;
        };
        UserPatch: {
            username?: string | null;
            name?: string;
            metadata_public?: Record<string, unknown>;
            metadata_private?: Record<string, unknown>;
        };
        EmailAddition: {
            email: string;
            verified?: boolean;
        };
        EmailChoice: {
            email: string;
        };
        PhoneSetting: {
            phone: string;
            verified?: boolean;
        };
        PasswordSetting: {
            password: string;
        };
        ProviderTokens: {
            provider: string;
            uid: string;
            access_token: string;
            /** @description Of the app that it was handed out to. */
            client_id: string;
            /**
             * Format: date-time
             * @description Of the access token; null where the provider did not say.
             */
            expires_at: string | null;
            refresh_token: string | null;
            /** @description Of the app that the refresh token was handed out to. It may be another, where a tenant has several with one provider. */
            refresh_client_id: string | null;
        };
        ProviderChoice: {
            provider: string;
            uid: string;
        };
        UserExport: {
            /** Format: date-time */
            exported_at: string;
            tenant: string;
            user: components["schemas"]["UserDetail"];
            messages: Record<string, unknown>[];
            events: Record<string, unknown>[];
            /** @description Whether that is all. An export has 10,000 messages and 10,000 events at most; the audit log has the rest. */
            complete: boolean;
        };
    };
    responses: {
        /** @description Why the request was declined. */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There was no token, or not the right one. */
        Unauthenticated: {
            headers: {
                /** @description How to come with one (RFC 6750). */
                "WWW-Authenticate": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The server cannot do this right now. */
        Busy: {
            headers: {
                /** @description How many seconds to wait. */
                "Retry-After": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description How many to list at most. */
        limit: number;
        /** @description The next_cursor of the page before. */
        cursor: string;
        id: string;
        /** @description An action such as user.login_failed, or what such words begin with, such as factor. */
        auditAction: string;
        /** @description The id of who did it. */
        auditActor: string;
        /** @description The id of the user whom it is about. */
        auditUser: string;
        /** @description The id of the session that it happened in. */
        auditSession: string;
        /** @description The id of the request that it happened in. */
        auditRequest: string;
        /** @description The earliest time, as in RFC 3339. */
        auditSince: string;
        /** @description The time before which it happened, likewise. */
        auditUntil: string;
        /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
        ifMatch: string;
    };
    requestBodies: never;
    headers: {
        /** @description Names what was sent; another version has another one. */
        ETag: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listTenants: {
        parameters: {
            query?: {
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of the page before. */
                cursor?: components["parameters"]["cursor"];
                /** @description What the slug, the name or a host begins with, in any case. */
                q?: string;
                state?: components["schemas"]["State"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of tenants. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    createTenant: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTenant"];
                "application/yaml": components["schemas"]["NewTenant"];
            };
        };
        responses: {
            /** @description The new tenant. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    /** @description Where the tenant is. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showTenant: {
        parameters: {
            query?: {
                /** @description With yaml, as with an Accept header of application/yaml, the answer is the document that PUT takes. */
                format?: "json" | "yaml";
            };
            header?: {
                /** @description The ETag of what is known already; the answer is 304 if it still holds. */
                "If-None-Match"?: string;
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tenant. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                    "application/yaml": components["schemas"]["TenantDocument"];
                };
            };
            /** @description It is still what If-None-Match names. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    applyTenant: {
        parameters: {
            query?: {
                /** @description Write nothing, and say what would be changed. */
                dry_run?: boolean;
            };
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantDocument"];
                "application/yaml": components["schemas"]["TenantDocument"];
            };
        };
        responses: {
            /** @description What was changed, or would be. */
            200: {
                headers: {
                    /** @description Of the tenant as it is now; there is none where dry_run says that one would be made. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Applied"];
                };
            };
            /** @description What was made. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    /** @description Where the tenant is. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Applied"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    deleteTenant: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    patchTenant: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/merge-patch+json": components["schemas"]["TenantPatch"];
                "application/json": components["schemas"]["TenantPatch"];
            };
        };
        responses: {
            /** @description The tenant as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    validateTenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantDocument"];
                "application/yaml": components["schemas"]["TenantDocument"];
                "application/merge-patch+json": components["schemas"]["TenantPatch"];
            };
        };
        responses: {
            /** @description What would be changed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Applied"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    previewSignIn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/merge-patch+json": components["schemas"]["TenantPatch"];
                "application/json": components["schemas"]["TenantPatch"];
                "application/yaml": components["schemas"]["TenantPatch"];
            };
        };
        responses: {
            /** @description What they would be told. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInPreview"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listVersions: {
        parameters: {
            query?: {
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of the page before. */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of versions, without their configurations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showVersion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version, its secrets masked. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Version"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    diffVersions: {
        parameters: {
            query: {
                from: number;
                /** @description Left out, what the tenant is now. */
                to?: number;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What changed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Changes"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    rollbackTenant: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rollback"];
            };
        };
        responses: {
            /** @description The tenant as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    suspendTenant: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Note"];
            };
        };
        responses: {
            /** @description The tenant as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    resumeTenant: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Note"];
            };
        };
        responses: {
            /** @description The tenant as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    addHost: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HostAddition"];
            };
        };
        responses: {
            /** @description The tenant as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    removeHost: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tenant as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listDeletedTenants: {
        parameters: {
            query?: {
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of the page before. */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deleted tenants. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletedPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    restoreTenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Restoration"];
            };
        };
        responses: {
            /** @description The tenant. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    /** @description Where the tenant is. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    purgeTenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key is destroyed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    previewMail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewRequest"];
            };
        };
        responses: {
            /** @description The messages. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preview"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listImports: {
        parameters: {
            query?: {
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of imports. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    createImport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewImport"];
            };
        };
        responses: {
            /** @description The new import. */
            201: {
                headers: {
                    /** @description Where it is. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showImport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The import. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    putChunk: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
                /** @description From 1 on, in the order of the file. */
                number: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-ndjson": string;
                "text/csv": string;
            };
        };
        responses: {
            /** @description It is there. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    startImport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The import, which runs. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    cancelImport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The import, which has ended. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listImportErrors: {
        parameters: {
            query?: {
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of the page before. */
                cursor?: string;
                /** @description ndjson sends all of them, one a line. */
                format?: "json" | "ndjson";
            };
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of errors or, as NDJSON, all of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportErrorPage"];
                    "application/x-ndjson": string;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showKeySet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key set. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeySet"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Keys"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    importKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyImport"];
            };
        };
        responses: {
            /** @description The key. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    rotateKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyRotation"];
            };
        };
        responses: {
            /** @description The key that is to sign. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    retireKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                kid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who it is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listOperators: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The operators. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Operator"][];
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    createOperator: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewOperator"];
            };
        };
        responses: {
            /** @description The operator. */
            201: {
                headers: {
                    /** @description Where it is. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operator"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showOperator: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The operator. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operator"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    removeOperator: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They are no operator any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    changeOperator: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/merge-patch+json": components["schemas"]["OperatorPatch"];
                "application/json": components["schemas"]["OperatorPatch"];
            };
        };
        responses: {
            /** @description The operator. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operator"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tokens, without what they are shown by. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Token"][];
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description The token. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It was revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listTemplates: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every kind, with the tenant's own templates and the built-in ones. The ETag is the tenant's. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Templates"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    putTemplate: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
                kind: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TemplateChange"];
            };
        };
        responses: {
            /** @description The templates as they are now. The ETag is the tenant's. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Template"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    resetTemplate: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    testMail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MailTestRequest"];
            };
        };
        responses: {
            /** @description What came of it. That it could not be sent is no error. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailTest"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listProviders: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The apps, by provider. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Providers"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    testProvider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderTestRequest"];
            };
        };
        responses: {
            /** @description What came of it. That it does not work is no error. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderTest"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listMessages: {
        parameters: {
            query?: {
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of the page before. */
                cursor?: string;
                /** @description Only those of this state. */
                state?: "queued" | "sent" | "failed" | "expired";
                /** @description Only those of this kind; one of /admin/v1/mail-kinds. */
                kind?: string;
                /** @description Only those that go out this way. */
                channel?: "mail" | "sms";
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of messages. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagePage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    retryMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    tenantDoctor: {
        parameters: {
            query?: {
                /** @description The public URL, such as https://login.example.org. */
                url?: string;
                /** @description The origin of a front end, besides those that the settings name. */
                origin?: string;
                /** @description The probe that was sent there before. */
                probe?: string;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diagnosis"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    doctor: {
        parameters: {
            query?: {
                /** @description The public URL, such as https://login.example.org. */
                url?: string;
                /** @description The origin of a front end, besides those that the settings name. */
                origin?: string;
                /** @description The probe that was sent there before. */
                probe?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diagnosis"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    probe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What to send where. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProbeRequest"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listWebhooks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhooks, the oldest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhooks"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description The webhook, with its secret. */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    /** @description Where it is. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    patchWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/merge-patch+json": components["schemas"]["WebhookPatch"];
                "application/json": components["schemas"]["WebhookPatch"];
            };
        };
        responses: {
            /** @description The webhook as it is now. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the change is meant for. Without it the change is made to whatever is there. */
                "If-Match"?: components["parameters"]["ifMatch"];
            };
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookRotation"];
            };
        };
        responses: {
            /** @description The webhook, with its new secret. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            412: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    testWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery; ask for it to see what came of it. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    replayFailedDeliveries: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Replay"];
            };
        };
        responses: {
            /** @description How many are sent again. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replayed"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of the page before. */
                cursor?: string;
                /** @description Only those of this state. */
                state?: "queued" | "delivered" | "failed";
            };
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deliveries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    replayDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listTenantAudit: {
        parameters: {
            query?: {
                /** @description An action such as user.login_failed, or what such words begin with, such as factor. */
                action?: components["parameters"]["auditAction"];
                /** @description The id of who did it. */
                actor?: components["parameters"]["auditActor"];
                /** @description The id of the user whom it is about. */
                user?: components["parameters"]["auditUser"];
                /** @description The id of the session that it happened in. */
                session?: components["parameters"]["auditSession"];
                /** @description The id of the request that it happened in. */
                request?: components["parameters"]["auditRequest"];
                /** @description The earliest time, as in RFC 3339. */
                since?: components["parameters"]["auditSince"];
                /** @description The time before which it happened, likewise. */
                until?: components["parameters"]["auditUntil"];
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of an earlier page with the same filter. */
                cursor?: string;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    exportTenantAudit: {
        parameters: {
            query?: {
                /** @description An action such as user.login_failed, or what such words begin with, such as factor. */
                action?: components["parameters"]["auditAction"];
                /** @description The id of who did it. */
                actor?: components["parameters"]["auditActor"];
                /** @description The id of the user whom it is about. */
                user?: components["parameters"]["auditUser"];
                /** @description The id of the session that it happened in. */
                session?: components["parameters"]["auditSession"];
                /** @description The id of the request that it happened in. */
                request?: components["parameters"]["auditRequest"];
                /** @description The earliest time, as in RFC 3339. */
                since?: components["parameters"]["auditSince"];
                /** @description The time before which it happened, likewise. */
                until?: components["parameters"]["auditUntil"];
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lines of JSON, each an AuditEvent. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    verifyAudit: {
        parameters: {
            query?: {
                /** @description The next_cursor of the part before. */
                cursor?: string;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditReport"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description An action such as user.login_failed, or what such words begin with, such as factor. */
                action?: components["parameters"]["auditAction"];
                /** @description The id of who did it. */
                actor?: components["parameters"]["auditActor"];
                /** @description The id of the user whom it is about. */
                user?: components["parameters"]["auditUser"];
                /** @description The id of the session that it happened in. */
                session?: components["parameters"]["auditSession"];
                /** @description The id of the request that it happened in. */
                request?: components["parameters"]["auditRequest"];
                /** @description The earliest time, as in RFC 3339. */
                since?: components["parameters"]["auditSince"];
                /** @description The time before which it happened, likewise. */
                until?: components["parameters"]["auditUntil"];
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of an earlier page with the same filter. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    exportAudit: {
        parameters: {
            query?: {
                /** @description An action such as user.login_failed, or what such words begin with, such as factor. */
                action?: components["parameters"]["auditAction"];
                /** @description The id of who did it. */
                actor?: components["parameters"]["auditActor"];
                /** @description The id of the user whom it is about. */
                user?: components["parameters"]["auditUser"];
                /** @description The id of the session that it happened in. */
                session?: components["parameters"]["auditSession"];
                /** @description The id of the request that it happened in. */
                request?: components["parameters"]["auditRequest"];
                /** @description The earliest time, as in RFC 3339. */
                since?: components["parameters"]["auditSince"];
                /** @description The time before which it happened, likewise. */
                until?: components["parameters"]["auditUntil"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lines of JSON, each an AuditEvent. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    tenantStats: {
        parameters: {
            query?: {
                /** @description How long the intervals are. They begin in UTC. */
                interval?: "hour" | "day" | "month";
                /** @description A time in the first interval, as in RFC 3339; otherwise 48 hours, 30 days or 12 months back. */
                from?: string;
                /** @description The end, likewise; otherwise now. */
                to?: string;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stats"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    platformStats: {
        parameters: {
            query?: {
                /** @description How long the intervals are. They begin in UTC. */
                interval?: "hour" | "day" | "month";
                /** @description A time in the first interval, as in RFC 3339; otherwise 48 hours, 30 days or 12 months back. */
                from?: string;
                /** @description The end, likewise; otherwise now. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stats"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showFleet: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How it is doing. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Fleet"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of the page before. */
                cursor?: string;
                /** @description An id, or what an address, a username or a number begins with. The list then goes by these, and not by time. */
                q?: string;
                /** @description Only users who are active, or who are not. */
                active?: boolean;
                /** @description Only users with a verified address, or without. */
                verified?: boolean;
                /** @description Only users with such an authenticator; any is any second factor. */
                factor?: "any" | "none" | "totp" | "webauthn" | "recovery_codes";
                /** @description Only users made then or later. */
                created_from?: string;
                /** @description Only users made before. */
                created_until?: string;
                /** @description Only users who logged in last then or later. */
                last_login_from?: string;
                /** @description Only users who logged in last before. */
                last_login_until?: string;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of users. It may have fewer than asked for, or none, although there are more. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    createUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description The new user. */
            201: {
                headers: {
                    /** @description Where the user is. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    deleteUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Until when the user may be restored. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDeletion"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    patchUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/merge-patch+json": components["schemas"]["UserPatch"];
                "application/json": components["schemas"]["UserPatch"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    restoreUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    eraseUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Nothing is left of the user but ids in events. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    deactivateUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    reactivateUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    addUserEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailAddition"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    removeUserEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailChoice"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    verifyUserEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailChoice"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    unverifyUserEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailChoice"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    makeUserEmailPrimary: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailChoice"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    setUserPhone: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PhoneSetting"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    removeUserPhone: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    verifyUserPhone: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    unverifyUserPhone: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    setUserPassword: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordSetting"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    sendUserLink: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    endUserSessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    endUserSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    removeUserFactors: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    removeUserFactor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
                authenticator: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    disconnectUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderChoice"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    showProviderTokens: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderChoice"];
            };
        };
        responses: {
            /** @description The tokens. Never cached. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderTokens"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    exportUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user, what happened to it, and what it was sent. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserExport"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    exportTenant: {
        parameters: {
            query?: {
                /** @description Whether the users' hashes are among it. */
                password_hashes?: boolean;
                /** @description Whether the line with the tenant is left out, so that the rest is the file of an import. */
                users_only?: boolean;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tenant and its users. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listDeletedUsers: {
        parameters: {
            query?: {
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description The next_cursor of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deleted users. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletedUserPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Busy"];
        };
    };
    listMailKinds: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The kinds. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailKinds"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
        };
    };
    configSchema: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The schema. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/schema+json": Record<string, unknown>;
                };
            };
            /** @description It is still what If-None-Match names. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
        };
    };
    listMail: {
        parameters: {
            query?: {
                /** @description How many to list at most. */
                limit?: components["parameters"]["limit"];
                /** @description Only what was sent to this address or number. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The messages, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
        };
    };
    emptyMail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is empty. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
        };
    };
}
