package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
)

// What a server in production goes without must not come out only when it is missed.
func TestTheStartSaysWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*config.Config)
		warned []string
	}{
		"production without Redis and mail": {func(c *config.Config) { c.SMTP = config.Hidden{} }, []string{"VESTIBULE_REDIS_URL", "VESTIBULE_SMTP_URL"}},
		"production without Redis":          {func(*config.Config) {}, []string{"VESTIBULE_REDIS_URL"}},
		"development":                       {func(c *config.Config) { c.Dev, c.SMTP = true, config.Hidden{} }, nil},
	} {
		s := boot(t, "sqlite", func(cfg *config.Config, _ *app.Options) { c.change(cfg) })
		for _, setting := range []string{"VESTIBULE_REDIS_URL", "VESTIBULE_SMTP_URL"} {
			n := strings.Count(s.log.String(), `"level":"WARN","msg":"no `+setting)
			if warned := n == 1; warned != slices.Contains(c.warned, setting) || n > 1 {
				t.Errorf("%s: %d warnings of %s", name, n, setting)
			}
		}
	}
}
