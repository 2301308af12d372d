package job

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/xml"
	"image/gif"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/npy"
	"github.com/seed-0772dd2d/ritz/stencil"
)

const waveHead = "ritz: 1\nkind: stencil\n"

// shot is a small simulation with all that a job of the kind can have.
const shot = waveHead + `
constants: {c: 1.5}
grid: {n: [61, 41], length: [12, 10]}
medium: {density: 1 + 0.1*y, speed: "if(y < 4, c, 2)"}
initial: {pressure: "0.1*exp(-(x-6)^2 - (y-4)^2)", vx: 0.01*x, vy: 0.02*y}
sources: [{at: [3.03, 2], ricker: {frequency: 1, amplitude: 2}}, {at: [8, 4], field: force_y, interpolation: sinc, tone_burst: {frequency: 0.7, cycles: 3}}]
receivers: [{at: [9, 3], fields: [pressure, vx, vy]}, {line: {from: [1, 1], to: [11, 1], n: 6}}]
boundary: {all: {cpml: 8}, y0: free, x1: {sponge: 10}}
order: 4
cfl: 0.8
steps: 90
`

func wave(t *testing.T, text string, o Options) *Result {
	t.Helper()
	return waveIn(t, filepath.Join(t.TempDir(), "out"), text, o)
}

func waveIn(t *testing.T, dir, text string, o Options) *Result {
	t.Helper()
	j, err := decode("a.yaml", text, nil)
	require.NoError(t, err)
	r, err := Run(context.Background(), j, dir, o)
	require.NoError(t, err)
	return r
}

func array(t *testing.T, path string) ([]int, []float64) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	shape, v, err := npy.Read(f)
	require.NoError(t, err)
	return shape, v
}

