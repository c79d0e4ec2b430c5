package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// blob reads a blob of a layout as JSON.
func blob[T any](t *testing.T, dir, digest string) (v T) {
	t.Helper()
	if err := readJSON(filepath.Join(dir, blobPath(digest)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBaseIsTheOneThatKoIsTold(t *testing.T) {
	b, err := os.ReadFile("../../../.ko.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var told struct {
		Base      string   `yaml:"defaultBaseImage"`
		Platforms []string `yaml:"defaultPlatforms"`
	}
	if err := yaml.Unmarshal(b, &told); err != nil {
		t.Fatal(err)
	}
	c, err := base(architectures)
	if err != nil {
		t.Fatal(err)
	}
	if want := "scratch@" + c.listed[0].Digest; told.Base != want {
		t.Errorf(".ko.yaml says %s; the base is %s", told.Base, want)
	}
	for _, a := range architectures {
		if !slices.Contains(told.Platforms, "linux/"+a) {
			t.Errorf(".ko.yaml does not build for linux/%s", a)
		}
	}
}

func TestBaseRunsAsNobodyAndHasNothingButItsFolder(t *testing.T) {
	c, err := base([]string{"amd64"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "img")
	if err := c.write(dir); err != nil {
		t.Fatal(err)
	}
	top := blob[index](t, dir, c.listed[0].Digest)
	m := blob[manifest](t, dir, top.Manifests[0].Digest)
	cfg := blob[imageConfig](t, dir, m.Config.Digest)
	if cfg.Config.User != "65532:65532" {
		t.Errorf("it runs as %q", cfg.Config.User)
	}
	f, err := os.Open(filepath.Join(dir, blobPath(m.Layers[0].Digest)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var names []string
	for files := tar.NewReader(f); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		if h.Uid != 65532 || h.Gid != 65532 || h.Mode != 0o700 {
			t.Errorf("%s belongs to %d:%d, mode %o", h.Name, h.Uid, h.Gid, h.Mode)
		}
	}
	if !slices.Equal(names, []string{"data/"}) {
		t.Errorf("it has %v", names)
	}
}

func TestArchiveIsNamedAndWeighed(t *testing.T) {
	c, err := base([]string{"amd64", "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	c.listed = c.listed[:1] // as ko lists what it built
	dir := filepath.Join(t.TempDir(), "layout")
	if err := c.write(dir); err != nil {
		t.Fatal(err)
	}
	if err := name(dir, "example.org/vestibule", "v1.2.3"); err != nil {
		t.Fatal(err)
	}
	all, err := sizes(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[1].platform != "linux/arm64" || all[0].unpacked != 0 || all[0].compressed == 0 {
		t.Errorf("it weighs %+v", all)
	}
	path := filepath.Join(t.TempDir(), "image.tar")
	if err := archive(dir, path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for files := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		found[h.Name] = true
		if h.Name != "index.json" {
			continue
		}
		var top index
		if err := json.NewDecoder(files).Decode(&top); err != nil {
			t.Fatal(err)
		}
		if got := top.Manifests[0].Annotations["io.containerd.image.name"]; got != "example.org/vestibule:v1.2.3" {
			t.Errorf("the image is called %q", got)
		}
	}
	if !found["oci-layout"] || !found["index.json"] || len(found) != 2+len(c.blobs) {
		t.Errorf("the archive has %v", found)
	}
}

func TestLayoutOfSeveralImagesHasNoOneName(t *testing.T) {
	c, err := base([]string{"amd64"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "layout")
	if err := c.write(dir); err != nil { // lists the index and the image in it
		t.Fatal(err)
	}
	if err := name(dir, "example.org/vestibule", "v1"); !errors.Is(err, errNotOne) {
		t.Errorf("naming it gave %v", err)
	}
	if _, err := sizes(dir); !errors.Is(err, errNotOne) {
		t.Errorf("weighing it gave %v", err)
	}
}

// ko cuts what it is given at commas.
func TestLabelsHaveNoComma(t *testing.T) {
	for _, i := range images {
		for _, l := range labels(i, commit{version: "v1.2.3", revision: "abc"}) {
			if strings.Contains(l, ",") {
				t.Errorf("%s: %s", i.name, l)
			}
		}
	}
}
