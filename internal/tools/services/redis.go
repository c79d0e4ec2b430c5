package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"

	redisclient "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// redis is Redis. Tests keep out of each other's way by the ids of their tenants, and out of a developer's by the number
// of the database.
var redis = service{
	name:     "Redis",
	variable: "VESTIBULE_TEST_REDIS_URL",
	usual:    redisURL(6379),
	packages: "redis-server",
	answers:  redisAnswers,
	find:     func() string { return programNamed([]string{"redis-server", "valkey-server"}, "/usr/bin/redis-server") },
	prepare: func(_ context.Context, program string, l life) (*exec.Cmd, error) {
		// It is stopped by us, after the command: not by the context, which the signal ends.
		cmd := exec.Command(program, "--port", strconv.Itoa(l.port), "--bind", "127.0.0.1",
			"--save", "", "--appendonly", "no", "--dir", l.dir)
		cmd.Dir = l.dir
		return cmd, nil
	},
	url: redisURL,
}

func redisURL(port int) string { return fmt.Sprintf("redis://127.0.0.1:%d/15", port) }

func redisAnswers(ctx context.Context, url string) error {
	options, err := redisclient.ParseURL(url)
	if err != nil {
		return errors.New("it is not a URL that go-redis takes") // the error would repeat the password
	}
	options.MaxRetries, options.DialerRetries = -1, 1
	logging.Disable() // it would log each time that nobody answers yet
	client := redisclient.NewClient(options)
	defer func() { _ = client.Close() }()
	return client.Ping(ctx).Err()
}
