// Package opencl is the driver of OpenCL 1.2 and later.
package opencl

import "github.com/seed-0772dd2d/ritz/gpu/internal/driver"

// Load loads the library.
func Load() (driver.Backend, error) {
	return nil, &driver.NoBackend{Backend: "opencl", Looked: []string{"libOpenCL.so.1"}}
}
