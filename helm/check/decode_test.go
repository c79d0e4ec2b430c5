package check

import (
	"reflect"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"
)

// externalSecret is what the chart uses of external-secrets.io/v1, whose own types bring half of the clouds with them.
type externalSecret struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		RefreshInterval string `json:"refreshInterval"`
		SecretStoreRef  struct {
			Name string `json:"name"`
			Kind string `json:"kind"`
		} `json:"secretStoreRef"`
		Target struct {
			Name           string `json:"name"`
			CreationPolicy string `json:"creationPolicy"`
		} `json:"target"`
		Data []struct {
			SecretKey string `json:"secretKey"`
			RemoteRef struct {
				Key      string `json:"key"`
				Property string `json:"property"`
			} `json:"remoteRef"`
		} `json:"data"`
	} `json:"spec"`
}

// kinds are the types of what the chart makes.
var kinds = map[string]reflect.Type{
	"apps/v1 Deployment":                      reflect.TypeFor[apps.Deployment](),
	"apps/v1 StatefulSet":                     reflect.TypeFor[apps.StatefulSet](),
	"autoscaling/v2 HorizontalPodAutoscaler":  reflect.TypeFor[autoscaling.HorizontalPodAutoscaler](),
	"batch/v1 CronJob":                        reflect.TypeFor[batch.CronJob](),
	"batch/v1 Job":                            reflect.TypeFor[batch.Job](),
	"external-secrets.io/v1 ExternalSecret":   reflect.TypeFor[externalSecret](),
	"gateway.networking.k8s.io/v1 Gateway":    reflect.TypeFor[gateway.Gateway](),
	"gateway.networking.k8s.io/v1 HTTPRoute":  reflect.TypeFor[gateway.HTTPRoute](),
	"monitoring.coreos.com/v1 PrometheusRule": reflect.TypeFor[monitoring.PrometheusRule](),
	"monitoring.coreos.com/v1 ServiceMonitor": reflect.TypeFor[monitoring.ServiceMonitor](),
	"networking.k8s.io/v1 Ingress":            reflect.TypeFor[networking.Ingress](),
	"networking.k8s.io/v1 NetworkPolicy":      reflect.TypeFor[networking.NetworkPolicy](),
	"policy/v1 PodDisruptionBudget":           reflect.TypeFor[policy.PodDisruptionBudget](),
	"v1 ConfigMap":                            reflect.TypeFor[core.ConfigMap](),
	"v1 PersistentVolumeClaim":                reflect.TypeFor[core.PersistentVolumeClaim](),
	"v1 Secret":                               reflect.TypeFor[core.Secret](),
	"v1 Service":                              reflect.TypeFor[core.Service](),
	"v1 ServiceAccount":                       reflect.TypeFor[core.ServiceAccount](),
}

// object is one object that the chart made: its type, its metadata, and all of it.
type object struct {
	kind  string
	typed any
	meta.Object
	text string
}

// decode reads the objects of a rendering, strictly: a field that Kubernetes does not know, or a key that is there twice, is a failure.
func decode(t *testing.T, text string) []object {
	t.Helper()
	var all []object
	names := map[string]bool{}
	for doc := range strings.SplitSeq(strings.TrimPrefix(text, "---\n"), "\n---\n") {
		var head meta.TypeMeta
		if err := yaml.Unmarshal([]byte(doc), &head); err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		if head.Kind == "" {
			t.Fatalf("there is no object in\n%s", doc)
		}
		typed, known := kinds[head.APIVersion+" "+head.Kind]
		if !known {
			t.Fatalf("the chart makes a %s of %s, of which nobody here knows the type", head.Kind, head.APIVersion)
		}
		into := reflect.New(typed).Interface()
		if err := yaml.UnmarshalStrict([]byte(doc), into); err != nil {
			t.Errorf("%v in\n%s", err, doc)
			continue
		}
		m, ok := into.(meta.Object)
		if !ok {
			t.Fatalf("%s has no metadata", typed)
		}
		if name := head.Kind + " " + m.GetName(); names[name] {
			t.Errorf("there are two: %s", name)
		} else {
			names[name] = true
		}
		all = append(all, object{head.Kind, into, m, doc})
	}
	if len(all) < 5 {
		t.Fatalf("the chart makes %d objects only", len(all))
	}
	return all
}

func TestKubernetesKnowsEveryField(t *testing.T) {
	forEach(t, func(t *testing.T, _ string, objects []object) {
		for _, o := range objects {
			if o.GetNamespace() != space {
				t.Errorf("%s %s is in the namespace %q", o.kind, o.GetName(), o.GetNamespace())
			}
			if len(o.GetName()) > 63 {
				t.Errorf("the name %s is too long", o.GetName())
			}
			for _, label := range []string{"name", "instance", "component", "version", "managed-by"} {
				if o.GetLabels()["app.kubernetes.io/"+label] == "" {
					t.Errorf("%s %s has no label %s", o.kind, o.GetName(), label)
				}
			}
		}
	})
}

// Strictness is what all of this rests on.
func TestUnknownFieldsAreFound(t *testing.T) {
	for _, doc := range []string{"kind: Service\nspec: {typ: ClusterIP}\n", "kind: Service\nkind: Service\n"} {
		if err := yaml.UnmarshalStrict([]byte(doc), &core.Service{}); err == nil {
			t.Errorf("it passes: %s", doc)
		}
	}
}

// pods are the pods that objects make, by "Kind name".
func pods(objects []object) map[string]core.PodTemplateSpec {
	all := map[string]core.PodTemplateSpec{}
	for _, o := range objects {
		name := o.kind + " " + o.GetName()
		switch v := o.typed.(type) {
		case *apps.Deployment:
			all[name] = v.Spec.Template
		case *apps.StatefulSet:
			all[name] = v.Spec.Template
		case *batch.Job:
			all[name] = v.Spec.Template
		case *batch.CronJob:
			all[name] = v.Spec.JobTemplate.Spec.Template
		}
	}
	return all
}

// find is the object of a type with a name.
func find[T any](t *testing.T, objects []object, name string) T {
	t.Helper()
	for _, o := range objects {
		if v, ok := o.typed.(T); ok && o.GetName() == name {
			return v
		}
	}
	t.Fatalf("there is no %s %s", reflect.TypeFor[T](), name)
	panic("unreachable") // Fatalf has ended the test, which the compiler cannot know
}
