package stencil

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// The numbers of the miniapp come from a device too.
func TestMiniappOnDevice(t *testing.T) {
	t.Parallel()
	d := openDevice(t)
	if testing.Short() {
		t.Skip("seconds")
	}
	for _, c := range []struct {
		plan  Plan
		inner bool
	}{{Plan{Bands: true}, true}, {Plan{Steps: 1}, false}, {Plan{}, true}} {
		set := miniapp(255)
		set.Plan, set.InnerFaces, set.Device = c.plan, c.inner, d
		s, err := New(set)
		require.NoError(t, err)
		advance(t, s, 1000)
		n := pressureNumbers(t, s)
		want := numbers{126.676869774373, 0.0920973056329801, -0.0636193770595933, 5.62797672647559, 0.0271628448019373}
		if !c.inner {
			want = numbers{126.676869774373, 0.0948143764219588, -0.0630522041695483, 5.62820706559552, n.centre}
		}
		require.InEpsilon(t, want.sum, n.sum, 1e-12)
		require.InEpsilon(t, want.max, n.max, 1e-12)
		require.InEpsilon(t, want.min, n.min, 1e-12)
		require.InEpsilon(t, want.norm2, n.norm2, 1e-12)
		require.InEpsilon(t, want.centre, n.centre, 1e-12)
		require.NoError(t, s.Close())
	}
}

// Between rigid and free sides a device conserves the energy, to rounding.
func TestEnergyOnDevice(t *testing.T) {
	t.Parallel()
	d := openDevice(t)
	rng := rand.New(rand.NewPCG(2, 2))
	for _, plan := range []Plan{{Bands: true}, {Steps: 1}, {Width: 30, Height: 12, Steps: 2}} {
		for _, kinds := range [][2]SideKind{{Rigid, Free}, {Periodic, Rigid}} {
			g := Grid{31, 26, 3, 2}
			set := Settings{Grid: g, Order: 4, CFL: 0.9, Plan: plan, Device: d}
			set.X0.Kind, set.X1.Kind, set.Y0.Kind, set.Y1.Kind = kinds[0], kinds[0], kinds[1], kinds[1]
			set.Pressure = g.Fill(func(float64, float64) float64 { return rng.NormFloat64() })
			set.Medium.Densities = g.Fill(func(x, y float64) float64 { return 1 + 3*rng.Float64() })
			set.Medium.BulkModuli = g.Fill(func(x, y float64) float64 { return 1 + 3*rng.Float64() })
			s, err := New(set)
			require.NoError(t, err)
			k0, p0 := energy(t, s)
			advance(t, s, 500)
			k1, p1 := energy(t, s)
			require.InEpsilon(t, k0+p0, k1+p1, 1e-12, "plan %+v, sides %v", plan, kinds)
			require.Greater(t, math.Abs(p1-p0), 0.01*p0, "nothing moved")
			require.NoError(t, s.Close())
		}
	}
}

// A device takes up the state of the processor and goes on, and the other way round.
func TestStateMovesToDevice(t *testing.T) {
	t.Parallel()
	d := openDevice(t)
	move := func(from, to *Solver) {
		var b bytes.Buffer
		_, err := from.WriteTo(&b)
		require.NoError(t, err)
		state := bytes.Clone(b.Bytes())
		_, err = to.ReadFrom(&b)
		require.NoError(t, err)
		var again bytes.Buffer
		_, err = to.WriteTo(&again)
		require.NoError(t, err)
		require.True(t, bytes.Equal(state, again.Bytes()), "what was taken up comes out again")
	}
	for _, plan := range []Plan{{Bands: true}, {Steps: 1}, {Width: 30, Height: 12, Steps: 2}} {
		set := everything(false)
		set.Plan = plan
		p := newPair(t, set, d)
		want, err := New(set)
		require.NoError(t, err)
		advance(t, want, 37)
		advance(t, p.host, 17)
		move(p.host, p.device)
		advance(t, p.device, 20)
		require.Less(t, pair{want, p.device}.differ(t), p.device.tolerance())

		advance(t, want, 20)
		move(p.device, p.host)
		advance(t, p.host, 20)
		require.Less(t, pair{want, p.host}.differ(t), p.host.tolerance())
		require.NoError(t, p.device.Close())
	}
}

// Nothing is allocated in a step: what a block of them allocates does not depend on how
// many there are.
func TestNoAllocationsOnDevice(t *testing.T) {
	d := openDevice(t)
	if testing.Short() {
		t.Skip("the race detector allocates")
	}
	for _, plan := range []Plan{{Bands: true}, {Steps: 1}, {Width: 30, Height: 12, Steps: 2}} {
		set := everything(false)
		set.Plan, set.Device = plan, d
		s, err := New(set)
		require.NoError(t, err)
		r := s.e.(*deviceRun[float64])
		for k := range s.traces {
			s.traces[k] = make([]float64, 0, 1<<16)
		}
		allocations := func(steps int) float64 {
			return testing.AllocsPerRun(5, func() {
				r.length = r.room
				if err := s.Advance(context.Background(), steps); err != nil {
					panic(err)
				}
			})
		}
		most := allocations(300)
		assert.Less(t, most, 10.0)
		assert.Equal(t, most, allocations(20), "plan %+v", plan)
		require.NoError(t, s.Close())
	}
}

