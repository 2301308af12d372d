//go:build !unix && !windows

package process

import "os/exec"

// Run runs the command; processes that it starts are not found here.
func Run(cmd *exec.Cmd) error { return cmd.Run() }
