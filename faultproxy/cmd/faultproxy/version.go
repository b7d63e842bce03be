package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCmd is `faultproxy version`.
type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(s *session) error {
	version, revision := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = " " + setting.Value
			}
		}
	}
	_, err := fmt.Fprintf(s.stdout, "faultproxy %s%s, %s %s/%s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
