package headless

import (
	_ "embed"
	"slices"
)

//go:embed openapi.yaml
var document []byte

// Document is the OpenAPI document (3.1, YAML) of this wire.
func Document() []byte { return slices.Clone(document) }
