package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// userFlags are the flags of admin user. Those that only some commands have are given there.
type userFlags struct {
	apiFlags
	tenant                                       string
	q, factor                                    string
	active, verified                             string
	username, name, email, phone, password       string
	publicly, privately                          string
	emailVerified, phoneVerified, verify, hashes bool
	session, authenticator                       string
	all, yes, usersOnly                          bool
}

// userCommand is admin user, which looks after the people of one tenant.
func (t *tool) userCommand() *cobra.Command {
	f := &userFlags{}
	cmd := &cobra.Command{Use: "user", Short: "Find, make, change, delete and erase the users of a tenant",
		Long: "A user is named by its id, or by an address or a username that is the user's own.",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	f.add(cmd)
	cmd.PersistentFlags().StringVar(&f.tenant, "tenant", "", "whose users; needed")
	_ = cmd.MarkPersistentFlagRequired("tenant") // the flag is there
	cmd.AddCommand(t.userList(f), t.userShow(f), t.userCreate(f), t.userInvite(f), t.userPatch(f), t.userEmail(f), t.userPhone(f),
		t.userPassword(f), t.userSessions(f), t.userFactors(f), t.userDeleted(f), t.userExport(f),
		t.userAct(f, "deactivate", "Keep a user out, at once and everywhere", "deactivated"),
		t.userAct(f, "reactivate", "Let a user in again", "reactivated"),
		t.userAct(f, "reset", "Mail a user a link that sets a password", "sent"),
		t.userRestore(f), t.userEndSessions(f), t.userRemoveFactor(f), t.userDisconnect(f),
		t.userDelete(f), t.userErase(f))
	return cmd
}

func (f *userFlags) path(parts ...string) string {
	path := tenantPath(f.tenant) + "/users"
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

// isID is what ids look like.
var isID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// userNamed is the id of the user whom an argument names.
func (t *tool) userNamed(ctx context.Context, f *userFlags, name string) (string, error) {
	if isID.MatchString(name) {
		return name, nil
	}
	var page struct{ Items []admin.User }
	if err := t.look(ctx, &f.apiFlags, f.path()+"?"+url.Values{"q": {name}, "limit": {"20"}}.Encode(), &page); err != nil {
		return "", err
	}
	found := ""
	for _, u := range page.Items {
		if strings.EqualFold(u.Email, name) || strings.EqualFold(u.Username, name) || u.Phone == name {
			if found != "" {
				return "", fmt.Errorf("more than one user goes by %s: give the id", name)
			}
			found = u.ID
		}
	}
	if found == "" {
		return "", fmt.Errorf("no user goes by %s", name)
	}
	return found, nil
}

// one sends a request about a user whom an argument names, that the user is the answer to, and prints the user or a word.
func (t *tool) one(ctx context.Context, f *userFlags, name, method string, body any, said string, parts ...string) error {
	id, err := t.userNamed(ctx, f, name)
	if err != nil {
		return err
	}
	q := request{method: method, path: f.path(append([]string{id}, parts...)...), body: body}
	if body != nil {
		q.mediaType = typeJSON
	}
	return t.showUser(ctx, f, q, said)
}

func (t *tool) showUser(ctx context.Context, f *userFlags, q request, said string) error {
	var u admin.UserDetail
	return t.ask(ctx, &f.apiFlags, q, &u, func() error {
		if said != "" {
			_, err := fmt.Fprintln(t.out, said, u.ID, orNothing(u.Email))
			return err
		}
		return t.printUser(&u)
	})
}

func (t *tool) printUser(u *admin.UserDetail) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", name, value) // Flush tells what went wrong
		}
	}
	state := "active"
	if !u.Active {
		state = "inactive"
	}
	row("ID", u.ID)
	row("Username", u.Username)
	row("Name", u.Name)
	row("State", state)
	for _, e := range u.Emails {
		row("Email", e.Email+worded(e.Primary, ", primary")+worded(e.Verified, ", verified"))
	}
	row("Phone", u.Phone+worded(u.PhoneVerified, ", verified"))
	row("Password", map[bool]string{true: "set", false: "none"}[u.HasPassword])
	for _, x := range u.Authenticators {
		row("Authenticator", strings.TrimSpace(x.ID+"  "+x.Type+"  "+x.Name))
	}
	for _, p := range u.ProviderAccounts {
		row("Provider", p.Provider+" "+p.UID)
	}
	row("Sessions", fmt.Sprint(len(u.Sessions)))
	row("Created", u.CreatedAt.Format(time.RFC3339))
	row("Last login", orDash(u.LastLoginAt))
	row("Public metadata", string(u.MetadataPublic))
	row("Private metadata", string(u.MetadataPrivate))
	return table.Flush()
}

