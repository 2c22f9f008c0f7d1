// manifests FOLDER...: builds each with kustomize and judges what comes out as a cluster's API server would: fields that it does not know, its
// own defaults and validation, the restricted profile of pod security; and whether the objects fit each other. A line for each fault, exit 1.
package main

import (
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	psapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
)

// A fault is told with the folder and the object it is in.
type teller struct {
	folder string
	faults int
}

func (t *teller) tell(where string, format string, args ...any) {
	fmt.Printf("%s: %s: %s\n", t.folder, where, fmt.Sprintf(format, args...))
	t.faults++
}

var strict = json.NewSerializerWithOptions(json.DefaultMetaFactory, legacyscheme.Scheme, legacyscheme.Scheme,
	json.SerializerOptions{Yaml: true, Strict: true})

// decode gives the object with the server's defaults, in the version of the file.
func decode(text []byte) (runtime.Object, error) {
	object, _, err := strict.Decode(text, nil, nil)
	if err != nil {
		return nil, err
	}
	legacyscheme.Scheme.Default(object)
	return object, nil
}

// restricted judges a pod as the admission of a namespace with that label does.
func restricted(t *teller, where string, judge policy.Evaluator, pod *corev1.PodTemplateSpec) {
	level := psapi.LevelVersion{Level: psapi.LevelRestricted, Version: psapi.LatestVersion()}
	result := policy.AggregateCheckResults(judge.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec))
	if !result.Allowed {
		t.tell(where, "not restricted: %s", result.ForbiddenDetail())
	}
}

func check(folder string, judge policy.Evaluator) int {
	t := &teller{folder: folder}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.tell("kustomize", "%v", err)
		return t.faults
	}
	all := newSet()
	for _, resource := range built.Resources() {
		where := resource.GetKind() + "/" + resource.GetName()
		text, err := resource.AsYAML()
		if err != nil {
			t.tell(where, "%v", err)
			continue
		}
		object, err := decode(text)
		if err != nil {
			t.tell(where, "%v", err)
			continue
		}
		for _, fault := range validate(object) {
			t.tell(where, "%v", fault)
		}
		if pod := podOf(object); pod != nil {
			restricted(t, where, judge, pod)
		}
		all.add(where, object)
	}
	all.check(t)
	fmt.Printf("# %s: %d objects, %d faults\n", folder, built.Size(), t.faults)
	return t.faults
}

func main() {
	judge, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(70)
	}
	faults := 0
	for _, folder := range os.Args[1:] {
		faults += check(folder, judge)
	}
	if faults > 0 {
		os.Exit(1)
	}
}
