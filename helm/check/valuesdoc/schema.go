package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// definitions are what several values have in common. A quantity may be a number, as in cpu: 2.
const definitions = `
quantity: {type: [string, number, "null"], pattern: "^[0-9.]+(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"}
quantities: {type: object, additionalProperties: {$ref: "#/definitions/quantity"}}
resources:
  type: object
  properties:
    requests: {$ref: "#/definitions/quantities"}
    limits: {$ref: "#/definitions/quantities"}
    claims: {type: array}
  additionalProperties: false
duration: {type: string, pattern: "^([0-9]+m)?([0-9]+s)?$", minLength: 2}
host: {type: string, pattern: "^([*][.])?[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"}
secretKey: {type: string, pattern: "^[-._a-zA-Z0-9]*$"}
selector: {type: object, properties: {matchLabels: {type: object}, matchExpressions: {type: array}}, additionalProperties: false}
peer:
  type: object
  properties:
    namespaceSelector: {$ref: "#/definitions/selector"}
    podSelector: {$ref: "#/definitions/selector"}
    ipBlock: {type: object, required: [cidr], properties: {cidr: {type: string}, except: {type: array, items: {type: string}}}, additionalProperties: false}
  additionalProperties: false
  minProperties: 1
`

// schemaOf is values.schema.json. It is of draft 7, which every Helm 3 and 4 knows.
func schemaOf(top *value) ([]byte, error) {
	var defs map[string]any
	if err := yaml.Unmarshal([]byte(definitions), &defs); err != nil {
		return nil, fmt.Errorf("read the definitions: %w", err)
	}
	root := object(top)
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Values of the chart vestibule"
	root["definitions"] = defs
	// Helm gives these to charts that are part of another.
	properties, _ := root["properties"].(map[string]any)
	properties["global"] = map[string]any{"type": "object", "description": "What a chart that this one is part of shares with its parts. Not read."}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return out.Bytes(), nil
}

// object is the schema of a map whose keys are known.
func object(v *value) map[string]any {
	properties := map[string]any{}
	for _, c := range v.children {
		properties[c.key] = node(c)
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

func node(v *value) map[string]any {
	s := map[string]any{}
	if v.schema == nil && len(v.children) > 0 {
		s = object(v)
	}
	for key, said := range v.schema {
		s[key] = said
	}
	if _, refers := s["$ref"]; refers {
		return map[string]any{"description": v.text, "allOf": []any{s}} // what stands beside a $ref is not read
	}
	if _, typed := s["type"]; !typed && s["enum"] == nil {
		s["type"] = kind(v.fallback)
	}
	s["description"] = v.text
	return s
}

// kind is the type of a default.
func kind(v any) string {
	switch v.(type) {
	case bool:
		return "boolean"
	case int:
		return "integer"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "string"
}