func worded(yes bool, word string) string {
	if yes {
		return word
	}
	return ""
}

func (t *tool) userList(f *userFlags) *cobra.Command {
	var p pageFlags
	cmd := &cobra.Command{Use: "list --tenant SLUG", Short: "List users, the latest first, or search them", Args: cobra.NoArgs}
	work := does(func(ctx context.Context, _ []string) error {
		q := url.Values{}
		for name, value := range map[string]string{"q": f.q, "active": f.active, "verified": f.verified, "factor": f.factor, "cursor": p.cursor} {
			if value != "" {
				q.Set(name, value)
			}
		}
		all, next, err := t.pages(ctx, &f.apiFlags, f.path(), q, p.limit)
		if err != nil {
			return err
		}
		return errors.Join(t.printUsers(f, all), t.more(next))
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if p.limit < 0 {
			return errors.New("--limit must be 0 or more")
		}
		return work(cmd, args)
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.q, "query", "q", "", "an id, or what an address, a username or a number begins with")
	flags.StringVar(&f.active, "active", "", "true or false: only those who are, or are not")
	flags.StringVar(&f.verified, "verified", "", "true or false: only those with a verified address, or without")
	flags.StringVar(&f.factor, "factor", "", "any, none, totp, webauthn or recovery_codes: only those who have it")
	flags.IntVar(&p.limit, "limit", 1000, "how many to list at most; 0 lists all")
	p.cursorFlag(cmd)
	return cmd
}

func (t *tool) printUsers(f *userFlags, all []json.RawMessage) error {
	if f.output != asTable {
		return t.object(&f.apiFlags, all)
	}
	items, err := itemsOf[admin.User](all)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tEMAIL\tUSERNAME\tNAME\tACTIVE\tVERIFIED\tFACTORS\tCREATED\tLAST LOGIN") // Flush tells what went wrong
	for _, u := range items {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%t\t%t\t%s\t%s\t%s\n", u.ID, orNothing(u.Email), orNothing(u.Username), orNothing(u.Name), u.Active,
			u.EmailVerified, orNothing(strings.Join(u.Factors, " ")), u.CreatedAt.Format(time.RFC3339), orDash(u.LastLoginAt))
	}
	return table.Flush()
}

func (t *tool) userShow(f *userFlags) *cobra.Command {
	return &cobra.Command{Use: "show USER --tenant SLUG", Short: "Show a user", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error { return t.one(ctx, f, args[0], http.MethodGet, nil, "") })}
}

// nameFlags give a command the flags that say what a user is called.
func (f *userFlags) nameFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.username, "username", "", "the username")
	cmd.Flags().StringVar(&f.name, "name", "", "what the user is called")
	cmd.Flags().StringVar(&f.publicly, "metadata-public", "", "a file with a JSON object that the tenant's own programs may show; - is the standard input")
	cmd.Flags().StringVar(&f.privately, "metadata-private", "", "likewise, for operators alone")
}

// named are the members of what was said of a user.
func (t *tool) named(cmd *cobra.Command, f *userFlags) (map[string]any, error) {
	in := map[string]any{}
	for _, one := range []struct {
		flag, member string
		value        any
	}{
		{"username", "username", f.username}, {"name", "name", f.name}, {"email", "email", f.email}, {"email-verified", "email_verified", f.emailVerified},
		{"phone", "phone", f.phone}, {"phone-verified", "phone_verified", f.phoneVerified},
	} {
		if cmd.Flags().Changed(one.flag) {
			in[one.member] = one.value
		}
	}
	for flag, file := range map[string]string{"metadata-public": f.publicly, "metadata-private": f.privately} {
		if file == "" {
			continue
		}
		doc, err := t.read(flag, file, mostConfig)
		if err != nil {
			return nil, err
		}
		if !json.Valid(doc) {
			return nil, fmt.Errorf("--%s is not valid JSON", flag)
		}
		in[strings.ReplaceAll(flag, "-", "_")] = json.RawMessage(doc)
	}
	return in, nil
}

