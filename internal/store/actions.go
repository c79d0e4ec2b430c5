package store

// Action says what happened: a noun, and what became of it. Actions never change, since others act on them: new ones are added here.
type Action string

// What users do, and what happens to them by themselves.
const (
	UserSignedUp           Action = "user.signed_up"
	SignupRefused          Action = "user.signup_refused"
	UserLoggedIn           Action = "user.logged_in"
	LoginFailed            Action = "user.login_failed"
	UserLoggedOut          Action = "user.logged_out"
	UserReauthenticated    Action = "user.reauthenticated"
	ReauthenticationFailed Action = "user.reauthentication_failed"
	UserClaimed            Action = "user.claimed"
	SessionEnded           Action = "session.ended"
	PasswordChanged        Action = "password.changed"
	PasswordReset          Action = "password.reset"
	PasswordResetAsked     Action = "password.reset_requested"
	EmailAdded             Action = "email.added"
	EmailRemoved           Action = "email.removed"
	EmailVerified          Action = "email.verified"
	EmailPrimaryChanged    Action = "email.primary_changed"
	PhoneChanged           Action = "phone.changed"
	PhoneRemoved           Action = "phone.removed"
	PhoneVerified          Action = "phone.verified"
	FactorAdded            Action = "factor.added"
	FactorChanged          Action = "factor.changed"
	FactorRemoved          Action = "factor.removed"
	RecoveryCodeUsed       Action = "recovery_code.used"
	BrowserTrusted         Action = "browser.trusted"
	RefreshTokenReused     Action = "refresh_token.reused"
	WebAuthnCounterFailed  Action = "webauthn.counter_did_not_rise"
)

// AuditHeadChanged happens to the log itself.
const AuditHeadChanged Action = "audit.head_changed"

// What operators do.
const (
	TenantCreated   Action = "tenant.created"
	TenantChanged   Action = "tenant.changed"
	TenantSuspended Action = "tenant.suspended"
	TenantResumed   Action = "tenant.resumed"
	TenantDeleted   Action = "tenant.deleted"
	TenantRestored  Action = "tenant.restored"
	TenantPurged    Action = "tenant.purged" // among the events of the system tenant
	KeyRotated      Action = "key.rotated"
	KeyImported     Action = "key.imported"
	KeyRetired      Action = "key.retired"
	ImportCreated   Action = "import.created"
	ImportStarted   Action = "import.started"
	ImportCancelled Action = "import.cancelled"
	ImportFinished  Action = "import.finished"
	OperatorCreated Action = "operator.created"
	OperatorChanged Action = "operator.changed"
	OperatorRemoved Action = "operator.removed"
	TokenCreated    Action = "token.created"
	TokenRevoked    Action = "token.revoked"
	BreakGlassUsed  Action = "break_glass.used"

	MailTested     Action = "mail.tested"
	ProviderTested Action = "provider.tested"
	MessageRetried Action = "message.retried"

	WebhookCreated       Action = "webhook.created"
	WebhookChanged       Action = "webhook.changed"
	WebhookDeleted       Action = "webhook.deleted"
	WebhookDisabled      Action = "webhook.disabled" // by the server
	WebhookSecretRotated Action = "webhook.secret_rotated"
	WebhookTested        Action = "webhook.tested"
	WebhookReplayed      Action = "webhook.replayed"

	UserCreated          Action = "user.created"
	UserInvited          Action = "user.invited"
	UserChanged          Action = "user.changed"
	UserDeactivated      Action = "user.deactivated"
	UserReactivated      Action = "user.reactivated"
	UserDeleted          Action = "user.deleted"
	UserRestored         Action = "user.restored"
	UserErased           Action = "user.erased"
	UserExported         Action = "user.exported"
	TenantExported       Action = "tenant.exported"
	EmailUnverified      Action = "email.unverified"
	PhoneUnverified      Action = "phone.unverified"
	PasswordSet          Action = "password.set"
	PasswordResetSent    Action = "password.reset_sent"
	SessionsEnded        Action = "sessions.ended"
	ProviderConnected    Action = "provider.connected"
	ProviderDisconnected Action = "provider.disconnected"
	ProviderTokensRead   Action = "provider.tokens_read"
)
