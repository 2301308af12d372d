package trial

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/gputest/kernels"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// Transfer is what memory and launches cost. The best of several timings counts.
type Transfer struct {
	Bytes int `json:"bytes"` // of an array
	// Copy is the bandwidth of y = x by a kernel, Update that of y = y + a x: bytes read and
	// written, 1e9 a second.
	Copy   float64 `json:"copy_gb_per_s"`
	Update float64 `json:"update_gb_per_s"`
	// Up and Down are from the host to the device and back, pageable memory.
	Up   float64 `json:"up_gb_per_s"`
	Down float64 `json:"down_gb_per_s"`
	// Launch is the time of a launch of an empty kernel among many, Call that until the
	// call returns, Round that until the device has run it alone, in 1e-6 s.
	Launch float64 `json:"launch_us"`
	Call   float64 `json:"call_us"`
	Round  float64 `json:"round_us"`
	Fault  *Fault  `json:"fault,omitempty"`
}

// Wave is how fast a scheme is: uniform medium between walls.
type Wave struct {
	Scheme    string  `json:"scheme"`
	Order     int     `json:"order"`
	Precision string  `json:"precision"`
	N         int     `json:"n"` // n x n points
	Steps     int     `json:"steps"`
	Seconds   float64 `json:"seconds"`
	GCells    float64 `json:"gcells_per_s"`
	// TEff is six accesses a cell and step: all that a scheme must read and write if it
	// takes one step at a time, 1e9 bytes a second. OfCopy is that over the bandwidth of a copy.
	TEff   float64 `json:"t_eff_gb_per_s"`
	OfCopy float64 `json:"of_copy,omitempty"`
	Fault  *Fault  `json:"fault,omitempty"`
}

var copying = gpu.Source{Name: "copy.c", Text: `
KERNEL copy(GLOBAL const float *RESTRICT x, GLOBAL float *RESTRICT y, const int n)
{
	const int i = GLOBAL_ID(0);
	if (i < n)
		y[i] = x[i];
}
`, Group: [3]int{256}}

// best is the shortest time of work that is begun often enough to last at least for
// `least`, over the repetitions.
func (s *session) best(least time.Duration, rounds int, work func() error) (float64, error) {
	repeat, shortest := 1, math.Inf(1)
	for round := 0; round < rounds; {
		start := time.Now()
		for range repeat {
			if err := work(); err != nil {
				return 0, err
			}
		}
		if err := s.queue.Wait(); err != nil {
			return 0, err
		}
		took := time.Since(start)
		if took < least && repeat < 1<<20 {
			repeat *= 2
			continue
		}
		shortest = min(shortest, took.Seconds()/float64(repeat))
		round++
	}
	return shortest, nil
}

func (s *session) transfer(ctx context.Context) error {
	s.tell("transfer", 0, 1)
	s.Transfer = &Transfer{}
	err := s.measure(s.Transfer)
	s.Transfer.Fault = fault(err)
	s.tell("transfer", 1, 1)
	return over(ctx, err)
}

func (s *session) measure(t *Transfer) error {
	n := 64 << 20 // floats
	least, rounds := 50*time.Millisecond, 5
	if s.Quick || s.Device.CPU {
		n, least, rounds = 8<<20, 10*time.Millisecond, 3
	}
	if most := s.Device.Memory; most > 0 {
		n = min(n, int(most/32))
	}
	t.Bytes = 4 * n
	host := make([]float32, n)
	x, err := upload(s, host)
	if err != nil {
		return err
	}
	defer x.Close()
	y, err := upload(s, host)
	if err != nil {
		return err
	}
	defer y.Close()
	copier, free, err := s.kernel(copying, "copy")
	defer free()
	if err != nil {
		return err
	}
	axpy, free, err := s.kernel(kernels.Axpy(false), "axpy_float")
	defer free()
	if err != nil {
		return err
	}
	empty, free, err := s.kernel(kernels.Nothing, "nothing")
	defer free()
	if err != nil {
		return err
	}
	grid := gpu.Over(n, 256)
	rate := func(to *float64, bytes int, work func() error) error {
		seconds, err := s.best(least, rounds, work)
		*to = float64(bytes) / seconds / 1e9
		return err
	}
	micro := func(to *float64, work func() error) error {
		seconds, err := s.best(least, rounds, work)
		*to = seconds * 1e6
		return err
	}
	return errors.Join(
		rate(&t.Copy, 8*n, func() error { return s.queue.Launch(copier, grid, gpu.Mem(x), gpu.Mem(y), gpu.Int(int32(n))) }),
		rate(&t.Update, 12*n, func() error {
			return s.queue.Launch(axpy, grid, gpu.Mem(x), gpu.Mem(y), gpu.Real(1), gpu.Int(int32(n)))
		}),
		rate(&t.Up, 4*n, func() error { return gpu.Write(s.queue, x, 0, host) }),
		rate(&t.Down, 4*n, func() error { return gpu.Read(s.queue, host, x, 0) }),
		micro(&t.Launch, func() error { return s.queue.Launch(empty, gpu.Over(1, 1)) }),
		micro(&t.Round, func() error { return errors.Join(s.queue.Launch(empty, gpu.Over(1, 1)), s.queue.Wait()) }),
		s.call(&t.Call, empty),
	)
}

