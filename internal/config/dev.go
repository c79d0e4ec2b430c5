package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

const (
	defaultDevDir = ".vestibule"
	devKeyFile    = "secret-key"
	devTokenFile  = "admin-token"
)

// makeDev fills in what only --dev makes up: the development folder, and in it a secret key and an admin token where
// none was given. They are made once, so that what was sealed yesterday opens today.
func (c *Config) makeDev() []Fault {
	if err := os.MkdirAll(c.DevDir, 0o700); err != nil {
		return []Fault{{
			Name: "--dev-dir", Problem: "is a folder that cannot be made: " + reason(err),
			Remedy: "Name a folder that this user may write to",
		}}
	}
	// Nothing in the folder belongs in a repository.
	if _, err := keepOnce(filepath.Join(c.DevDir, ".gitignore"), func() string { return "*\n" }); err != nil {
		return []Fault{devFault(".gitignore", err)}
	}
	var faults []Fault
	if c.Keys == nil {
		list, err := keepOnce(filepath.Join(c.DevDir, devKeyFile), func() string {
			return base64.StdEncoding.EncodeToString(secret.Bytes(secret.KeySize)) + "\n"
		})
		if err == nil {
			c.Keys, err = secret.ParseKeys(list)
		}
		if err != nil {
			faults = append(faults, devFault(devKeyFile, err))
		}
	}
	if !c.AdminToken.Given() {
		token, err := keepOnce(filepath.Join(c.DevDir, devTokenFile), func() string { return secret.Token() + "\n" })
		if err == nil {
			err = parseAdminToken(c, token)
		}
		if err != nil {
			faults = append(faults, devFault(devTokenFile, err))
		}
	}
	return faults
}

func devFault(file string, err error) Fault {
	return Fault{
		Name: "--dev-dir", Problem: "holds a file " + file + " that is of no use: " + reason(err),
		Remedy: "Delete the folder to begin anew, which loses the development database as well",
	}
}

// keepOnce reads the file at path, and first writes it with what create makes if there is none. Of processes that start
// at the same moment one creates it and all read the same: the text is complete before the file has its name, and a
// hard link, unlike a rename, never replaces what another has put there.
func keepOnce(path string, create func() string) (string, error) {
	value, err := ReadValue(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return value, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("create: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // the link, where one was made, stays
	_, err = tmp.WriteString(create())
	if err == nil {
		err = tmp.Sync()
	}
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", fmt.Errorf("write: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("name: %w", err)
	}
	return ReadValue(path)
}
