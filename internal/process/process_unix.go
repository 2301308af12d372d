//go:build unix

package process

import (
	"os"
	"os/exec"
	"syscall"
)

// Run runs the command in a process group of its own, which is killed as a
// whole when the command's context is done.
func Run(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if err == syscall.ESRCH {
			return os.ErrProcessDone
		}
		return err
	}
	return cmd.Run()
}
