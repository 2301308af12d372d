package cuda

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
)

// node is the file by which a driver's library reaches the kernel's part of the driver.
type node struct{ path, module, container, groups string }

// missing says why the file cannot be used; empty if it can, or where there is none.
func (n node) missing() string {
	if runtime.GOOS != "linux" {
		return ""
	}
	f, err := os.OpenFile(n.path, os.O_RDWR, 0)
	switch {
	case err == nil:
		_ = f.Close() // nothing was written
		return ""
	case errors.Is(err, fs.ErrNotExist):
		return "there is no " + n.path + ": is there a card and is the kernel module " + n.module + " loaded? (into a container: " + n.container + ")"
	case errors.Is(err, fs.ErrPermission):
		return "no permission to use " + n.path + n.groups
	}
	return err.Error()
}