func (t *tool) userCreate(f *userFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "create --tenant SLUG --email ADDRESS", Short: "Make a user", Args: cobra.NoArgs}
	f.nameFlags(cmd)
	cmd.Flags().StringVar(&f.email, "email", "", "the address")
	cmd.Flags().BoolVar(&f.emailVerified, "email-verified", false, "have the address count as proved")
	cmd.Flags().StringVar(&f.phone, "phone", "", "the number, such as +31612345678")
	cmd.Flags().BoolVar(&f.phoneVerified, "phone-verified", false, "have the number count as proved")
	cmd.Flags().StringVar(&f.password, "password-file", "", "a file with the password; - is the standard input")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return does(func(ctx context.Context, _ []string) error {
			in, err := t.named(cmd, f)
			if err == nil && f.password != "" {
				in["password"], err = t.secretIn("password-file", f.password)
			}
			if err != nil {
				return err
			}
			return t.showUser(ctx, f, request{method: http.MethodPost, path: f.path(), mediaType: typeJSON, body: in}, "")
		})(cmd, args)
	}
	return cmd
}

// secretIn is the secret that a file holds, which ends where its line does.
func (t *tool) secretIn(flag, file string) (string, error) {
	b, err := t.read(flag, file, mostKey)
	return strings.TrimRight(string(b), "\r\n"), err
}

func (t *tool) userInvite(f *userFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "invite ADDRESS --tenant SLUG", Short: "Make a user, and mail a link that sets the first password", Args: cobra.ExactArgs(1)}
	f.nameFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return does(func(ctx context.Context, args []string) error {
			in, err := t.named(cmd, f)
			if err != nil {
				return err
			}
			in["email"], in["invite"] = args[0], true
			return t.showUser(ctx, f, request{method: http.MethodPost, path: f.path(), mediaType: typeJSON, body: in}, "invited")
		})(cmd, args)
	}
	return cmd
}

func (t *tool) userPatch(f *userFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "patch USER --tenant SLUG", Args: cobra.ExactArgs(1),
		Short: "Change what a user is called, and metadata (a merge patch: null takes a member away)"}
	f.nameFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in, err := t.named(cmd, f)
		if err != nil {
			return failure{err}
		}
		if len(in) == 0 {
			return errors.New("there is nothing to change: give --username, --name, --metadata-public or --metadata-private")
		}
		return does(func(ctx context.Context, args []string) error {
			return t.one(ctx, f, args[0], http.MethodPatch, in, "")
		})(cmd, args)
	}
	return cmd
}

// userAct is a command that does something to a user without saying more.
func (t *tool) userAct(f *userFlags, use, short, said string) *cobra.Command {
	part := use
	if use == "reset" {
		part = "send-link"
	}
	return &cobra.Command{Use: use + " USER --tenant SLUG", Short: short, Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.one(ctx, f, args[0], http.MethodPost, nil, said, part)
		})}
}

func (t *tool) userRestore(f *userFlags) *cobra.Command {
	return &cobra.Command{Use: "restore ID --tenant SLUG", Short: "Bring a deleted user back", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.showUser(ctx, f, request{method: http.MethodPost, path: f.path(args[0], "restore")}, "restored")
		})}
}

// rehearsed is the id of the user whom an argument names; "" where --yes is missing, and what the act would do to the user was said. The
// user must have what is to be taken, if has says what that is.
func (t *tool) rehearsed(ctx context.Context, f *userFlags, name, act, what, means string, has func(*admin.UserDetail) bool) (id string, err error) {
	if id, err = t.userNamed(ctx, f, name); err != nil || f.yes {
		return id, err
	}
	var u admin.UserDetail
	if err := t.look(ctx, &f.apiFlags, f.path(id), &u); err != nil {
		return "", err
	}
	if has != nil && !has(&u) {
		return "", fmt.Errorf("there is nothing to %s: %s%s", act, what, u.ID)
	}
	return "", t.would(&f.apiFlags, act, u.ID, fmt.Sprintf("%s%s (%s, %s)", what, u.ID, orNothing(u.Email), orNothing(u.Name)), means)
}

func (t *tool) userDelete(f *userFlags) *cobra.Command {
	return yesFlag(&cobra.Command{Use: "delete USER --tenant SLUG", Short: "Delete a user, who may be restored for 30 days", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			id, err := t.rehearsed(ctx, f, args[0], "delete", "the user ",
				"every session would end, and the address, the username and the number would be free. The user could be restored for 30 days", nil)
			if err != nil || id == "" {
				return err
			}
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodDelete, path: f.path(id)}, nil, func() error {
				return t.did(&f.apiFlags, "deleted", id)
			})
		})}, &f.yes)
}

