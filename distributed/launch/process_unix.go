//go:build unix

package launch

import (
	"os/exec"
	"syscall"
)

// detach has the process start in a session of its own: neither Ctrl-C nor the end of
// the terminal reaches it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

func terminate(pid int) { _ = syscall.Kill(pid, syscall.SIGTERM) }

// kill ends the process and all of its group.
func kill(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
