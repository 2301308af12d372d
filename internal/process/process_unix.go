//go:build unix

package process

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Run runs the command in a process group of its own, which is killed as a
// whole when the command's context is done. On Linux the command is also killed when
// this process is.
func Run(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	DieWithParent(cmd.SysProcAttr)
	// The signal at the parent's death is bound to the thread that forks.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if err == syscall.ESRCH {
			return os.ErrProcessDone
		}
		return err
	}
	return cmd.Run()
}