// userErase is admin user erase. Whom it takes away may have been deleted before, and is then known by the id alone.
func (t *tool) userErase(f *userFlags) *cobra.Command {
	return yesFlag(&cobra.Command{Use: "erase USER --tenant SLUG", Args: cobra.ExactArgs(1),
		Short: "Take a user away for good, deleted before or not; this cannot be undone",
		RunE: does(func(ctx context.Context, args []string) error {
			id, err := t.userNamed(ctx, f, args[0])
			if err != nil {
				return err
			}
			if !f.yes {
				return t.would(&f.apiFlags, "erase", id, "the user "+id, "nothing would be left but ids in events. This cannot be undone")
			}
			if _, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodPost, path: f.path(id, "erase")}); err != nil {
				return err
			}
			return t.did(&f.apiFlags, "erased", id)
		})}, &f.yes)
}

func (t *tool) userEmail(f *userFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "email", Short: "Look after a user's addresses", Args: cobra.ArbitraryArgs, RunE: needsCommand}
	for _, one := range []struct{ use, part, short, said string }{
		{"add", "", "Give a user another address", "added to"},
		{"remove", "remove", "Take an address from a user", "removed from"},
		{"verify", "verify", "Have an address count as proved", "verified for"},
		{"unverify", "unverify", "Have an address be proved anew", "unverified for"},
		{"primary", "primary", "Make an address the primary one", "made primary for"},
	} {
		below := &cobra.Command{Use: one.use + " USER ADDRESS --tenant SLUG", Short: one.short, Args: cobra.ExactArgs(2),
			RunE: does(func(ctx context.Context, args []string) error {
				if one.use == "remove" {
					id, err := t.rehearsed(ctx, f, args[0], "remove", "the address "+args[1]+" of ", "it would be free for another user", func(u *admin.UserDetail) bool {
						return slices.ContainsFunc(u.Emails, func(e admin.UserEmail) bool { return strings.EqualFold(e.Email, args[1]) })
					})
					if err != nil || id == "" {
						return err
					}
					args[0] = id
				}
				in := map[string]any{"email": args[1]}
				parts := []string{"emails"}
				if one.part != "" {
					parts = append(parts, one.part)
				} else {
					in["verified"] = f.verify
				}
				return t.one(ctx, f, args[0], http.MethodPost, in, args[1]+" "+one.said, parts...)
			})}
		switch one.use {
		case "remove":
			yesFlag(below, &f.yes)
		case "add":
			below.Flags().BoolVar(&f.verify, "verified", false, "have it count as proved")
		}
		cmd.AddCommand(below)
	}
	return cmd
}

func (t *tool) userPhone(f *userFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "phone", Short: "Look after a user's number", Args: cobra.ArbitraryArgs, RunE: needsCommand}
	set := &cobra.Command{Use: "set USER NUMBER --tenant SLUG", Short: "Give a user a number, in place of the one before", Args: cobra.ExactArgs(2),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.one(ctx, f, args[0], http.MethodPut, map[string]any{"phone": args[1], "verified": f.verify}, "set for", "phone")
		})}
	set.Flags().BoolVar(&f.verify, "verified", false, "have it count as proved")
	cmd.AddCommand(set)
	for _, one := range []struct{ use, method, short, said string }{
		{"remove", http.MethodDelete, "Take a user's number", "removed from"},
		{"verify", http.MethodPost, "Have a number count as proved", "verified for"},
		{"unverify", http.MethodPost, "Have a number be proved anew", "unverified for"},
	} {
		parts := []string{"phone"}
		if one.method == http.MethodPost {
			parts = append(parts, one.use)
		}
		below := &cobra.Command{Use: one.use + " USER --tenant SLUG", Short: one.short, Args: cobra.ExactArgs(1),
			RunE: does(func(ctx context.Context, args []string) error {
				if one.use == "remove" {
					id, err := t.rehearsed(ctx, f, args[0], "remove", "the number of ", "it would be free for another user",
						func(u *admin.UserDetail) bool { return u.Phone != "" })
					if err != nil || id == "" {
						return err
					}
					args[0] = id
				}
				return t.one(ctx, f, args[0], one.method, nil, one.said, parts...)
			})}
		if one.use == "remove" {
			yesFlag(below, &f.yes)
		}
		cmd.AddCommand(below)
	}
	return cmd
}

