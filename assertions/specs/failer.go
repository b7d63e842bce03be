package specs

import (
	"context"
	"reflect"
	"unsafe"

	"github.com/onsi/ginkgo/v2/types"
)

// failer is what collects a spec's failure in Ginkgo. ginkgo.Fail can name only a
// line of the goroutine that calls it; a deadlock is at a line of another.
type failer interface {
	Fail(message string, location types.CodeLocation)
	Panic(location types.CodeLocation, forwardedPanic any)
	GetState() types.SpecState
}

// failerOf finds the failer behind a SpecContext, and returns nil where Ginkgo
// keeps it elsewhere than version 2.34 does. Failures then stand at the line of
// the spec's call into this package, and only their message has the right one.
func failerOf(ctx context.Context) failer {
	v := reflect.ValueOf(ctx.Value("GINKGO_SPEC_CONTEXT"))
	for _, field := range []string{"suite", "failer"} {
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return nil
		}
		if v = v.Elem().FieldByName(field); !v.IsValid() {
			return nil
		}
	}
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil
	}
	f, _ := reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem().Interface().(failer)
	return f
}
