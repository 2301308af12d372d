//go:build !windows

package dl

import "github.com/ebitengine/purego"

func open(name string) (uintptr, error) {
	return purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

func symbol(handle uintptr, name string) uintptr {
	f, err := purego.Dlsym(handle, name)
	if err != nil {
		return 0
	}
	return f
}
