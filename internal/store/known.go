package store

import "slices"

// actions are all of them. A test holds the list to the constants.
var actions = []Action{
	UserSignedUp, SignupRefused, UserLoggedIn, LoginFailed, UserLoggedOut, UserReauthenticated, ReauthenticationFailed, UserClaimed,
	SessionEnded, PasswordChanged, PasswordReset, PasswordResetAsked, EmailAdded, EmailRemoved, EmailVerified, EmailPrimaryChanged,
	PhoneChanged, PhoneRemoved, PhoneVerified, FactorAdded, FactorChanged, FactorRemoved, RecoveryCodeUsed, BrowserTrusted,
	RefreshTokenReused, WebAuthnCounterFailed, AuditHeadChanged, TenantCreated, TenantChanged, TenantSuspended, TenantResumed,
	TenantDeleted, TenantRestored, TenantPurged, KeyRotated, KeyImported, KeyRetired, ImportCreated, ImportStarted, ImportCancelled,
	ImportFinished, OperatorCreated, OperatorChanged, OperatorRemoved, TokenCreated, TokenRevoked, BreakGlassUsed, MailTested, ProviderTested,
	MessageRetried, WebhookCreated, WebhookChanged, WebhookDeleted, WebhookDisabled, WebhookSecretRotated, WebhookTested,
	WebhookReplayed, UserCreated, UserInvited, UserChanged, UserDeactivated, UserReactivated, UserDeleted, UserRestored, UserErased,
	UserExported, TenantExported, EmailUnverified, PhoneUnverified, PasswordSet, PasswordResetSent, SessionsEnded,
	ProviderConnected, ProviderDisconnected, ProviderTokensRead,
}

// Actions lists every action, sorted.
func Actions() []Action {
	all := slices.Clone(actions)
	slices.Sort(all)
	return all
}
