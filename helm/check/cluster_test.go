package check

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
)

// cluster is as much of a Kubernetes API as Helm asks when it renders: what there is, its namespaces, and one secret.
type cluster struct {
	secret     map[string]string // nil: there is none
	kubeconfig string
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := func(v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // to a test
	}
	type m = map[string]any
	switch r.URL.Path {
	case "/version":
		answer(m{"major": "1", "minor": "34", "gitVersion": "v1.34.0"})
	case "/api":
		answer(m{"kind": "APIVersions", "versions": []string{"v1"}})
	case "/apis":
		groups := []m{}
		for version := range versions() {
			if group, of, ok := strings.Cut(version, "/"); ok {
				v := m{"groupVersion": version, "version": of}
				groups = append(groups, m{"name": group, "versions": []m{v}, "preferredVersion": v})
			}
		}
		answer(m{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
	case "/api/v1/namespaces/default":
		answer(m{"kind": "Namespace", "apiVersion": "v1", "metadata": m{"name": "default"}})
	case "/api/v1/namespaces/" + space + "/secrets/" + release:
		if c.secret != nil {
			data := m{}
			for k, v := range c.secret {
				data[k] = base64.StdEncoding.EncodeToString([]byte(v))
			}
			answer(m{"kind": "Secret", "apiVersion": "v1", "data": data, "metadata": m{
				"name": release, "namespace": space, "labels": m{"app.kubernetes.io/managed-by": "Helm"}, // as Helm left it, or it would not take it up again
				"annotations": m{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": space},
			}})
			return
		}
		fallthrough
	default:
		version := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/"), "apis/"), "api/")
		if known := versions()[version]; known != nil {
			resources := []m{}
			for _, kind := range known {
				name := strings.ToLower(kind) + "s"
				if stem, ok := strings.CutSuffix(name, "ys"); ok && !strings.HasSuffix(stem, "wa") { // policies, but gateways
					name = stem + "ies"
				}
				resources = append(resources, m{"name": name, "singularName": "", "kind": kind, "namespaced": kind != "Namespace", "verbs": []string{"get", "list"}})
			}
			answer(m{"kind": "APIResourceList", "groupVersion": version, "resources": resources})
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(m{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}) // to a test
	}
}

// versions are the kinds that there are, by the version of their API.
func versions() map[string][]string {
	all := map[string][]string{"v1": {"Namespace"}}
	for name := range kinds {
		version, kind, _ := strings.Cut(name, " ")
		all[version] = append(all[version], kind)
	}
	return all
}

// newCluster starts one.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	config := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", "cluster": {"server": %q}}],
		"contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}]}`, s.URL)
	if err := os.WriteFile(c.kubeconfig, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// secretOf renders on the cluster, and is the chart's secret.
func (c *cluster) secretOf(t *testing.T, over ...string) (objects []object, secret map[string]string) {
	t.Helper()
	args := append(template("minimal", append(over, "secrets.mode=chart")...), "--dry-run=server", "--disable-openapi-validation")
	out, complaints, ok := helmWith(t, c.kubeconfig, args...)
	if !ok {
		t.Fatal(complaints)
	}
	objects = decode(t, out)
	secret = map[string]string{}
	for k, v := range find[*core.Secret](t, objects, release).Data {
		secret[k] = string(v)
	}
	return objects, secret
}

// What the chart makes up it makes up once: a secret key that changed would be the loss of everything that was sealed.
func TestSecretsAreMadeUpOnce(t *testing.T) {
	c := newCluster(t)
	objects, first := c.secretOf(t, "postgresql.enabled=true", "redis.enabled=true")
	key, err := base64.StdEncoding.DecodeString(first["secret-key"])
	if err != nil || len(key) != 32 {
		t.Errorf("the secret key is not 32 bytes in base64: %v", err)
	}
	if len(first["admin-token"]) < 32 || len(first["postgres-password"]) < 32 || len(first["redis-password"]) < 32 {
		t.Error("a secret is too short")
	}
	if want := "postgres://vestibule:" + first["postgres-password"] + "@vestibule-postgresql:5432/vestibule?sslmode=disable"; first["database-url"] != want {
		t.Error("the database's URL is not that of the database that is made")
	}
	if !strings.HasPrefix(first["redis.conf"], "requirepass "+first["redis-password"]+"\n") || !strings.Contains(first["redis-url"], first["redis-password"]) {
		t.Error("Redis and its client have different passwords")
	}
	spec, _ := server(t, objects, release)
	sum := spec.Template.Annotations["checksum/secrets"]

	_, other := c.secretOf(t, "postgresql.enabled=true", "redis.enabled=true")
	if other["secret-key"] == first["secret-key"] || other["admin-token"] == first["admin-token"] {
		t.Error("two releases have the same secrets")
	}

	c.secret = first
	objects, again := c.secretOf(t, "postgresql.enabled=true", "redis.enabled=true")
	for k, v := range first {
		if again[k] != v {
			t.Errorf("an upgrade changes %s", k)
		}
	}
	if spec, _ := server(t, objects, release); spec.Template.Annotations["checksum/secrets"] != sum {
		t.Error("an upgrade that changes nothing restarts the replicas")
	}
	// What is given wins: that is how the secret key is changed.
	if _, given := c.secretOf(t, "postgresql.enabled=true", "secrets.values.secretKey=new"); given["secret-key"] != "new" || given["admin-token"] != first["admin-token"] {
		t.Error("what is given does not win")
	}
}

// A key under another name is not there, and a new one in its place would be the loss of everything that was sealed under the old one.
func TestARenamedKeyIsNotMadeUpAnew(t *testing.T) {
	c := newCluster(t)
	_, c.secret = c.secretOf(t, "postgresql.enabled=true")
	for over, want := range map[string]string{
		"secrets.keys.secretKey=key":    "secrets.keys.secretKey: the secret vestibule is there, and has no key: rename it there first",
		"secrets.keys.adminToken=token": "secrets.keys.adminToken: the secret vestibule is there, and has no token: rename it there first",
	} {
		args := append(template("minimal", "postgresql.enabled=true", "secrets.mode=chart", over), "--dry-run=server", "--disable-openapi-validation")
		if _, complaints, ok := helmWith(t, c.kubeconfig, args...); ok || !strings.Contains(complaints, want) {
			t.Errorf("%s: it says %s", over, complaints)
		}
	}
	// Renamed in the secret as well, it is what it was; and a Redis that comes later has its password made up then.
	key := c.secret["secret-key"]
	delete(c.secret, "secret-key")
	c.secret["key"] = key
	_, again := c.secretOf(t, "postgresql.enabled=true", "redis.enabled=true", "secrets.keys.secretKey=key")
	if again["key"] != key || len(again["redis-password"]) < 32 {
		t.Error("a key that was renamed on both sides is lost, or Redis has no password")
	}
}

// The migration's hook is given the same URL as the servers, though it runs before their secret is there.
func TestTheHookHasTheSameSecret(t *testing.T) {
	c := newCluster(t)
	objects, secret := c.secretOf(t, "secrets.values.databaseUrl=postgres://somewhere")
	hook := find[*core.Secret](t, objects, release+"-migrate")
	if len(hook.Data) != 1 || string(hook.Data["database-url"]) != secret["database-url"] {
		t.Errorf("the hook has %d secrets", len(hook.Data))
	}
}
