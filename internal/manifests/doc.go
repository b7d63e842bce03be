// Package manifests checks what examples/deploy tells Kubernetes. It is a module of its
// own, so that the kit does not depend on Kubernetes' types.
package manifests
