package dl

import "golang.org/x/sys/windows"

func open(name string) (uintptr, error) {
	h, err := windows.LoadLibrary(name)
	return uintptr(h), err
}

func symbol(handle uintptr, name string) uintptr {
	f, err := windows.GetProcAddress(windows.Handle(handle), name)
	if err != nil {
		return 0
	}
	return f
}
