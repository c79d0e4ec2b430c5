package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/vestibule-auth/vestibule/internal/config"
)

// The log's buffer: how much is held back at most, and for how long.
const (
	logBuffer = 32 << 10
	logFlush  = 200 * time.Millisecond
)

// Log is the server's log on w. Every request is a line, and a system call for each would be a tenth of what a session
// check costs; lines of level info and below are therefore held back for a moment. Anything worse is written at once,
// with all that came before it. Flush writes what is left, and must be called before the program ends.
func Log(cfg config.Config, w io.Writer) (log *slog.Logger, flush func()) {
	b := &buffer{w: w}
	o := &slog.HandlerOptions{Level: cfg.LogLevel}
	var h slog.Handler = slog.NewJSONHandler(b, o)
	if cfg.LogFormat == config.LogText {
		h = slog.NewTextHandler(b, o)
	}
	return slog.New(prompt{h, b}), b.flush
}

// buffer holds lines back.
type buffer struct {
	mu    sync.Mutex
	w     io.Writer
	lines bytes.Buffer
	timer *time.Timer // running while there is anything to write
}

// Write keeps a line.
func (b *buffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.lines.Write(line)
	switch {
	case b.lines.Len() >= logBuffer:
		b.write()
	case b.timer == nil:
		b.timer = time.AfterFunc(logFlush, b.flush)
	}
	return n, err
}

func (b *buffer) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.write()
}

func (b *buffer) write() {
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	_, _ = b.lines.WriteTo(b.w) // there is nowhere to say that the log cannot be written
}

// prompt is a handler that does not hold back what somebody should see.
type prompt struct {
	slog.Handler
	buffer *buffer
}

// Handle passes a record on.
func (p prompt) Handle(ctx context.Context, r slog.Record) error {
	err := p.Handler.Handle(ctx, r)
	if r.Level > slog.LevelInfo {
		p.buffer.flush()
	}
	return err
}

// WithAttrs is for slog.
func (p prompt) WithAttrs(attrs []slog.Attr) slog.Handler {
	return prompt{p.Handler.WithAttrs(attrs), p.buffer}
}

// WithGroup is for slog.
func (p prompt) WithGroup(name string) slog.Handler {
	return prompt{p.Handler.WithGroup(name), p.buffer}
}
