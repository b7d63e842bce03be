package specs

import (
	"cmp"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/onsi/ginkgo/v2/types"
)

// ourPackage begins the names of this package's functions in a stack trace.
const ourPackage = "github.com/heartbreak-ws/heartbreak/assertions/specs."

// frameAt is a line of a stack trace.
type frameAt struct {
	function string
	file     string
	line     int
}

func (f frameAt) location() types.CodeLocation {
	return types.CodeLocation{FileName: f.file, LineNumber: f.line}
}

// goroutine is one of runtime.Stack's.
type goroutine struct {
	id      uint64
	state   string // "chan receive"
	durable bool   // the bubble's clock may go on while it waits
	bubble  uint64
	frames  []frameAt // innermost first
	created frameAt
}

// currentBubble is the number of the bubble of the caller, 0 outside of any.
func currentBubble() uint64 {
	var buf [256]byte
	head, _, _ := strings.Cut(string(buf[:runtime.Stack(buf[:], false)]), "\n")
	return parseHead(head).bubble
}

// goroutinesOf returns the goroutines that a spec started in its bubble, its own
// included, in the order they were started; neither the runtime's nor this
// package's.
func goroutinesOf(bubble uint64) []goroutine {
	buf := make([]byte, 1<<16)
	for {
		if n := runtime.Stack(buf, true); n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var list []goroutine
	for block := range strings.SplitSeq(string(buf), "\n\n") {
		if g := parseGoroutine(block); bubble != 0 && g.bubble == bubble && !g.isKeeper() {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b goroutine) int { return cmp.Compare(a.id, b.id) })
	return list
}

// parseGoroutine reads one goroutine of a stack trace.
func parseGoroutine(block string) goroutine {
	lines := strings.Split(strings.TrimSpace(block), "\n")
	g := parseHead(lines[0])
	for i := 1; i+1 < len(lines); i += 2 {
		f := frameAt{function: lines[i]}
		place, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " +0x")
		if colon := strings.LastIndexByte(place, ':'); colon >= 0 {
			f.file = place[:colon]
			f.line, _ = strconv.Atoi(place[colon+1:])
		}
		if by, ok := strings.CutPrefix(f.function, "created by "); ok {
			f.function, _, _ = strings.Cut(by, " in goroutine ")
			g.created = f
			continue
		}
		if open := strings.LastIndexByte(f.function, '('); open > 0 {
			f.function = f.function[:open]
		}
		g.frames = append(g.frames, f)
	}
	return g
}

// parseHead reads "goroutine 7 [chan receive (durable), 2 minutes, synctest bubble 3]:".
func parseHead(head string) goroutine {
	var g goroutine
	number, rest, _ := strings.Cut(strings.TrimPrefix(head, "goroutine "), " ")
	g.id, _ = strconv.ParseUint(number, 10, 64)
	_, rest, _ = strings.Cut(rest, "[")
	rest, _, _ = strings.Cut(rest, "]")
	for i, part := range strings.Split(rest, ", ") {
		if i == 0 {
			g.state, g.durable = strings.CutSuffix(part, " (durable)")
		} else if n, ok := strings.CutPrefix(part, "synctest bubble "); ok {
			g.bubble, _ = strconv.ParseUint(n, 10, 64)
		}
	}
	return g
}

// isKeeper reports whether the goroutine keeps the bubble rather than lives in it.
func (g goroutine) isKeeper() bool {
	for _, f := range g.frames {
		switch f.function {
		case "testing.tRunner", "testing/synctest.testingSynctestTest", "internal/synctest.Run":
			return true
		}
	}
	return false
}

// isBody reports whether the goroutine runs what the spec handed in: a setup, the
// body, a cleanup.
func (g goroutine) isBody() bool { return g.created.function == ourPackage+"(*T).step" }

// isBusy reports whether the goroutine has something to do.
func (g goroutine) isBusy() bool {
	return strings.HasPrefix(g.state, "run") || strings.HasPrefix(g.state, "copystack") || g.state == "preempted"
}

// at is the line the goroutine is at: the innermost in the directory of the spec,
// or else the innermost of code that is neither Go's nor a test framework's.
func (g goroutine) at(dir string) frameAt {
	for _, f := range g.frames {
		if filepath.Dir(f.file) == dir {
			return f
		}
	}
	for _, f := range g.frames {
		if !isFoundation(f) {
			return f
		}
	}
	return frameAt{}
}

// started is the line that started the goroutine, or the line it is at, if that
// one is in the directory of the spec and the other is not.
func (g goroutine) started(dir string) frameAt {
	if filepath.Dir(g.created.file) == dir {
		return g.created
	}
	if f := g.at(dir); filepath.Dir(f.file) == dir || isFoundation(g.created) {
		return f
	}
	return g.created
}

// isFoundation reports whether the code is Go's, Ginkgo's, Gomega's or this package's.
func isFoundation(f frameAt) bool {
	first, _, _ := strings.Cut(f.function, "/")
	standard := !strings.Contains(first, ".") || !strings.Contains(f.function, "/")
	return f.file == "" || strings.HasPrefix(f.function, ourPackage) || strings.HasPrefix(f.function, "github.com/onsi/") ||
		standard && !strings.HasPrefix(f.function, "main.")
}

// String is the goroutine as a stack trace shows it, without arguments.
func (g goroutine) String() string {
	waits := ""
	if !g.durable && !g.isBusy() {
		waits = ", stops the clock"
	}
	return fmt.Sprintf("goroutine %d [%s%s]:\n%s", g.id, g.state, waits, g.trace())
}

// trace is the stack alone, in the form of Ginkgo's.
func (g goroutine) trace() string {
	var b strings.Builder
	for _, f := range g.frames {
		fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.function, f.file, f.line)
	}
	if g.created.function != "" {
		fmt.Fprintf(&b, "created by %s\n\t%s:%d\n", g.created.function, g.created.file, g.created.line)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// traces joins the stacks of the first goroutines.
func traces(list []goroutine) string {
	const most = 20
	var b strings.Builder
	for i, g := range list {
		if i == most {
			fmt.Fprintf(&b, "\n… and %d goroutines more\n", len(list)-most)
			break
		}
		b.WriteString("\n" + g.String() + "\n")
	}
	return b.String()
}
