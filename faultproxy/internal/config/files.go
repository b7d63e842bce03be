package config

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Files is how the files are read that a configuration file names. Errors may have
// several lines.
type Files struct {
	// Dir is what names of files are relative to: where the configuration file is.
	Dir string
	// Rules and Scenario read such a file.
	Rules    func(path string) ([]faultproxy.Rule, error)
	Scenario func(path string) (scenario.Scenario, error)
	// Named is told of every file that is read, before it is. nil: nobody is.
	Named func(path string)
}

// path reads the name of a file; empty if there is none.
func (o Origin) path(n schema.Node) string {
	if !n.Exists() {
		return ""
	}
	name := n.String()
	switch {
	case n.Failed():
	case o.files == nil:
		n.Fail("a request cannot name files on the machine of the proxy; that is for the configuration file")
	case name == "":
		n.Fail("want the name of a file, got nothing")
	case !filepath.IsAbs(name):
		name = filepath.Join(o.files.Dir, name)
	}
	return name
}

// toWrite is a path of a file that is written later, and that can be: its folder is there.
func (o Origin) toWrite(n schema.Node) string {
	name := o.path(n)
	if name == "" || n.Failed() {
		return ""
	}
	if dir, err := os.Stat(filepath.Dir(name)); err != nil || !dir.IsDir() {
		n.Fail("there is no folder %s: make it, or choose another file", filepath.Dir(name))
	}
	return name
}

// toRead is a path of a file that is about to be read; empty if there is none, or
// something is wrong with it.
func (o Origin) toRead(n schema.Node) string {
	name := o.path(n)
	if n.Failed() {
		return ""
	}
	if name != "" && o.files.Named != nil {
		o.files.Named(name)
	}
	return name
}

// content reads a whole file.
func (o Origin) content(n schema.Node) (name, text string) {
	if name = o.toRead(n); name == "" {
		return "", ""
	}
	b, err := os.ReadFile(name)
	if err != nil {
		n.Fail("%v", err)
	}
	return name, string(b)
}

// elsewhere records what is wrong in another file, which says itself where.
func elsewhere(n schema.Node, err error) {
	n.Fail("%s", strings.ReplaceAll(err.Error(), "\n", "\n  "))
}

// rules reads a rule, a list of them, or the name of a file that holds such.
func (o Origin) rules(n schema.Node) (rules []faultproxy.Rule) {
	if _, text := n.Value().(string); text {
		if path := o.toRead(n); path != "" {
			var err error
			if rules, err = o.files.Rules(path); err != nil {
				elsewhere(n, err)
			}
		}
		return rules
	}
	for _, each := range n.OneOrMany() {
		rules = append(rules, faultproxy.DecodeRule(each))
	}
	names := map[string]string{}
	for i, each := range n.OneOrMany() {
		at, name := each.At("name"), rules[i].Name
		if earlier, again := names[name]; again && name != "" {
			at.Fail("%s is called %q already; call this one otherwise, or leave the name out", earlier, name)
		}
		names[name] = each.Path()
	}
	return rules
}

// scenario reads a scenario, or the name of a file that holds one.
func (o Origin) scenario(n schema.Node) (s scenario.Scenario) {
	if _, text := n.Value().(string); !text {
		return scenario.Decode(n)
	}
	if path := o.toRead(n); path != "" {
		var err error
		if s, err = o.files.Scenario(path); err != nil {
			elsewhere(n, err)
		}
	}
	return s
}

// tls reads true, false, or the names of the files of a certificate.
func (o Origin) tls(n schema.Node) (bool, Certificate) {
	if _, simple := n.Value().(bool); simple || !n.Exists() {
		return n.Bool(), Certificate{}
	}
	n.Only("cert", "key")
	var c Certificate
	c.Cert, c.CertPEM = o.content(n.Required("cert"))
	c.Key, c.KeyPEM = o.content(n.Required("key"))
	if !n.Failed() {
		if _, err := c.pair(); err != nil {
			n.Fail("%v", err)
		}
	}
	return true, c
}

func (o Origin) upstreamTLS(n schema.Node) UpstreamTLS {
	if n.IsNull() {
		return UpstreamTLS{}
	}
	n.Only("insecure", "ca")
	t := UpstreamTLS{Insecure: n.At("insecure").Bool()}
	ca := n.At("ca")
	if t.CA, t.PEM = o.content(ca); ca.Failed() {
		return t
	}
	switch _, err := t.config(); {
	case t.CA != "" && t.Insecure:
		n.Fail("insecure verifies nothing and ca says what to trust: use one of them")
	case err != nil:
		ca.Fail("%v", err)
	}
	return t
}