// A run is what the library does with the same numbers, and its files hold that.
func TestStencilRun(t *testing.T) {
	r := wave(t, shot+"output: {every: 30, animation: [gif, png], snapshots: [npy, vti], energy: true, figures: [svg]}\n", Options{})
	require.Equal(t, Done, r.Status, r.Reason)
	g := stencil.Grid{Nx: 61, Ny: 41, Lx: 12, Ly: 10}
	dx, dy := g.Spacing()
	rho := func(_, y float64) float64 { return 1 + 0.1*y }
	set := stencil.Settings{
		Grid: g, Order: 4, CFL: 0.8,
		Medium: stencil.Medium{Densities: g.Fill(rho), BulkModuli: g.Fill(func(x, y float64) float64 {
			if y < 4 {
				return rho(x, y) * 1.5 * 1.5
			}
			return rho(x, y) * 2 * 2
		})},
		Pressure: g.Fill(func(x, y float64) float64 { return 0.1 * math.Exp(-(x-6)*(x-6)-(y-4)*(y-4)) }),
		X0:       stencil.Side{Kind: stencil.CPML, Cells: 8}, X1: stencil.Side{Kind: stencil.Sponge, Cells: 10},
		Y0: stencil.Side{Kind: stencil.Free}, Y1: stencil.Side{Kind: stencil.CPML, Cells: 8},
		Sources: []stencil.Source{
			{X: 3.03, Y: 2, Signal: func(t float64) float64 { return 2 * stencil.Ricker(1, 0)(t) }},
			{X: 8, Y: 4, Field: stencil.VelocityY, Interpolation: stencil.Sinc, Signal: stencil.ToneBurst(0.7, 3)},
		},
		Receivers: []stencil.Receiver{{X: 9, Y: 3}, {X: 9, Y: 3, Field: stencil.VelocityX}, {X: 9, Y: 3, Field: stencil.VelocityY}},
	}
	for k := range 6 {
		set.Receivers = append(set.Receivers, stencil.Receiver{X: 1 + 2*float64(k), Y: 1})
	}
	for range g.Ny {
		for i := range g.Nx + 1 {
			set.Vx = append(set.Vx, 0.01*(float64(i)-0.5)*dx)
		}
	}
	for j := range g.Ny + 1 {
		for range g.Nx {
			set.Vy = append(set.Vy, 0.02*(float64(j)-0.5)*dy)
		}
	}
	s, err := stencil.New(set)
	require.NoError(t, err)
	p, single := make([]float64, g.Cells()), make([]float64, g.Cells())
	for step := 0; ; step += 30 {
		require.NoError(t, s.Read(stencil.Pressure, p))
		shape, v := array(t, filepath.Join(r.Dir, snapshotName(stencil.Pressure, step, "npy")))
		require.Equal(t, []int{41, 61}, shape)
		require.InDeltaSlice(t, p, v, 1e-13)
		copy(single, v)
		checkVTI(t, filepath.Join(r.Dir, snapshotName(stencil.Pressure, step, "vti")), dx, dy, s.Time(), v)
		if step == 90 {
			break
		}
		require.NoError(t, s.Advance(context.Background(), 30))
	}
	require.Greater(t, p[20*61+15]*p[20*61+15], 1e-12)
	shape, traces := array(t, filepath.Join(r.Dir, "receivers.npy"))
	require.Equal(t, []int{90, 9}, shape)
	rows := readCSV(t, filepath.Join(r.Dir, "receivers.csv"))
	assert.Equal(t, []string{"time", "pressure_0", "vx_1", "vy_2", "pressure_3", "pressure_4", "pressure_5", "pressure_6", "pressure_7", "pressure_8"}, rows[0])
	require.Len(t, rows, 91)
	for n, row := range rows[1:] {
		at, err := strconv.ParseFloat(row[0], 64)
		require.NoError(t, err)
		require.InEpsilon(t, float64(n+1)*s.Dt(), at, 1e-14)
		for k := range 9 {
			v, err := strconv.ParseFloat(row[k+1], 64)
			require.NoError(t, err)
			require.Equal(t, traces[n*9+k], v)
			require.InDelta(t, s.Trace(k)[n], v, 1e-13)
		}
	}
	body := r.Body.(*stencilBody)
	kinetic, potential, err := s.Energy()
	require.NoError(t, err)
	assert.InEpsilon(t, kinetic+potential, float64(*body.Energy), 1e-12)
	assert.Len(t, readCSV(t, filepath.Join(r.Dir, "energy.csv")), 5)
	_, last := array(t, filepath.Join(r.Dir, "pressure.npy"))
	assert.Equal(t, single, last)
	assert.Equal(t, 90, body.Steps)
	assert.Equal(t, s.Dt(), body.Dt)
	assert.Equal(t, s.LargestDt(), body.LargestDt)
	assert.Equal(t, 48, body.BytesPerCell)
	assert.InEpsilon(t, 48*float64(body.GCells), float64(body.TEff), 1e-12)
	assert.Equal(t, Number(last[20*61+30]), body.Pressure.Centre)
	assert.Equal(t, []string{"pressure.svg", "medium.svg", "seismogram_pressure.svg", "seismogram_vx.svg", "seismogram_vy.svg", "energy.svg", "animation.gif", "frames"}, body.Figures)
	for _, name := range append(body.Figures[:7:7], "frames/p_000060.png", "snapshots.pvd") {
		assert.FileExists(t, filepath.Join(r.Dir, name))
	}
	assert.NoFileExists(t, filepath.Join(r.Dir, "animation.raw"))
	f, err := os.Open(filepath.Join(r.Dir, "animation.gif"))
	require.NoError(t, err)
	defer f.Close()
	animation, err := gif.DecodeAll(f)
	require.NoError(t, err)
	assert.Len(t, animation.Image, 4)
	index, err := os.ReadFile(filepath.Join(r.Dir, "snapshots.pvd"))
	require.NoError(t, err)
	assert.Equal(t, 4, strings.Count(string(index), `file="snapshots/p_0000`))

	read, err := ReadResult(r.Dir)
	require.NoError(t, err)
	assert.Equal(t, body, read.Body)
	files, err := Draw(r.Dir)
	require.NoError(t, err)
	assert.Equal(t, body.Figures, files)
	again, err := Resume(context.Background(), r.Dir, Options{})
	require.NoError(t, err)
	assert.True(t, again.Idle)
	var b bytes.Buffer
	body.Summary(&b)
	assert.Regexp(t, `^90 steps of 0\.0\d+ to t = \d.*Gcell/s.*\npressure at the end from -.* centre .*\nenergy .*\nfigures pressure.svg, `, b.String())

	// The job as run is the same job.
	text, err := os.ReadFile(filepath.Join(r.Dir, "job.yaml"))
	require.NoError(t, err)
	second := wave(t, string(text), Options{})
	require.Equal(t, body.Pressure, second.Body.(*stencilBody).Pressure)
}