func (t *tool) userPassword(f *userFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "password USER --tenant SLUG --password-file FILE", Args: cobra.ExactArgs(1),
		Short: "Give a user another password, and end every session",
		RunE: does(func(ctx context.Context, args []string) error {
			password, err := t.secretIn("password-file", f.password)
			if err != nil {
				return err
			}
			return t.one(ctx, f, args[0], http.MethodPut, map[string]any{"password": password}, "set for", "password")
		})}
	cmd.Flags().StringVar(&f.password, "password-file", "", "a file with the password; - is the standard input; needed")
	_ = cmd.MarkFlagRequired("password-file") // the flag is there
	return cmd
}

// about prints a part of a user.
func (t *tool) about(ctx context.Context, f *userFlags, name string, show func(*admin.UserDetail, io.Writer)) error {
	id, err := t.userNamed(ctx, f, name)
	if err != nil {
		return err
	}
	var u admin.UserDetail
	return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: f.path(id)}, &u, func() error {
		table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		show(&u, table)
		return table.Flush()
	})
}

func (t *tool) userSessions(f *userFlags) *cobra.Command {
	return &cobra.Command{Use: "sessions USER --tenant SLUG", Short: "List a user's sessions", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.about(ctx, f, args[0], func(u *admin.UserDetail, w io.Writer) {
				_, _ = fmt.Fprintln(w, "ID\tCLIENT\tIP\tUSER AGENT\tCREATED\tLAST SEEN") // Flush tells what went wrong
				for _, x := range u.Sessions {
					_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", x.ID, x.Client, orNothing(x.IP), orNothing(x.UserAgent),
						x.CreatedAt.Format(time.RFC3339), x.LastSeenAt.Format(time.RFC3339))
				}
			})
		})}
}

func (t *tool) userFactors(f *userFlags) *cobra.Command {
	return &cobra.Command{Use: "factors USER --tenant SLUG", Short: "List a user's authenticators", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.about(ctx, f, args[0], func(u *admin.UserDetail, w io.Writer) {
				_, _ = fmt.Fprintln(w, "ID\tTYPE\tNAME\tCREATED\tLAST USED") // Flush tells what went wrong
				for _, x := range u.Authenticators {
					_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", x.ID, x.Type, orNothing(x.Name), x.CreatedAt.Format(time.RFC3339), orDash(x.LastUsedAt))
				}
			})
		})}
}

func (t *tool) userEndSessions(f *userFlags) *cobra.Command {
	cmd := yesFlag(&cobra.Command{Use: "end-sessions USER --tenant SLUG", Short: "End one session of a user, or every one", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			what, parts := "every session of ", []string{"sessions"}
			if f.session != "" {
				what, parts = "the session "+f.session+" of ", append(parts, f.session)
			}
			id, err := t.rehearsed(ctx, f, args[0], "end", what, "whoever is signed in there would have to sign in again", func(u *admin.UserDetail) bool {
				return f.session == "" || slices.ContainsFunc(u.Sessions, func(x admin.UserSession) bool { return x.ID == f.session })
			})
			if err != nil || id == "" {
				return err
			}
			return t.one(ctx, f, id, http.MethodDelete, nil, "ended for", parts...)
		})}, &f.yes)
	cmd.Flags().StringVar(&f.session, "session", "", "the id of the one to end; without it, every one")
	return cmd
}

func (t *tool) userRemoveFactor(f *userFlags) *cobra.Command {
	cmd := yesFlag(&cobra.Command{Use: "remove-factor USER --tenant SLUG (--authenticator ID | --all)", Args: cobra.ExactArgs(1),
		Short: "Take an authenticator that is lost from a user, or all of them"}, &f.yes)
	cmd.Flags().StringVar(&f.authenticator, "authenticator", "", "the id of the one to take")
	cmd.Flags().BoolVar(&f.all, "all", false, "take all of them")
	cmd.MarkFlagsMutuallyExclusive("authenticator", "all")
	cmd.MarkFlagsOneRequired("authenticator", "all")
	cmd.RunE = does(func(ctx context.Context, args []string) error {
		what, parts := "every authenticator of ", []string{"authenticators"}
		if !f.all {
			what, parts = "the authenticator "+f.authenticator+" of ", append(parts, f.authenticator)
		}
		id, err := t.rehearsed(ctx, f, args[0], "remove", what, "a login would not ask for it any more", func(u *admin.UserDetail) bool {
			return f.all || slices.ContainsFunc(u.Authenticators, func(x admin.Authenticator) bool { return x.ID == f.authenticator })
		})
		if err != nil || id == "" {
			return err
		}
		return t.one(ctx, f, id, http.MethodDelete, nil, "taken from", parts...)
	})
	return cmd
}

