package layout

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// closeCodes is the README's table, made from the registry, which goes into more
// detail above 3000.
func closeCodes() string {
	var b strings.Builder
	b.WriteString("| code | name | on the wire | what it usually means | what to look at |\n|---|---|---|---|---|\n")
	last := ""
	for _, c := range frame.Registry() {
		if c.From > 4999 {
			break
		}
		codes := c.Codes()
		switch c.Name {
		case last:
			continue
		case "Private Use":
			codes = "4000-4999"
		case "For Libraries and Frameworks":
			if c.From > 3001 {
				continue
			}
			codes = "3001-3999"
		}
		last = c.Name
		wire := "no"
		if c.OnWire {
			wire = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", codes, c.Name, wire, c.Meaning, c.LookAt)
	}
	return b.String()
}

func TestReadmeCloseCodes(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "<!-- close codes -->\n")
	table, _, ended := strings.Cut(rest, "<!-- end of close codes -->")
	if !found || !ended || strings.TrimSpace(table) != strings.TrimSpace(closeCodes()) {
		t.Errorf("the README's table of close codes is not the registry's; between the marks it should read:\n%s", closeCodes())
	}
}
