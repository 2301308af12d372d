package filelock

import (
	"os"

	"golang.org/x/sys/windows"
)

// Lock locks f until it is closed; held tells that another one has it.
func Lock(f *os.File) (held bool, err error) {
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	if err == windows.ERROR_LOCK_VIOLATION {
		return true, nil
	}
	return false, err
}