// checkVTI reads a file of VTK ImageData by the format's own description.
func checkVTI(t *testing.T, path string, dx, dy, time float64, want []float64) {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	head, rest, found := bytes.Cut(data, []byte("<AppendedData encoding=\"raw\">\n_"))
	require.True(t, found)
	var file struct {
		Type      string `xml:"type,attr"`
		ByteOrder string `xml:"byte_order,attr"`
		Header    string `xml:"header_type,attr"`
		Image     struct {
			Extent  string `xml:"WholeExtent,attr"`
			Spacing string `xml:"Spacing,attr"`
			Time    string `xml:"FieldData>DataArray"`
			Piece   struct {
				Extent string `xml:"Extent,attr"`
				Array  struct {
					Type   string `xml:"type,attr"`
					Format string `xml:"format,attr"`
					Offset int    `xml:"offset,attr"`
				} `xml:"PointData>DataArray"`
			}
		} `xml:"ImageData"`
	}
	require.NoError(t, xml.Unmarshal(append(bytes.Clone(head), "</VTKFile>"...), &file))
	assert.Equal(t, []string{"ImageData", "LittleEndian", "UInt64"}, []string{file.Type, file.ByteOrder, file.Header})
	assert.Equal(t, "0 60 0 40 0 0", file.Image.Extent)
	assert.Equal(t, file.Image.Extent, file.Image.Piece.Extent)
	assert.Equal(t, format(dx)+" "+format(dy)+" 1", file.Image.Spacing)
	assert.Equal(t, format(time), file.Image.Time)
	assert.Equal(t, "appended", file.Image.Piece.Array.Format)
	assert.Zero(t, file.Image.Piece.Array.Offset)
	size := int(binary.LittleEndian.Uint64(rest))
	rest = rest[8:]
	wide := file.Image.Piece.Array.Type == "Float64"
	if !wide {
		require.Equal(t, "Float32", file.Image.Piece.Array.Type)
	}
	require.Equal(t, map[bool]int{true: 8, false: 4}[wide]*len(want), size)
	for k, v := range want {
		if wide {
			require.Equal(t, v, math.Float64frombits(binary.LittleEndian.Uint64(rest[8*k:])))
		} else {
			require.Equal(t, v, float64(math.Float32frombits(binary.LittleEndian.Uint32(rest[4*k:]))))
		}
	}
	assert.Equal(t, "\n  </AppendedData>\n</VTKFile>\n", string(rest[size:]))
}

// Numbers, expressions and files are the same medium; so are bulk modulus and speed.
func TestStencilMedia(t *testing.T) {
	dir := t.TempDir()
	g := stencil.Grid{Nx: 9, Ny: 7, Lx: 4, Ly: 3}
	rho := g.Fill(func(x, y float64) float64 { return 1 + x + 2*y })
	var b bytes.Buffer
	require.NoError(t, npy.Write(&b, []int{7, 9}, rho))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rho.npy"), b.Bytes(), 0o666))
	b.Reset()
	table := csv.NewWriter(&b)
	for j := range 7 {
		var row []string
		for i := range 9 {
			row = append(row, format(rho[9*j+i]))
		}
		require.NoError(t, table.Write(row))
	}
	table.Flush()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rho.csv"), b.Bytes(), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "s.csv"), []byte("0\n1\n-1\n0\n"), 0o666))
	var want *stencilBody
	for _, medium := range []string{
		"{density: 1 + x + 2*y, bulk_modulus: 4*(1 + x + 2*y)}", "{density: {file: rho.npy}, speed: 2}",
		"{density: {file: rho.csv}, speed: 2 + 0*x}",
	} {
		j, err := decode(filepath.Join(dir, "a.yaml"), waveHead+"grid: {n: [9, 7], length: [4, 3]}\nsteps: 20\noutput: {figures: []}\n"+
			"sources: [{at: [2, 1], series: {file: s.csv, dt: 0.5}}]\nmedium: "+medium+"\n", nil)
		require.NoError(t, err)
		r, err := Run(context.Background(), j, filepath.Join(t.TempDir(), "out"), Options{})
		require.NoError(t, err)
		require.Equal(t, Done, r.Status, r.Reason)
		body := r.Body.(*stencilBody)
		require.NotZero(t, body.Pressure.Max)
		if want == nil {
			want = body
		}
		assert.InEpsilon(t, float64(want.Pressure.Norm2), float64(body.Pressure.Norm2), 1e-12, medium)
		// What it read is in its directory: it can be drawn there.
		_, err = Draw(r.Dir)
		require.NoError(t, err)
	}
}

