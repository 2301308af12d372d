package gpu

import (
	"strings"
	"sync"
)

// programs are those that a device has compiled for [Device.Kernel], by their text and
// options.
type programs struct {
	mu  sync.Mutex
	all map[string]*program
}

// program is a module of which each kernel is made once.
type program struct {
	mu      sync.Mutex
	module  *Module
	kernels map[string]*Kernel
}

// Kernel returns the kernel of that name of a program, which is compiled when it is asked
// for first and stays until the device is closed: for those who come again with the same
// source. It is shared by all who ask for it. Errors are those of [Device.Compile] and
// [Module.Kernel].
func (d *Device) Kernel(s Source, name string) (*Kernel, error) {
	key := strings.Join(append(s.Options(), s.Full()), "\n")
	d.programs.mu.Lock()
	p := d.programs.all[key]
	if p == nil {
		if d.programs.all == nil {
			d.programs.all = map[string]*program{}
		}
		p = &program{kernels: map[string]*Kernel{}}
		d.programs.all[key] = p
	}
	d.programs.mu.Unlock()

	p.mu.Lock()
	defer p.mu.Unlock()
	if k := p.kernels[name]; k != nil {
		return k, d.usable()
	}
	var err error
	if p.module == nil {
		if p.module, err = d.Compile(s); err != nil {
			return nil, err
		}
	}
	k, err := p.module.Kernel(name)
	if err == nil {
		p.kernels[name] = k
	}
	return k, err
}
