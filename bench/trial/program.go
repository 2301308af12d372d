package trial

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// Program is a source in one of its specialisations, compiled.
type Program struct {
	Source    string   `json:"source"`
	Defines   []string `json:"defines,omitempty"`
	Precision string   `json:"precision"`
	Seconds   float64  `json:"seconds"` // until its kernels could be launched
	Kernels   []Kernel `json:"kernels,omitempty"`
	Log       string   `json:"log,omitempty"` // what the compiler said
	Fault     *Fault   `json:"fault,omitempty"`
}

// Kernel is what the driver tells of one, -1 for what it does not tell.
type Kernel struct {
	Name      string `json:"name"`
	Registers int    `json:"registers"`
	Spill     int    `json:"spill"` // bytes a work item
	Local     int    `json:"local"` // bytes a group
	MaxGroup  int    `json:"max_group"`
}

func (s *session) compile(ctx context.Context) error {
	sources := s.sources()
	for i, source := range sources {
		s.tell("programs", i, len(sources))
		start := time.Now()
		p := Program{Source: source.Name, Defines: source.Defines, Precision: precision(source.Double)}
		err := p.compile(s.device, source)
		p.Seconds, p.Fault = time.Since(start).Seconds(), fault(err)
		s.Programs = append(s.Programs, p)
		if err := over(ctx, err); err != nil {
			return err
		}
	}
	s.tell("programs", len(sources), len(sources))
	return nil
}

// sources are all specialisations that the device can have, of the orders that are tried.
func (s *session) sources() (kept []gpu.Source) {
	for _, source := range stencil.DeviceKernels(s.Device) {
		other := slices.ContainsFunc(source.Defines, func(define string) bool {
			half, of := strings.CutPrefix(define, "HALF=")
			m, err := strconv.Atoi(half)
			return of && err == nil && !slices.Contains(s.settings.Orders, 2*m)
		})
		if !other && (!source.Double || s.Device.Float64) {
			kept = append(kept, source)
		}
	}
	return kept
}

func (p *Program) compile(d *gpu.Device, source gpu.Source) error {
	m, err := d.Compile(source)
	if err != nil {
		return err
	}
	defer m.Close()
	p.Log = m.Log()
	for _, name := range m.Kernels() {
		k, err := m.Kernel(name)
		if err != nil {
			return err
		}
		u := k.Usage()
		p.Kernels = append(p.Kernels, Kernel{name, u.Registers, u.Spill, u.Local, u.MaxGroup})
		if most := d.Info().LocalMemory; u.Local > most && most > 0 {
			return fmt.Errorf("%w: kernel %s needs %d bytes of local memory, %s has %d", gpu.ErrArgument, name, u.Local, d.Info().ID, most)
		}
	}
	return nil
}
