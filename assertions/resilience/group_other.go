//go:build !unix

package resilience

import (
	"fmt"
	"os"
	"syscall"
)

// ownGroup: this system has no process groups.
func ownGroup() *syscall.SysProcAttr { return nil }

func signalGroup(pid int, sig os.Signal) error {
	if sig != os.Kill {
		return fmt.Errorf("this system has no %v, only os.Kill", sig)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	defer func() { _ = p.Release() }()
	return p.Kill()
}

func askGroup(pid int) error { return signalGroup(pid, os.Kill) }

func killGroup(int) {}

func signalOf(*os.ProcessState) string { return "" }
