package manifests

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const deploy = "../../examples/deploy"

// documents are those of a file, by kind.
func documents(t *testing.T, file string) map[string][]byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(deploy, file))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, doc := range bytes.Split(raw, []byte("\n---\n")) {
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(doc, &head); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		found[head.APIVersion+" "+head.Kind] = doc
	}
	return found
}

// strict reads a document into a type of Kubernetes. Unknown keys and wrong types fail.
func strict[T any](t *testing.T, doc []byte) *T {
	t.Helper()
	if len(doc) == 0 {
		t.Fatalf("there is no %T", *new(T))
	}
	v := new(T)
	if err := yaml.UnmarshalStrict(doc, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheSidecar(t *testing.T) {
	docs := documents(t, "sidecar.yaml")
	config := strict[corev1.ConfigMap](t, docs["v1 ConfigMap"])
	service := strict[corev1.Service](t, docs["v1 Service"])
	chat := strict[appsv1.Deployment](t, docs["apps/v1 Deployment"])
	if len(docs) != 3 {
		t.Errorf("%d documents, want 3", len(docs))
	}
	pod := chat.Spec.Template
	for key, value := range chat.Spec.Selector.MatchLabels {
		if pod.Labels[key] != value || service.Spec.Selector[key] != value {
			t.Errorf("the label %s is %q in the pod and %q in the service, want %q", key, pod.Labels[key], service.Spec.Selector[key], value)
		}
	}
	proxy := pod.Spec.InitContainers[0]
	if proxy.RestartPolicy == nil || *proxy.RestartPolicy != corev1.ContainerRestartPolicyAlways {
		t.Error("the proxy is no sidecar: it has to end before the server starts")
	}
	if port := proxy.Ports[0]; service.Spec.Ports[0].TargetPort.String() != port.Name {
		t.Errorf("the service leads to %v, the proxy is at %q", service.Spec.Ports[0].TargetPort, port.Name)
	}
	// What the configuration says must fit the pod.
	text := config.Data["heartbreak.yaml"]
	for _, want := range []string{"listen: 0.0.0.0:8080", "upstream: ws://127.0.0.1:3000"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the configuration", want)
		}
	}
	if mount := proxy.VolumeMounts[0]; mount.SubPath != "" || !slices.Contains(proxy.Args, mount.MountPath+"/heartbreak.yaml") {
		t.Errorf("%v is not where the configuration is read from, %q, or would never change", mount, proxy.Args)
	}
	if source := pod.Spec.Volumes[0].ConfigMap; source == nil || source.Name != config.Name {
		t.Errorf("the volume is of %v", source)
	}
	restricted(t, pod.Spec, proxy)
	checked(t, text)
}

// restricted wants what the restricted Pod Security Standard does.
func restricted(t *testing.T, pod corev1.PodSpec, c corev1.Container) {
	t.Helper()
	p, s := pod.SecurityContext, c.SecurityContext
	if p == nil || p.RunAsNonRoot == nil || !*p.RunAsNonRoot || p.SeccompProfile == nil || p.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the pod is not restricted: %+v", p)
	}
	if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.Capabilities == nil || !slices.Contains(s.Capabilities.Drop, "ALL") {
		t.Errorf("the container is not restricted: %+v", s)
	}
}

// checked has faultproxy itself read the configuration.
func checked(t *testing.T, config string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "heartbreak.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	check := exec.Command("go", "run", "./faultproxy/cmd/faultproxy", "check", file)
	check.Dir = "../.."
	if out, err := check.CombinedOutput(); err != nil || !strings.Contains(string(out), "a configuration") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestThePatchForAToken(t *testing.T) {
	for _, doc := range documents(t, "admin-token.yaml") {
		patch := strict[appsv1.Deployment](t, doc)
		whole := strict[appsv1.Deployment](t, documents(t, "sidecar.yaml")["apps/v1 Deployment"])
		c := patch.Spec.Template.Spec.InitContainers[0]
		if c.Name != whole.Spec.Template.Spec.InitContainers[0].Name {
			t.Errorf("it patches %q", c.Name)
		}
		if c.Env[0].Name != "FAULTPROXY_ADMIN_TOKEN" || c.Env[0].ValueFrom.SecretKeyRef == nil {
			t.Errorf("the token is %+v", c.Env)
		}
	}
}

// The recipe needs an engine to be built; without one its own command has to make the
// binary it copies, for a machine without a C library.
func TestTheRecipeBuildsItsBinary(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(deploy, "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	recipe := string(raw)
	_, command, found := strings.Cut(recipe, "RUN CGO_ENABLED=0 ")
	if !found {
		t.Fatal("no static build in the recipe")
	}
	command, _, _ = strings.Cut(command, "\n")
	binary := filepath.Join(t.TempDir(), "faultproxy")
	build := exec.Command("sh", "-c", strings.Replace(command, "/faultproxy ", binary+" ", 1))
	build.Dir, build.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
	if out, err := exec.Command(binary, "version").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "faultproxy ") {
		t.Errorf("%v: %s", err, out)
	}
	for _, want := range []string{"USER 65532", "FROM scratch", "COPY --from=build /faultproxy /faultproxy", `ENTRYPOINT ["/faultproxy"]`} {
		if !strings.Contains(recipe, want) {
			t.Errorf("no %q in the recipe", want)
		}
	}
}
