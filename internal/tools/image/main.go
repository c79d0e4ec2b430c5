// Image builds the container images of both programs, with ko: without a Docker daemon, without root, and without anything from a
// registry.
//
//	go run ./internal/tools/image -ko bin/tools/ko-0.19.1
//
// ko compiles the programs as .ko.yaml says, and puts each on a base image. That one is made here, and laid where ko looks before it asks a
// registry, in its cache, under the digest that .ko.yaml names; see base.go for what is in it. ko run by itself does not find it.
//
// For each program there is then bin/NAME.oci.tar, an OCI archive with an image for each platform, which docker load (from version 25),
// podman load, ctr images import and skopeo copy read, and in bin/sbom what the image has in it, as SPDX. The images' time is that of the
// commit, so that two builds of it can be compared.
package main

import (
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// registry is where the images are published.
const registry = "ghcr.io/vestibule-auth/"

// architectures are what images are built for.
var architectures = []string{"amd64", "arm64"}

// image is a program and what its image is called.
type image struct{ command, name, title, description string }

var images = []image{
	{"./cmd/server", "vestibule", "Vestibule", "One authentication server for many apps"},
	{"./cmd/admin", "vestibule-admin", "Vestibule admin", "The command line for operators of Vestibule"},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "image:", err) // there is nowhere else to say so
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	ko := flags.String("ko", "ko", "the ko program")
	bin := flags.String("out", "bin", "the folder to build into")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b, err := base(architectures)
	if err != nil {
		return err
	}
	cache, err := filepath.Abs(filepath.Join(*bin, "ko"))
	if err != nil {
		return fmt.Errorf("find the folder to build into: %w", err)
	}
	if err := b.write(filepath.Join(cache, "img")); err != nil {
		return err
	}
	at, err := commitOf(ctx)
	if err != nil {
		return err
	}
	for _, i := range images {
		if err := build(ctx, i, at, *ko, *bin, cache, out); err != nil {
			return fmt.Errorf("%s: %w", i.name, err)
		}
	}
	return nil
}

// commit is what is built.
type commit struct{ version, revision, time string }

// commitOf asks git what is checked out.
func commitOf(ctx context.Context) (c commit, err error) {
	for _, ask := range []struct {
		into *string
		args []string
	}{
		{&c.version, []string{"describe", "--tags", "--always", "--dirty", "--match", "v*"}},
		{&c.revision, []string{"rev-parse", "HEAD"}},
		{&c.time, []string{"log", "-1", "--format=%ct"}},
	} {
		b, err := exec.CommandContext(ctx, "git", ask.args...).Output()
		if err != nil {
			return commit{}, fmt.Errorf("git %s: %w", ask.args[0], err)
		}
		*ask.into = strings.TrimSpace(string(b))
	}
	return c, nil
}

// build builds one image, and says what it weighs.
func build(ctx context.Context, i image, at commit, ko, bin, cache string, out io.Writer) error {
	layout := filepath.Join(bin, "ko", i.name)
	if err := os.RemoveAll(layout); err != nil {
		return fmt.Errorf("remove the layout that was there: %w", err)
	}
	sboms := filepath.Join(bin, "sbom")
	if err := os.MkdirAll(sboms, 0o750); err != nil {
		return fmt.Errorf("make the folder of the SBOMs: %w", err)
	}
	var platforms []string
	for _, a := range architectures {
		platforms = append(platforms, "linux/"+a)
	}
	args := []string{
		"build", "--push=false", "--bare", "--tags=" + at.version, "--platform=" + strings.Join(platforms, ","),
		"--oci-layout-path=" + layout, "--sbom=spdx", "--sbom-dir=" + sboms,
	}
	for _, l := range labels(i, at) {
		args = append(args, "--image-label="+l)
	}
	cmd := exec.CommandContext(ctx, ko, append(args, i.command)...)
	cmd.Env = append(os.Environ(), "VERSION="+at.version, "KOCACHE="+cache, "KO_DOCKER_REPO="+registry+i.name, "SOURCE_DATE_EPOCH="+at.time)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("ko: %w\n%s", err, said.String())
	}
	if err := name(layout, registry+i.name, at.version); err != nil {
		return err
	}
	path := filepath.Join(bin, i.name+".oci.tar")
	if err := archive(layout, path); err != nil {
		return err
	}
	all, err := sizes(layout)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s has %s%s:%s\n", path, registry, i.name, at.version)
	for _, s := range all {
		_, e := fmt.Fprintf(out, "  %-12s %5.1f MB to fetch, %5.1f MB unpacked\n", s.platform, float64(s.compressed)/1e6, float64(s.unpacked)/1e6)
		err = errors.Join(err, e)
	}
	return err
}

// labels say what an image is, in the words of the OCI. None may have a comma, which is where ko cuts.
func labels(i image, at commit) []string {
	const of = "org.opencontainers.image."
	return []string{
		of + "title=" + i.title,
		of + "description=" + i.description,
		of + "source=https://github.com/vestibule-auth/vestibule",
		of + "licenses=Apache-2.0",
		of + "version=" + at.version,
		of + "revision=" + at.revision,
	}
}

func gunzip(r io.Reader) (io.Reader, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("read a compressed layer: %w", err)
	}
	return z, nil
}
