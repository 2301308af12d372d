package gpu

import (
	"sync"

	"github.com/seed-0772dd2d/ritz/gpu/internal/cuda"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
	"github.com/seed-0772dd2d/ritz/gpu/internal/opencl"
)

// backend is the name of a driver and what loads it, once.
type backend struct {
	name string
	load func() (driver.Backend, error)
}

// backends are the drivers, the vendors' own before OpenCL, which offers the same
// cards.
var backends = backendList{
	{"cuda", sync.OnceValues(cuda.Load)},
	{"hip", sync.OnceValues(cuda.LoadHIP)},
	{"opencl", sync.OnceValues(opencl.Load)},
}

type backendList []backend

func (l backendList) find(name string) func() (driver.Backend, error) {
	for _, b := range l {
		if b.name == name {
			return b.load
		}
	}
	return nil
}
