package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The media types of the OCI image format.
const (
	mediaIndex    = "application/vnd.oci.image.index.v1+json"
	mediaManifest = "application/vnd.oci.image.manifest.v1+json"
	mediaConfig   = "application/vnd.oci.image.config.v1+json"
	mediaLayer    = "application/vnd.oci.image.layer.v1.tar"
)

// descriptor names a blob.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Platform    *platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Manifests     []descriptor `json:"manifests"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type imageConfig struct {
	Created      time.Time `json:"created"`
	Architecture string    `json:"architecture"`
	OS           string    `json:"os"`
	Config       runConfig `json:"config"`
	RootFS       rootFS    `json:"rootfs"`
}

type runConfig struct {
	User         string              `json:"User,omitempty"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
	WorkingDir   string              `json:"WorkingDir,omitempty"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

// contents are blobs by their digest, and those of them that an OCI layout lists.
type contents struct {
	blobs  map[string][]byte
	listed []descriptor
}

func (c *contents) add(mediaType string, b []byte) descriptor {
	if c.blobs == nil {
		c.blobs = map[string][]byte{}
	}
	sum := sha256.Sum256(b)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	c.blobs[digest] = b
	return descriptor{MediaType: mediaType, Digest: digest, Size: int64(len(b))}
}

func (c *contents) addJSON(mediaType string, v any) (descriptor, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return descriptor{}, fmt.Errorf("write %s: %w", mediaType, err)
	}
	return c.add(mediaType, b), nil
}

// write makes a folder an OCI layout with these contents, in place of whatever it was.
func (c *contents) write(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove the layout that was there: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o750); err != nil {
		return fmt.Errorf("make the layout: %w", err)
	}
	top, err := json.Marshal(index{SchemaVersion: 2, MediaType: mediaIndex, Manifests: c.listed})
	if err != nil {
		return fmt.Errorf("write the layout's index: %w", err)
	}
	files := map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`), "index.json": top}
	for digest, b := range c.blobs {
		files[blobPath(digest)] = b
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return fmt.Errorf("write the layout: %w", err)
		}
	}
	return nil
}

func blobPath(digest string) string {
	return filepath.Join("blobs", strings.Replace(digest, ":", string(filepath.Separator), 1))
}

func readJSON(path string, into any) error {
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return nil
}

var errNotOne = errors.New("the layout does not list exactly one image")

// name gives the one image of a layout its name, in the words that docker load, podman load and ctr images import look for.
func name(dir, repository, tag string) error {
	var top index
	path := filepath.Join(dir, "index.json")
	if err := readJSON(path, &top); err != nil {
		return err
	}
	if len(top.Manifests) != 1 {
		return fmt.Errorf("%w, but %d", errNotOne, len(top.Manifests))
	}
	top.MediaType = mediaIndex
	top.Manifests[0].Annotations = map[string]string{
		"org.opencontainers.image.ref.name": tag,
		"io.containerd.image.name":          repository + ":" + tag,
	}
	b, err := json.Marshal(top)
	if err != nil {
		return fmt.Errorf("write the layout's index: %w", err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		return fmt.Errorf("write the layout's index: %w", err)
	}
	return nil
}

// size is what an image weighs: as it travels, and as it lies unpacked.
type size struct {
	platform             string
	compressed, unpacked int64
}

// sizes are those of the images of a layout.
func sizes(dir string) ([]size, error) {
	var top, images index
	if err := readJSON(filepath.Join(dir, "index.json"), &top); err != nil {
		return nil, err
	}
	if len(top.Manifests) != 1 {
		return nil, fmt.Errorf("%w, but %d", errNotOne, len(top.Manifests))
	}
	images.Manifests = top.Manifests
	if top.Manifests[0].MediaType == mediaIndex {
		if err := readJSON(filepath.Join(dir, blobPath(top.Manifests[0].Digest)), &images); err != nil {
			return nil, err
		}
	}
	var all []size
	for _, d := range images.Manifests {
		var m manifest
		var cfg imageConfig
		if err := readJSON(filepath.Join(dir, blobPath(d.Digest)), &m); err != nil {
			return nil, err
		}
		if err := readJSON(filepath.Join(dir, blobPath(m.Config.Digest)), &cfg); err != nil {
			return nil, err
		}
		s := size{platform: cfg.OS + "/" + cfg.Architecture}
		for _, l := range m.Layers {
			s.compressed += l.Size
			n, err := unpacked(filepath.Join(dir, blobPath(l.Digest)), l.MediaType)
			if err != nil {
				return nil, err
			}
			s.unpacked += n
		}
		all = append(all, s)
	}
	return all, nil
}

// unpacked is how many bytes the files of a layer have.
func unpacked(path, mediaType string) (n int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("read a layer: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	var r io.Reader = f
	if strings.HasSuffix(mediaType, "+gzip") {
		if r, err = gunzip(f); err != nil {
			return 0, err
		}
	}
	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return 0, fmt.Errorf("read a layer: %w", err)
		}
		n += h.Size
	}
}

// archive puts a layout into one file, which appears when it is whole.
func archive(dir, path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()           // it may be closed
			_ = os.Remove(f.Name()) // what is left of it is in bin
		}
	}()
	w := tar.NewWriter(f)
	files := os.DirFS(dir)
	err = fs.WalkDir(files, ".", func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, at)
		if err != nil {
			return err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: at, Mode: 0o644, Size: int64(len(b)), ModTime: time.Unix(0, 0)}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	})
	if err = errors.Join(err, w.Close(), f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}
