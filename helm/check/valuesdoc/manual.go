package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// manualOf is the chart's README.md.
func manualOf(top *value) []byte {
	var b strings.Builder
	b.WriteString(intro)
	heading := ""
	for _, v := range top.children {
		if v.heading != heading {
			heading = v.heading
			fmt.Fprintf(&b, "\n### %s\n\n| value | default | meaning |\n|---|---|---|\n", heading)
		}
		rows(&b, v)
	}
	return []byte(b.String())
}

func rows(b *strings.Builder, v *value) {
	fallback := ""
	if len(v.children) == 0 {
		if text, err := json.Marshal(v.fallback); err == nil { // it came from YAML, and has no other types
			fallback = "`" + string(text) + "`"
		}
	}
	if fallback != "" || v.text != "" {
		fmt.Fprintf(b, "| %s | %s | %s |\n", v.path, fallback, cell(v.text))
	}
	for _, c := range v.children {
		rows(b, c)
	}
}

func cell(s string) string { return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(s) }

const intro = `# Vestibule on Kubernetes

<!-- Made from values.yaml by helm/check/valuesdoc. Change the comments there, or the text in it, then run make generate. -->

This chart runs the server ([docs/running.md](../../docs/running.md)) with Helm 3 or 4 on Kubernetes 1.30 or later. It needs a PostgreSQL, and for more
than one replica a Redis.

## Quick start

    kubectl create namespace vestibule
    kubectl create secret generic vestibule --namespace vestibule \
      --from-literal=database-url='postgres://vestibule:…@db.example/vestibule?sslmode=verify-full' \
      --from-literal=secret-key="$(head -c 32 /dev/urandom | base64)"
    helm install vestibule helm/vestibule --namespace vestibule

To try it without a database of your own, with a PostgreSQL and a Redis that live with it and are for nothing else:

    helm install vestibule helm/vestibule --namespace vestibule --create-namespace \
      --set secrets.mode=chart --set postgresql.enabled=true --set redis.enabled=true

What comes next it says when it is done. Secrets on a command line can be seen by others of the same machine; ` + "`--from-file`" + ` keeps them off it.

## What is made

A deployment, with its config map, service account, disruption budget and policies; a service for the public, and one for operators, which
no ingress for the public ever leads to. All pods conform to the restricted pod security standard, and none has a token of the cluster's. Secrets are
mounted as files, and are in no variable.

**Migrations** run as a hook before an installation or upgrade changes anything, and wait for a database that does not answer yet. The
hook's job needs the database's URL alone. With ` + "`secrets.mode`" + ` "chart" or "external" it has a secret of its own, for hooks run before the release's
secret is there; it goes when the migration is done. A job that fails stays until the next, so that its log can be read:

    kubectl logs --namespace vestibule job/vestibule-migrate

Where the database is made by the chart (` + "`postgresql`, `sqlite`" + `), a hook would wait for what is made after it, and so each replica migrates in an init
container. That is as safe, since any number may do it at once; but with a database of your own, the hook stops an upgrade that cannot be migrated
before a replica is replaced.

**Upgrades** replace replicas one by one: a new one is ready before an old one is told to go, and that one serves on for ` + "`preStopSeconds`" + ` until
whoever sends requests has heard of it. Replicas of the version before work with the schema of the next meanwhile.

**Uninstalling** leaves the secret that the chart made, for without the secret key the database is lost; the volumes of ` + "`sqlite` and `postgresql`" + `; and the job,
with its secret, of a migration that failed. An installation under the same name takes the secret up again.

**Argo CD and others that render without the cluster** cannot ask whether a secret is there already, so with ` + "`secrets.mode`" + ` "chart" the chart refuses to make
one up for them. Give every one of ` + "`secrets.values`" + `, or better, use another mode. They run the hooks as hooks of their own.

**The network policy** lets everybody reach the public port, unless ` + "`networkPolicy.publicFrom`" + ` names somebody, and nobody the operators' port: add Prometheus, and the
ingress for operators, to ` + "`networkPolicy.operatorsFrom`" + `. Health is asked by the node, which policies do not concern on any network plugin that we know of.
A cluster whose network plugin knows no policies ignores them in silence.

**Memory**: Go keeps below GOMEMLIMIT, which is reckoned from the limit: 20 MiB less for each password that is hashed at a time, and 48 MiB less for what else
is not on its heap.

## Changing secrets

The server reads them when it starts. After a change, unless the chart made it: ` + "`kubectl rollout restart deployment/vestibule`" + `. The secret key is changed in the four steps of
docs/running.md, each of them a change of the secret and a restart; for the third, with ` + "`sealKeys.enabled`" + `:

    kubectl create job seal-keys --namespace vestibule --from=cronjob/vestibule-seal-keys

## Hosts

Every host of every tenant has to lead to the public service, with the Host header unchanged. A wildcard (` + "`*.auth.example.org`" + `) covers tenants to come; hosts of
their own are added to ` + "`ingress.hosts` or `gateway.hostnames`" + ` one by one, with a certificate each. Behind a proxy, set ` + "`config.trustedProxyCount`" + `.

## Values

Unknown keys and wrong types are refused, by values.schema.json, and what cannot work together by the chart. A setting that is null is left to the server, whose own default
stands in parentheses.
`
