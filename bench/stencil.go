package bench

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/simd"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// Stencil measures acoustic waves on n x n points with rigid walls, in 1e9 cells
// advanced by a step a second: two plain passes over the fields, in C where there
// is gcc and in Go, beside one pass of the vector kernels and the tiled sweep. The
// bandwidth of memory is measured in the same run.
func Stencil(ctx context.Context, s Settings) (*Report, error) { return s.measured(ctx, stencils) }

func stencils(ctx context.Context, s Settings, size sizes) (*Report, error) {
	counts := []int{1}
	if s.Threads > 1 {
		counts = append(counts, s.Threads)
	}
	// The fields of all simulations are in memory at once: some 30 times one.
	for size.cells > 512 && 30*8*size.cells*size.cells > spareMemory() {
		size.cells /= 2
	}
	for size.large > 512 && 60*size.large*size.large > spareMemory() {
		size.large /= 2
	}
	tasks := atBest(memoryTasks(counts, size.array))
	folder, err := os.MkdirTemp("", "ritz-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	var stops []func()
	defer func() {
		for _, stop := range stops {
			stop()
		}
	}()
	for _, single := range []bool{false, true} {
		more, stop, err := stencilTasks(ctx, folder, counts, size, single)
		stops = append(stops, stop...)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, more...)
	}
	return report(ctx, s, size, []string{simd.Level()}, tasks)
}

// atBest keeps the tasks of the level in use.
func atBest(tasks []task) (kept []task) {
	for _, t := range tasks {
		if t.Level == simd.Level() {
			kept = append(kept, t)
		}
	}
	return kept
}

// advancer takes steps and returns the pressure in the middle.
type advancer func(steps int) (float64, error)

func stencilTasks(ctx context.Context, folder string, counts []int, size sizes, single bool) (tasks []task, stops []func(), err error) {
	precision := "float64"
	if single {
		precision = "float32"
	}
	add := func(name, naive string, n, threads int, advance advancer) {
		const steps = 16 // of a repetition
		tasks = append(tasks, task{
			Work{Group: groupStencil, Name: name, Naive: naive, Precision: precision, Level: simd.Level(), Threads: threads},
			func(seconds float64) float64 { return steps * float64(n) * float64(n) / seconds / 1e9 },
			func(repeat int) error { _, err := advance(steps * repeat); return err },
		})
	}
	for _, threads := range counts {
		n := size.cells
		naive := name("two passes in Go", n)
		c, stop, err := inC(ctx, folder, precision, n, threads)
		if err == nil {
			stops = append(stops, stop)
			naive = name("two passes in C", n)
			add(naive, "", n, threads, c)
		}
		plain := plainPasses[float64]
		if single {
			plain = plainPasses[float32]
		}
		add(name("two passes in Go", n), "", n, threads, plain(n, threads))
		for _, k := range []struct {
			name string
			n    int
			plan stencil.Plan
			edit func(*stencil.Settings)
		}{
			{"one pass", n, stencil.Plan{Steps: 1}, nil},
			{"tiled", n, stencil.Plan{}, nil},
			{"tiled, density and modulus", n, stencil.Plan{}, func(s *stencil.Settings) {
				s.Medium.Densities = s.Grid.Fill(func(x, y float64) float64 { return 1 + 0.1*math.Sin(x) })
			}},
			{"tiled, CPML and a source", n, stencil.Plan{}, func(s *stencil.Settings) {
				cpml := stencil.Side{Kind: stencil.CPML, Cells: 20}
				s.X0, s.X1, s.Y0, s.Y1 = cpml, cpml, cpml, cpml
				s.Sources = []stencil.Source{{X: 10, Y: 20, Signal: stencil.Ricker(1, 0)}}
			}},
			{"tiled", size.large, stencil.Plan{}, nil},
			{"in cache", 255, stencil.Plan{}, nil},
		} {
			if k.n == size.large && (!single || threads < counts[len(counts)-1]) || k.edit != nil && threads < counts[len(counts)-1] {
				continue
			}
			versus := ""
			if k.n == n {
				versus = naive
			}
			add(name(k.name, k.n), versus, k.n, threads, waves(ctx, k.n, threads, single, k.plan, k.edit))
		}
	}
	return tasks, stops, nil
}

func name(what string, n int) string { return fmt.Sprintf("%s, %d²", what, n) }