func TestStencilFloat32(t *testing.T) {
	r := wave(t, shot+"precision: float32\noutput: {every: 45, snapshots: [vti, npy], figures: []}\n", Options{})
	require.Equal(t, Done, r.Status, r.Reason)
	body := r.Body.(*stencilBody)
	assert.Equal(t, 24, body.BytesPerCell)
	data, err := os.ReadFile(filepath.Join(r.Dir, "pressure.npy"))
	require.NoError(t, err)
	assert.Contains(t, string(data[:80]), "<f4")
	_, v := array(t, filepath.Join(r.Dir, snapshotName(stencil.Pressure, 45, "npy")))
	checkVTI(t, filepath.Join(r.Dir, snapshotName(stencil.Pressure, 45, "vti")), 0.2, 0.25, body.Dt*45, v)
	double := wave(t, shot+"output: {figures: []}\n", Options{}).Body.(*stencilBody)
	assert.InEpsilon(t, float64(double.Pressure.Norm2), float64(body.Pressure.Norm2), 1e-5)
}

func TestStencilTime(t *testing.T) {
	j, err := decode("a.yaml", waveHead+"grid: {n: [20, 20], length: [19, 19]}\ndt: 0.25\ntime: 3\n", nil)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, j.Check(&b))
	assert.Equal(t, `a: stencil

grid      20 x 20 points, spacing 1 x 1
walls     x = -0.5 and 19.5, y = -0.5 and 19.5: half a cell outside the points
speed     1
boundary  x0 rigid, x1 rigid, y0 rigid, y1 rigid
order     2 in space, 2 in time, float64
dt        0.25; the largest stable one is 0.70710678
steps     12, to t = 3
memory    about 1 MB
`, b.String())
	j, err = decode("a.yaml", shot, nil)
	require.NoError(t, err)
	b.Reset()
	require.NoError(t, j.Check(&b))
	assert.Contains(t, b.String(), "boundary  x0 cpml 8 cells (x < 1.5), x1 sponge 10 cells (x > 10.1), y0 free, y1 cpml 8 cells (y > 8.125)\n")
	assert.Contains(t, b.String(), "  pressure at (3.03, 2), 6 points a wavelength at its frequency 1, 2.4 at 2.5\n")
	assert.Contains(t, b.String(), "  vy_2 at (9, 3)\n")
	require.NotEmpty(t, j.Warnings())
	assert.Contains(t, j.Warnings()[0], "sources[0]: 2.4 points in the shortest wave, of frequency 2.5: order 4 wants 6 or so for a clear pulse, a spacing of 0.1")
}

