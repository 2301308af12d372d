package process

import "syscall"

// DieWithParent has the system kill a command when the thread that has started it ends,
// and so when its process is killed. It does nothing but on Linux.
func DieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