// waves advances a pulse. The simulation is made at its first use.
func waves(ctx context.Context, n, threads int, single bool, plan stencil.Plan, edit func(*stencil.Settings)) advancer {
	solver := sync.OnceValues(func() (*stencil.Solver, error) {
		g := stencil.Grid{Nx: n, Ny: n, Lx: 40, Ly: 40}
		set := stencil.Settings{Grid: g, Single: single, Threads: threads, Plan: plan,
			Receivers: []stencil.Receiver{{X: float64(n/2) * 40 / float64(n-1), Y: float64(n/2) * 40 / float64(n-1)}},
			Pressure:  g.Fill(func(x, y float64) float64 { return math.Exp(-(x-20)*(x-20) - (y-20)*(y-20)) })}
		if edit != nil {
			edit(&set)
		}
		return stencil.New(set)
	})
	return func(steps int) (float64, error) {
		s, err := solver()
		if err != nil {
			return 0, err
		}
		err = s.Advance(ctx, steps)
		trace := s.Trace(0)
		return trace[len(trace)-1], err
	}
}

// plainPasses is the scheme as two loops over the fields in plain Go, threads on
// bands of rows.
func plainPasses[T simd.Float](n, threads int) advancer {
	fields := sync.OnceValue(func() (f [3][]T) {
		f = [3][]T{make([]T, n*n), make([]T, (n+1)*n), make([]T, n*(n+1))}
		parallel(threads, func(t int) {
			first, end := share(n, t, threads)
			for j := first; j < end; j++ {
				for i := range n {
					x, y := 40*float64(i)/float64(n-1)-20, 40*float64(j)/float64(n-1)-20
					if r := x*x + y*y; r < 80 { // no subnormals
						f[0][j*n+i] = T(math.Exp(-r))
					}
				}
			}
		})
		return f
	})
	const c = 1 / 4.1
	return func(steps int) (float64, error) {
		f := fields()
		p, vx, vy := f[0], f[1], f[2]
		for range steps {
			parallel(threads, func(t int) {
				first, end := share(n, t, threads)
				for j := first; j < end; j++ {
					row, x := p[j*n:(j+1)*n], vx[j*(n+1):(j+1)*(n+1)]
					for i := 1; i < len(row); i++ {
						x[i] -= c * (row[i] - row[i-1])
					}
					if j == 0 {
						continue
					}
					above, y := p[(j-1)*n:j*n], vy[j*n:(j+1)*n]
					for i := range row {
						y[i] -= c * (row[i] - above[i])
					}
				}
			})
			parallel(threads, func(t int) {
				first, end := share(n, t, threads)
				for j := first; j < end; j++ {
					row, x := p[j*n:(j+1)*n], vx[j*(n+1):(j+1)*(n+1)]
					y0, y1 := vy[j*n:(j+1)*n], vy[(j+1)*n:(j+2)*n]
					for i := range row {
						row[i] -= c * (x[i+1] - x[i] + y1[i] - y0[i])
					}
				}
			})
		}
		return float64(p[n/2*n+n/2]), nil
	}
}

//go:embed baseline/acoustic.c.txt
var acousticC string

// inC compiles and starts the C program; the error says why there is none.
func inC(ctx context.Context, folder, precision string, n, threads int) (advance advancer, stop func(), err error) {
	real := map[string]string{"float64": "double", "float32": "float"}[precision]
	program := filepath.Join(folder, real)
	if _, err := os.Stat(program); err != nil {
		source := program + ".c"
		if err := os.WriteFile(source, []byte(acousticC), 0o644); err != nil {
			return nil, nil, err
		}
		out, err := exec.CommandContext(ctx, "gcc", "-O3", "-march=native", "-fopenmp", "-DREAL="+real, "-o", program, source, "-lm").CombinedOutput()
		if err != nil {
			return nil, nil, fmt.Errorf("gcc: %w: %s", err, out)
		}
	}
	c := exec.CommandContext(ctx, program, fmt.Sprint(n), fmt.Sprint(threads))
	in, err := c.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := c.Start(); err != nil {
		return nil, nil, err
	}
	lines := bufio.NewScanner(out)
	return func(steps int) (centre float64, err error) {
			if _, err := fmt.Fprintln(in, steps); err != nil {
				return 0, err
			}
			if !lines.Scan() {
				return 0, fmt.Errorf("the C program ended: %w", io.ErrUnexpectedEOF)
			}
			var seconds float64
			_, err = fmt.Sscan(lines.Text(), &seconds, &centre)
			return centre, err
		}, func() {
			in.Close()
			done := make(chan struct{})
			go func() { c.Wait(); close(done) }()
			select {
			case <-done:
			case <-time.After(5 * time.Second):
				c.Process.Kill()
			}
		}, nil
}
