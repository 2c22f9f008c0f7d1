package main

import (
	"maps"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// What the installation brings itself; docs/kubernetes.md tells how to make them.
var given = map[string]bool{
	"Secret/txpipe-owner": true, "Secret/txpipe-writer": true, "Secret/txpipe-marts": true, "Secret/txpipe-reader": true,
	"Secret/txpipe-page": true, "Secret/txpipe-kafka": true, "ConfigMap/txpipe-postgresql-ca": true,
}

// All objects of an overlay, to see whether they fit each other.
type set struct {
	objects map[string]runtime.Object
	pods    map[string]*corev1.PodTemplateSpec
}

func newSet() *set {
	return &set{map[string]runtime.Object{}, map[string]*corev1.PodTemplateSpec{}}
}

func (s *set) add(name string, object runtime.Object) {
	s.objects[name] = object
	if pod := podOf(object); pod != nil {
		s.pods[name] = pod
	}
}

func (s *set) check(t *teller) {
	for _, name := range slices.Sorted(maps.Keys(s.pods)) {
		s.references(t, name, &s.pods[name].Spec)
	}
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		switch o := s.objects[name].(type) {
		case *corev1.Service:
			s.selects(t, name, labels.SelectorFromSet(o.Spec.Selector), 1)
		case *policyv1.PodDisruptionBudget:
			s.selects(t, name, selector(t, name, o.Spec.Selector), 1)
		case *networkingv1.NetworkPolicy:
			s.selects(t, name, selector(t, name, &o.Spec.PodSelector), 0)
		}
	}
	s.partitions(t)
}

func selector(t *teller, name string, from *v1.LabelSelector) labels.Selector {
	s, err := v1.LabelSelectorAsSelector(from)
	if err != nil {
		t.tell(name, "%v", err)
		return labels.Nothing()
	}
	return s
}

// selects: pods of so many workloads are meant; 0: at least one.
func (s *set) selects(t *teller, name string, which labels.Selector, want int) {
	n := 0
	for _, pod := range s.pods {
		if which.Matches(labels.Set(pod.Labels)) {
			n++
		}
	}
	if n == 0 || want > 0 && n != want {
		t.tell(name, "selects the pods of %d workloads (%s)", n, which)
	}
}

func (s *set) needs(t *teller, by, name string) {
	if _, here := s.objects[name]; !here && !given[name] {
		t.tell(by, "%s is nowhere", name)
	}
}

// What a pod refers to is here, or given.
func (s *set) references(t *teller, name string, pod *corev1.PodSpec) {
	s.needs(t, name, "ServiceAccount/"+pod.ServiceAccountName)
	for _, v := range pod.Volumes {
		if v.Secret != nil {
			s.needs(t, name, "Secret/"+v.Secret.SecretName)
		}
		if v.ConfigMap != nil {
			s.needs(t, name, "ConfigMap/"+v.ConfigMap.Name)
		}
	}
	for _, c := range pod.Containers {
		for _, from := range c.EnvFrom {
			if from.ConfigMapRef != nil {
				s.needs(t, name, "ConfigMap/"+from.ConfigMapRef.Name)
			}
			if from.SecretRef != nil {
				t.tell(name, "%s: a whole Secret as environment: name its keys", c.Name)
			}
		}
		for _, e := range c.Env {
			if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
				s.needs(t, name, "Secret/"+e.ValueFrom.SecretKeyRef.Name)
			}
			if e.Name == "PGPASSWORD" && e.Value != "" {
				t.tell(name, "%s: a password in the tree", c.Name)
			}
		}
	}
}

// Pods beyond the topic's partitions would have nothing to read. Only where the overlay makes the topic it can be seen here.
func (s *set) partitions(t *teller) {
	stream, ok := s.objects["Deployment/stream"].(*appsv1.Deployment)
	topic, made := s.objects["Job/topic"].(*batchv1.Job)
	if !ok {
		t.tell("Deployment/stream", "is missing")
		return
	}
	if !made {
		return
	}
	args := topic.Spec.Template.Spec.Containers[0].Args
	at := slices.Index(args, "--if-missing") + 2
	if at >= len(args) {
		t.tell("Job/topic", "no number of partitions")
		return
	}
	if n, err := strconv.Atoi(args[at]); err != nil || int(*stream.Spec.Replicas) > n {
		t.tell("Deployment/stream", "%d pods for %s partitions", *stream.Spec.Replicas, args[at])
	}
}