// call is the time until launches return, the device busy or not.
func (s *session) call(to *float64, empty *gpu.Kernel) error {
	const launches = 100
	shortest := math.Inf(1)
	for range 10 {
		start := time.Now()
		for range launches {
			if err := s.queue.Launch(empty, gpu.Over(1, 1)); err != nil {
				return err
			}
		}
		shortest = min(shortest, time.Since(start).Seconds()/launches)
		if err := s.queue.Wait(); err != nil {
			return err
		}
	}
	*to = shortest * 1e6
	return nil
}

func (s *session) waves(ctx context.Context) error {
	sizes, orders, seconds := []int{4096, 8192}, s.settings.Orders, 0.5
	switch {
	case s.Quick && s.Device.CPU:
		sizes, seconds = []int{256}, 0.02
	case s.Quick:
		sizes, seconds = []int{4096}, 0.2
	case s.Device.CPU:
		sizes = []int{1024}
	}
	done, total := 0, len(sizes)*len(orders)*len(s.precisions())*len(schemes)
	for _, n := range sizes {
		for _, double := range s.precisions() {
			// Two sets of fields, and room for what else is on the card.
			if need := int64(6*width(double)) * int64(n) * int64(n); s.Device.Memory > 0 && need > s.Device.Memory*3/4 {
				s.note("waves on %d x %d points in %s: %d MB do not fit", n, n, precision(double), need>>20)
				continue
			}
			for _, order := range orders {
				for _, scheme := range schemes {
					s.tell("waves", done, total)
					done++
					w := Wave{Scheme: scheme.name, Order: order, Precision: precision(double), N: n}
					err := s.wave(ctx, &w, scheme.plan, double, seconds)
					w.Fault = fault(err)
					s.Waves = append(s.Waves, w)
					if err := over(ctx, err); err != nil {
						return err
					}
				}
			}
		}
	}
	s.tell("waves", total, total)
	return nil
}

// wave times a scheme for about so many seconds.
func (s *session) wave(ctx context.Context, w *Wave, plan stencil.Plan, double bool, seconds float64) error {
	g := stencil.Grid{Nx: w.N, Ny: w.N, Lx: 40, Ly: 40}
	solver, err := stencil.New(stencil.Settings{Grid: g, Order: w.Order, Single: !double, Plan: plan, Device: s.device,
		Pressure: g.Fill(func(x, y float64) float64 { return math.Exp(-(x-20)*(x-20) - (y-20)*(y-20)) })})
	if err != nil {
		return err
	}
	defer solver.Close()
	// The first steps compile and warm up; then twice as many until they last.
	steps := 4
	if err := solver.Advance(ctx, steps); err != nil {
		return err
	}
	for {
		start := time.Now()
		if err := solver.Advance(ctx, steps); err != nil {
			return err
		}
		took := time.Since(start).Seconds()
		if took >= seconds || steps >= 1<<16 {
			w.Steps, w.Seconds = steps, took
			break
		}
		steps *= 2
	}
	w.GCells = float64(w.N) * float64(w.N) * float64(w.Steps) / w.Seconds / 1e9
	w.TEff = 6 * float64(width(double)) * w.GCells
	if s.Transfer != nil && s.Transfer.Copy > 0 {
		w.OfCopy = w.TEff / s.Transfer.Copy
	}
	return nil
}
