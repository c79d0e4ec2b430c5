package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"time"
)

// whoever is the user and group that everything in the images runs as. It has no name: nothing in them looks one up.
const whoever = 65532

// base is the image that ko puts the programs on: for each platform a folder /data that the user owns, and how to run what comes on it. It
// is made here, for nothing of it needs to come from elsewhere. It is the same to the byte wherever it is made, so its digest, which ko is
// told, is written down in .ko.yaml.
func base(architectures []string) (contents, error) {
	c := contents{}
	layer, err := dataLayer()
	if err != nil {
		return contents{}, err
	}
	// Whoever has the diff id has the digest: the layer is not compressed, since compressors change.
	files := c.add(mediaLayer, layer)
	var all []descriptor
	for _, arch := range architectures {
		cfg, err := c.addJSON(mediaConfig, imageConfig{
			Created: time.Unix(0, 0).UTC(), Architecture: arch, OS: "linux",
			Config: runConfig{
				User:         fmt.Sprintf("%d:%[1]d", whoever),
				ExposedPorts: map[string]struct{}{"8080/tcp": {}, "9090/tcp": {}},
				WorkingDir:   "/",
			},
			RootFS: rootFS{Type: "layers", DiffIDs: []string{files.Digest}},
		})
		if err != nil {
			return contents{}, err
		}
		m, err := c.addJSON(mediaManifest, manifest{
			SchemaVersion: 2, MediaType: mediaManifest, Config: cfg, Layers: []descriptor{files},
		})
		if err != nil {
			return contents{}, err
		}
		m.Platform = &platform{Architecture: arch, OS: "linux"}
		all = append(all, m)
	}
	top, err := c.addJSON(mediaIndex, index{SchemaVersion: 2, MediaType: mediaIndex, Manifests: all})
	if err != nil {
		return contents{}, err
	}
	// ko looks its base up by digest, and the images in it as well: all of them are listed.
	c.listed = append([]descriptor{top}, all...)
	return c, nil
}

// dataLayer is a layer with one folder, for the database of whoever runs on SQLite. A volume that is made for it takes its owner.
func dataLayer() ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{
		Typeflag: tar.TypeDir, Name: "data/", Mode: 0o700, Uid: whoever, Gid: whoever, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
	})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("write the layer with /data: %w", err)
	}
	return b.Bytes(), nil
}