func (t *tool) userDisconnect(f *userFlags) *cobra.Command {
	return yesFlag(&cobra.Command{Use: "disconnect USER PROVIDER UID --tenant SLUG", Short: "Take an account with an identity provider from a user",
		Long: "Take an account with an identity provider from a user. The provider, and the id that the user has there, are as admin user show tells them.",
		Args: cobra.ExactArgs(3),
		RunE: does(func(ctx context.Context, args []string) error {
			provider, uid := args[1], args[2]
			account := "the account " + uid + " with " + provider
			id, err := t.rehearsed(ctx, f, args[0], "disconnect", account+" of ", "it would not sign the user in any more", func(u *admin.UserDetail) bool {
				return slices.ContainsFunc(u.ProviderAccounts, func(p admin.ProviderAccount) bool { return p.Provider == provider && p.UID == uid })
			})
			if err != nil || id == "" {
				return err
			}
			return t.one(ctx, f, id, http.MethodPost, map[string]any{"provider": provider, "uid": uid}, account+" is disconnected from", "provider-accounts", "remove")
		})}, &f.yes)
}

func (t *tool) userDeleted(f *userFlags) *cobra.Command {
	return &cobra.Command{Use: "deleted --tenant SLUG", Short: "List deleted users who may be restored, the latest first", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			all, err := t.everyPage(ctx, &f.apiFlags, tenantPath(f.tenant)+"/deleted-users", url.Values{})
			if err != nil {
				return err
			}
			return t.printDeleted(f, all)
		})}
}

func (t *tool) printDeleted(f *userFlags, all []json.RawMessage) error {
	if f.output != asTable {
		return t.object(&f.apiFlags, all)
	}
	items, err := itemsOf[admin.DeletedUser](all)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tEMAIL\tUSERNAME\tNAME\tDELETED\tERASED AFTER") // Flush tells what went wrong
	for _, u := range items {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", u.ID, orNothing(u.Email), orNothing(u.Username), orNothing(u.Name),
			u.DeletedAt.Format(time.RFC3339), u.EraseAt.Format(time.RFC3339))
	}
	return table.Flush()
}

func (t *tool) userExport(f *userFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "export (USER | --all) --tenant SLUG", Args: cobra.MaximumNArgs(1),
		Short: "Print everything that is held of a user, or of the tenant with every user, one a line"}
	cmd.Flags().BoolVar(&f.all, "all", false, "the tenant, and every user in the form that imports take, as JSON, one a line")
	cmd.Flags().BoolVar(&f.hashes, "password-hashes", false, "with --all: with the hashes of the passwords")
	cmd.Flags().BoolVar(&f.usersOnly, "users-only", false, "with --all: without the tenant, so that it is the file of an import")
	every := does(func(ctx context.Context, _ []string) error {
		c, err := t.client(&f.apiFlags)
		if err != nil {
			return err
		}
		q := url.Values{"password_hashes": {strconv.FormatBool(f.hashes)}, "users_only": {strconv.FormatBool(f.usersOnly)}}
		out := t.counted("lines")
		defer out.bar.end()
		return c.stream(ctx, request{method: http.MethodGet, path: tenantPath(f.tenant) + "/export?" + q.Encode()}, out)
	})
	single := does(func(ctx context.Context, args []string) error {
		id, err := t.userNamed(ctx, f, args[0])
		if err != nil {
			return err
		}
		answer, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodGet, path: f.path(id, "export")})
		if err != nil {
			return err
		}
		if f.output == asYAML {
			return t.printAs(asYAML, answer)
		}
		return t.printJSON(bytes.TrimSpace(answer))
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case f.all != (len(args) == 0):
			return errors.New("name a user, or give --all")
		case f.all:
			if err := checkLines(f.output); err != nil {
				return err
			}
			return every(cmd, args)
		case f.hashes || f.usersOnly:
			return errors.New("--password-hashes and --users-only go with --all")
		default:
			return single(cmd, args)
		}
	}
	return cmd
}