// What fails on a device is told, and nothing goes on from there.
func TestDeviceFails(t *testing.T) {
	d := openDevice(t)
	set := everything(true)
	set.Device = d
	for want, change := range map[string]func(s *Settings){
		"plan: tiles of 4000 x 4000 cells for 2 steps of order 4 take": func(s *Settings) { s.Plan = Plan{Width: 4000, Height: 4000, Steps: 2} },
		"for 100 steps of order 4":                                     func(s *Settings) { s.Plan = Plan{Steps: 100} },
	} {
		refused := set
		change(&refused)
		_, err := New(refused)
		require.ErrorIs(t, err, ErrSettings)
		require.ErrorContains(t, err, want)
		require.Zero(t, d.Live(), "nothing is left behind")
	}
	gradient := set
	gradient.Single, gradient.Dt, gradient.CFL = false, 0.01, 0
	_, _, err := Misfit(t.Context(), gradient, nil, MisfitOptions{Steps: 3, Function: func(_, _ [][]float64) (float64, error) { return 0, nil }})
	require.ErrorIs(t, err, ErrSettings)
	require.ErrorContains(t, err, "not on a Device")

	set.Plan = Plan{Bands: true}
	s, err := New(set)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Advance(ctx, 3), context.Canceled)
	require.Zero(t, s.Steps())
	advance(t, s, 3)
	s.e.(*deviceRun[float32]).fields[0][1].Close()
	for range 2 {
		err = s.Advance(t.Context(), 3)
		require.ErrorIs(t, err, gpu.ErrClosed)
		require.ErrorContains(t, err, "on device opencl:0")
		require.Equal(t, 3, s.Steps())
	}
	_, _, err = s.Energy()
	require.ErrorIs(t, err, gpu.ErrClosed)
	require.ErrorIs(t, s.Read(Pressure, make([]float64, set.Grid.Cells())), gpu.ErrClosed)
	_, err = s.WriteTo(new(bytes.Buffer))
	require.ErrorIs(t, err, gpu.ErrClosed)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())

	set.Sources[0].Signal = func(float64) float64 { return 1e40 } // beyond float32
	s, err = New(set)
	require.NoError(t, err)
	require.ErrorIs(t, s.Advance(t.Context(), 3), ErrDiverged)
	require.NoError(t, s.Close())
}

// All that is compiled is compiled in New, which tells of it and can be stopped.
func TestCompiling(t *testing.T) {
	d := openDevice(t)
	set := everything(false)
	set.Device, set.Order = d, 6
	var told [][2]int
	halt := errors.New("halt")
	set.Compiling = func(done, all int) error {
		told = append(told, [2]int{done, all})
		if done == 1 {
			return halt
		}
		return nil
	}
	modules := d.Live()
	_, err := New(set)
	require.ErrorIs(t, err, halt)
	require.Equal(t, [][2]int{{0, told[0][1]}, {1, told[0][1]}}, told)
	require.Equal(t, modules+1, d.Live(), "one kernel, and no buffers")

	machine := func() (files int) { // what PoCL keeps
		require.NoError(t, filepath.WalkDir(os.Getenv("POCL_CACHE_DIR"), func(path string, _ fs.DirEntry, err error) error {
			if filepath.Ext(path) == ".so" {
				files++
			}
			return err
		}))
		return files
	}
	set.Compiling = nil
	s, err := New(set)
	require.NoError(t, err)
	made := machine()
	if strings.Contains(d.Info().Driver, "PoCL") {
		require.GreaterOrEqual(t, made, 2)
	}
	advance(t, s, 7)
	require.Equal(t, made, machine(), "compiled in steps")
	require.NoError(t, s.Close())
}

// Every program is listed once, in groups that the device takes.
func TestDeviceKernels(t *testing.T) {
	listed := map[string]bool{}
	for _, s := range DeviceKernels(gpu.Info{LocalMemory: 48 << 10, MaxGroup: 256}) {
		require.LessOrEqual(t, s.Group[0]*s.Group[1], 256)
		key := fmt.Sprint(s.Name, s.Double, s.Defines)
		require.False(t, listed[key], key)
		listed[key] = true
	}
	require.Len(t, listed, 2*(3+4*2*(2+3+3)))
}

// Compilers speak of each line by the file that it stands in.
func TestKernelLines(t *testing.T) {
	for name := range kernelTexts {
		file, line, seen := "", 0, map[string]bool{}
		for text := range strings.Lines(pointVariant(false).source(name).Full()) {
			if n, _ := fmt.Sscanf(text, "#line %d %q", &line, &file); n == 2 {
				seen[file] = true
				continue
			}
			if file == "" { // the prelude
				continue
			}
			all, err := os.ReadFile(filepath.Join("kernels", file))
			require.NoError(t, err)
			lines := strings.Split(string(all), "\n")
			require.LessOrEqual(t, line, len(lines), "%s: %s", name, file)
			require.Equal(t, lines[line-1], strings.TrimSuffix(text, "\n"), "%s: %s:%d", name, file, line)
			line++
		}
		require.True(t, seen[name+".c"], name)
	}
}
