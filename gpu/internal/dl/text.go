package dl

import "unsafe"

// Text copies the text at an address of C memory up to its zero byte; empty at address 0.
func Text(address uintptr) string {
	// What a library returned is no pointer of Go's: it stays where it is.
	p := *(*unsafe.Pointer)(unsafe.Pointer(&address))
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}
