//go:build !unix

package resilience_test

import "syscall"

func newSession() *syscall.SysProcAttr { return nil }
