// Command admin is the operators' tool, with a file for each noun. It brings the database up to date, which needs the database alone;
// everything else it does through a running server's admin API, so that every change is seen at once, admitted and logged: tenants, users,
// imports and exports, signing keys, mail, webhooks, identity providers, operators, API tokens, the audit log, statistics, the fleet, and the
// connection doctor. To compare two servers (shadow) it asks both as their front ends would.
//
// Exit status: 0 when it was done, 1 when it was not (for migrate status: when something is pending; for audit verify, doctor and imports:
// when something is wrong; for shadow: when something differs), 2 when the command line makes no sense.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	_ "golang.org/x/crypto/x509roots/fallback" // whom to trust where the system does not say: images have no such list

	"github.com/vestibule-auth/vestibule/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	t := tool{env: os.Getenv, in: os.Stdin, out: os.Stdout, complaints: os.Stderr}
	code := t.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// tool is the command line with what is around it.
type tool struct {
	env             func(name string) string
	in              io.Reader
	out, complaints io.Writer
}

// failure is an error of a command that made sense.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// errQuiet fails without a word: what there is to say has been said.
var errQuiet = errors.New("")

// run runs one command line and returns the exit status.
func (t *tool) run(ctx context.Context, args []string) int {
	root := &cobra.Command{
		Use:     "admin",
		Version: cmp.Or(config.Version(), "(unknown)"),
		Short:   "Run a Vestibule: its database and its tenants",
		Long: "Run a Vestibule: its database and its tenants.\n\n" +
			"What takes something away says what it would do, and does it with --yes.\n\n" +
			"Settings come from flags, or else from environment variables; a variable with _FILE added to its name names\n" +
			"a file that holds the value. Give secrets that way, since flags can be seen by other users of the machine.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          needsCommand,
	}
	root.SetArgs(args)
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.complaints)
	root.AddCommand(
		t.tenantCommand(),
		t.userCommand(),
		t.keyCommand(),
		t.mailCommand(),
		t.webhookCommand(),
		t.providerCommand(),
		t.operatorCommand(),
		t.doctorCommand(),
		t.shadowCommand(),
		t.tokenCommand(),
		t.importCommand(),
		t.exportCommand(),
		t.auditCommand(),
		t.statsCommand(),
		t.fleetCommand(),
		t.schemaCommand(),
		t.migrateCommand(),
	)
	t.completions(root)
	cmd, err := root.ExecuteContextC(ctx)
	var failed failure
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errQuiet):
		return 1
	case errors.As(err, &failed):
		_, _ = fmt.Fprintln(t.complaints, "admin:", err) // there is nowhere else to say so
		return 1
	default:
		_, _ = fmt.Fprintf(t.complaints, "admin: %v\nRun %q for how it is used.\n", err, cmd.CommandPath()+" --help")
		return 2
	}
}

// needsCommand is what a command does that only has others below it.
func needsCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown command %q", args[0])
	}
	return errors.New("which command?")
}

// does makes a cobra command of a function, whose errors are failures and not misuse.
func does(work func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := work(cmd.Context(), args); err != nil {
			return failure{err}
		}
		return nil
	}
}

// setting is a flag's value, or else that of an environment variable, or else what the file holds that the variable with
// _FILE added names.
func (t *tool) setting(flag, variable string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	value, file := t.env(variable), t.env(variable+"_FILE")
	switch {
	case value != "" && file != "":
		return "", fmt.Errorf("%s and %s_FILE are both given: give one of them", variable, variable)
	case file == "":
		return value, nil
	}
	value, err := config.ReadValue(file)
	if err != nil {
		return "", fmt.Errorf("read %s_FILE: %w", variable, err)
	}
	return value, nil
}