func TestStencilReference(t *testing.T) {
	j, err := decode("example.yaml", StencilReference, nil)
	require.NoError(t, err)
	require.NoError(t, j.Check(io.Discard))
	assert.Empty(t, j.Warnings())
	task := j.task.(*stencilTask)
	shown := task.output
	_, plan, _ := strings.Cut(StencilReference, "from which its default is: ")
	plan, _, found := strings.Cut(plan, "}")
	require.True(t, found)
	j, err = decode("example.yaml", StencilReference, []string{"plan=" + plan + "}"})
	require.NoError(t, err)
	require.NoError(t, j.Check(io.Discard))
	require.NoError(t, j.task.(*stencilTask).settings.FitsDevice(gpu.Info{Float64: true, LocalMemory: 29 << 10}))
	j, err = decode("example.yaml", waveHead+"grid: {n: [9, 9], length: [1, 1]}\nsteps: 800\n", nil)
	require.NoError(t, err)
	plain := j.task.(*stencilTask)
	require.NoError(t, plain.prepare())
	assert.Equal(t, plain.interval(), shown.every)
	assert.Equal(t, plain.output.checkpoint, shown.checkpoint)
	assert.Equal(t, plain.output.figures, shown.figures)
	for _, signal := range []string{"gaussian_derivative: {frequency: 0.4, amplitude: 1, delay: 3.75}", "tone_burst: {frequency: 0.4, cycles: 5, amplitude: 1}", "series: {file: signal.csv, dt: 0.01, amplitude: 1}"} {
		require.Contains(t, StencilReference, signal)
		_, err := decode("a.yaml", waveHead+"grid: {n: [9, 9], length: [1, 1]}\nsteps: 1\nsources: [{at: [0, 0], "+signal+"}]\n", nil)
		require.NoError(t, err)
	}
	sections := 0
	for _, set := range []string{"", "grid", "medium", "initial", "sources.0", "sources.0.ricker", "receivers.0", "receivers.1.line", "boundary", "boundary.x0.cpml", "boundary.x1.sponge", "plan", "output", "output.units"} {
		for _, key := range knownKeys(t, StencilReference, set) {
			assert.Regexp(t, `(?m)(^|[ {])`+key+`:`, StencilReference, set)
			sections++
		}
	}
	assert.Greater(t, sections, 60)
	for _, word := range append(append([]string{"inner", "rigid", "free", "periodic", "sponge", "cpml", "bilinear", "sinc", "npy", "vti", "gif", "png"}, fieldWords...), sourceWords...) {
		assert.Contains(t, StencilReference, word)
	}
}

// What can be run but is hardly meant is warned of, and nothing else.
func TestStencilWarnings(t *testing.T) {
	const fine = waveHead + "grid: {n: [201, 201], length: [20, 20]}\norder: 8\nsteps: 100\nboundary: {all: {cpml: 20}, x0: {sponge: 10}}\n"
	for text, want := range map[string][]string{
		"": nil,
		"sources: [{at: [1, 10], ricker: {frequency: 1}}]\nreceivers: [{at: [0.96, 2]}, {at: [18, 18.04]}]\n": nil, // layers end half a cell before
		"sources: [{at: [0.9, 10], ricker: {frequency: 1}}]\n": {
			"sources[0] at (0.9, 10) lies in the absorbing layer of x0 (x < 0.95): its waves are damped from the start"},
		"receivers: [{at: [10, 10]}, {at: [10, 18.1], fields: [vx, vy]}, {at: [1, 1]}]\n": {
			"3 of 4 receivers lie in absorbing layers, where waves are damped: the first is vx_1 at (10, 18.1) in that of y1 (y > 18.05)"},
		"sources: [{at: [9, 9], ricker: {frequency: 1, delay: 0}}, {at: [9, 9], gaussian_derivative: {frequency: 0.5, delay: 0, amplitude: -3}}]\n": {
			"sources[0]: a part of its signal lies before t = 0 and is cut off: a delay of 1.5 (1.5/frequency) or more has it whole",
			"sources[1]: a part of its signal lies before t = 0 and is cut off: a delay of 3 (1.5/frequency) or more has it whole"},
		"sources: [{at: [9, 9], tone_burst: {frequency: 1}}, {at: [9, 9], gaussian_derivative: {frequency: 0.5}}]\n": nil,
		"sources: [{at: [9, 9], ricker: {frequency: 2}}]\n": {
			"sources[0]: 2 points in the shortest wave, of frequency 5: order 8 wants 4 or so for a clear pulse, a spacing of 0.05"},
	} {
		j, err := decode("a.yaml", fine+text, nil)
		require.NoError(t, err)
		require.NoError(t, j.Check(io.Discard))
		assert.Equal(t, want, j.Warnings(), text)
	}
}

// Speeds are those of the medium, whatever its densities.
func TestStencilCheckSpeed(t *testing.T) {
	for medium, want := range map[string]string{
		"speed: 343, density: 1.2":               "speed     343\n",
		"speed: 1 + y, density: 1.2":             "speed     1 to 20\n",
		"speed: 2, density: \"if(y < 9, 1, 3)\"": "speed     2\n",
	} {
		j, err := decode("a.yaml", waveHead+"grid: {n: [20, 20], length: [19, 19]}\nsteps: 1\nmedium: {"+medium+"}\n", nil)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, j.Check(&b))
		assert.Contains(t, b.String(), want)
	}
}
