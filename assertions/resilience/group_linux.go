package resilience

import "syscall"

// ownGroup starts a program in a process group of its own, and has it killed when the
// thread that started it ends, as it does with the test's process: prctl(2),
// PR_SET_PDEATHSIG.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
