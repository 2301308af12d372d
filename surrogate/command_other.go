//go:build !unix && !windows

package surrogate

import "os/exec"

// runGroup runs the command; processes that it starts are not found here.
func runGroup(cmd *exec.Cmd) error { return cmd.Run() }
