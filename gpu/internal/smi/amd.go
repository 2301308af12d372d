//go:build !(goamdsmi && cgo)

package smi

// amd are AMD's libraries.
var amd = []func() (Library, error){AMDSMI, ROCmSMI}
