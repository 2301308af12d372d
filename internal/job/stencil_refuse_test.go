package job

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/npy"
	"github.com/seed-0772dd2d/ritz/stencil"
)

const small = waveHead + "grid: {n: [9, 8], length: [4, 3]}\n" // faults are in line 4 and after

// Faults that show when the file is read.
func TestStencilFaults(t *testing.T) {
	for text, want := range map[string]string{
		small:                   `the key "steps" is missing: how many time steps to take`,
		waveHead + "steps: 1\n": `the key "grid" is missing: points and lengths`,
		waveHead + "grid: {n: [1, 9], length: [1, 1]}\nsteps: 1\n":                                        "a.yaml:3:12: grid.n: expected a whole number of at least 2, got 1",
		waveHead + "grid: {n: [9, 9, 9], length: [1, 1]}\nsteps: 1\n":                                     "a.yaml:3:11: grid.n: expected two numbers [x, y], got a list of 3",
		waveHead + "grid: {n: [9, 9], length: [1, 0]}\nsteps: 1\n":                                        "a.yaml:3:31: grid.length: expected a number above 0, got 0",
		waveHead + "grid: {n: [9, 9]}\nsteps: 1\n":                                                        `grid: the key "length" is missing`,
		waveHead + "grid: {n: [9, 5], length: [1, 1]}\nsteps: 1\norder: 6\n":                              "a.yaml:3:11: grid.n: 5 points in y: order 6 needs at least 6",
		waveHead + "grid: {n: [1e7, 1e7], length: [1, 1]}\nsteps: 1\n":                                    "a.yaml:3:11: grid.n: 1e+14 points: expected at most 3.44e+10",
		small + "steps: 1\norder: 5\n":                                                                    "a.yaml:5:8: order: expected 2, 4, 6 or 8, got 5",
		small + "steps: 1\norder: 4\nfaces: inner\n":                                                      "a.yaml:6:8: faces: inner faces go with order 2, not 4",
		small + "steps: 1\nfaces: outer\n":                                                                `a.yaml:5:8: faces: unknown "outer": expected all, inner`,
		small + "steps: 1\ntime: 1\n":                                                                     "a.yaml:5:7: time: expected either steps or time, got both",
		small + "steps: 0\n":                                                                              "steps: expected a whole number of at least 1, got 0",
		small + "steps: 1\ndt: 1\ncfl: 1\n":                                                               "a.yaml:6:6: cfl: expected either dt or cfl, got both",
		small + "steps: 1\ndt: -1\n":                                                                      "a.yaml:5:5: dt: expected a number above 0, got -1",
		small + "steps: 1\nmedium: {density: rho}\n":                                                      `a.yaml:5:19: medium.density: column 1: unknown name "rho"`,
		small + "steps: 1\nmedium: {density: 1 + z}\n":                                                    `a.yaml:5:23: medium.density: column 5: unknown name "z"`,
		small + "steps: 1\nmedium: {density: rho.npy}\n":                                                  "a.yaml:5:19: medium.density: a file is given as {file: rho.npy}",
		small + "steps: 1\nmedium: {density: [1, 2]}\n":                                                   "expected a number, an expression of x and y, or {file: rho.npy}, got a list",
		small + "steps: 1\nmedium: {speed: 1, bulk_modulus: 1}\n":                                         "a.yaml:5:17: medium.speed: expected either bulk_modulus or speed, got both",
		small + "steps: 1\nmedium: {kappa: 1}\n":                                                          `medium: unknown key "kappa": expected density, bulk_modulus, speed`,
		small + "steps: 1\nboundary: {all: soft}\n":                                                       `a.yaml:5:17: boundary.all: unknown "soft": expected rigid, free, periodic, sponge, cpml`,
		small + "steps: 1\nboundary: {z0: free}\n":                                                        `a.yaml:5:12: boundary: unknown key "z0": did you mean "x0"?`,
		small + "steps: 1\nboundary: {left: free}\n":                                                      `boundary: unknown key "left": expected all, x0, x1, y0, y1`,
		small + "steps: 1\nboundary: {x0: {cpml: 5}}\n":                                                   "a.yaml:5:16: boundary.x0: a layer of 5 cells on a grid of 9 points across: expected at most half of them",
		small + "steps: 1\nboundary: {all: cpml}\n":                                                       "a layer of 20 cells on a grid of 9 points across",
		small + "steps: 1\nboundary: {x0: {cpml: 1}}\n":                                                   "boundary.x0.cpml: expected a whole number of at least 2, got 1",
		small + "steps: 1\nboundary: {x0: {pml: 4}}\n":                                                    `boundary.x0.pml: unknown "pml": did you mean "cpml"?`,
		small + "steps: 1\nboundary: {x0: {cpml: {cells: 4, frequency: 0}}}\n":                            "boundary.x0.cpml.frequency: expected a number above 0, got 0",
		small + "steps: 1\nboundary: {x0: {sponge: {frequency: 1}}}\n":                                    `boundary.x0.sponge: unknown key "frequency": expected cells`,
		small + "steps: 1\nboundary: {x0: periodic}\n":                                                    "a.yaml:5:16: boundary.x0: a periodic side needs a periodic one across, and x1 is rigid",
		small + "steps: 1\nsources: [{at: [5, 1], ricker: {frequency: 1}}]\n":                             "a.yaml:5:16: sources[0].at: (5, 1) is off the grid, [0, 4] x [0, 3]",
		small + "steps: 1\nsources: [{at: [1, -0.1], ricker: {frequency: 1}}]\n":                          "(1, -0.1) is off the grid",
		small + "steps: 1\nsources: [{at: [1, 1]}]\n":                                                     "a.yaml:5:11: sources[0]: expected a signal: ricker, gaussian_derivative, tone_burst or series",
		small + "steps: 1\nsources: [{at: [1, 1], ricker: {frequency: 1}, tone_burst: {frequency: 1}}]\n": "sources[0]: expected one signal, got ricker and tone_burst",
		small + "steps: 1\nreceivers: [{at: [1, 1], fields: []}]\n":                                       "a.yaml:5:34: receivers[0].fields: expected one or more of pressure, vx, vy, got none",
		small + "steps: 1\nboundary: rigid\n":                                                             `a.yaml:5:11: boundary: expected what each side is, as in {all: rigid} or {all: {cpml: 20}, y0: free}, got "rigid"`,
		small + "steps: 1\nsources: [{at: [1, 1], ricker: {}}]\n":                                         `sources[0].ricker: the key "frequency" is missing`,
		small + "steps: 1\nsources: [{at: [1, 1], ricker: {frequency: -1}}]\n":                            "sources[0].ricker.frequency: expected a number above 0, got -1",
		small + "steps: 1\nsources: [{at: [1, 1], richer: {frequency: 1}}]\n":                             `unknown key "richer": did you mean "ricker"?`,
		small + "steps: 1\nsources: [{at: [1, 1], series: {file: a.csv}}]\n":                              `sources[0].series: the key "dt" is missing: the time between two values`,
		small + "steps: 1\nsources: [{at: [1, 1], field: vx, ricker: {frequency: 1}}]\n":                  `sources[0].field: unknown "vx": expected pressure, force_x, force_y`,
		small + "steps: 1\nreceivers: [{at: [1, 3.5]}]\n":                                                 "a.yaml:5:18: receivers[0].at: (1, 3.5) is off the grid, [0, 4] x [0, 3]",
		small + "steps: 1\nreceivers: [{line: {from: [0, 0], to: [9, 0], n: 3}}]\n":                       "a.yaml:5:39: receivers[0].line.to: (9, 0) is off the grid",
		small + "steps: 1\nreceivers: [{line: {from: [0, 0], to: [1, 0], n: 1}}]\n":                       "receivers[0].line.n: expected a whole number of at least 2, got 1",
		small + "steps: 1\nreceivers: [{fields: [vz]}]\n":                                                 `receivers[0].fields[0]: unknown "vz"`,
		small + "steps: 1\nreceivers: [{}]\n":                                                             "receivers[0]: expected {at: [30, 20]} or {line:",
		small + "steps: 1\noutput: {snapshots: [vtk]}\n":                                                  `output.snapshots[0]: unknown "vtk": did you mean "vti"?`,
		small + "steps: 1\noutput: {animation: mp4}\n":                                                    `output.animation: unknown "mp4": expected gif, png, none`,
		small + "steps: 1\noutput: {every: 0}\n":                                                          "output.every: expected a whole number of at least 1, got 0",
		small + "steps: 1\nplan: {steps: 0}\n":                                                            "plan.steps: expected a whole number of at least 1, got 0",
		"ritz: 1\nkind: stencils\n":                                                                       `kind: unknown "stencils": did you mean "stencil"?`,
	} {
		_, err := decode("a.yaml", text, nil)
		assert.ErrorContains(t, err, want, text)
	}
}

// A fault is shown once, without others that only follow from it.
func TestStencilOneFault(t *testing.T) {
	for _, text := range []string{
		"sources: [{at: [1, 1], ricker: {amplitude: 2, delay: 1}}]\n",
		"sources: [{at: [1, 1], series: {dt: 2, amplitude: 1}}]\n",
		"sources: [{at: [1, 1], rickr: {frequency: 1}}]\n",
		"sources: [{at: [1, 1], tone_brust: {frequency: 1}}]\n",
		"sources: [{at: [1, 1]}]\n",
		"boundary: cpml\n",
		"boundary: [rigid]\n",
		"receivers: [{at: [1, 1], fields: pressure}]\n",
	} {
		_, err := decode("a.yaml", small+"steps: 1\n"+text, nil)
		var faults Errors
		require.ErrorAs(t, err, &faults, text)
		assert.Len(t, faults, 1, "%s%v", text, err)
	}
}

// Faults that show when expressions are evaluated and files read, for a check as
// for a run.
func TestStencilLateFaults(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, shape []int, values ...float64) {
		var b bytes.Buffer
		require.NoError(t, npy.Write(&b, shape, values))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o666))
	}
	flat := make([]float64, 72)
	for k := range flat {
		flat[k] = 1
	}
	file("turned.npy", []int{9, 8}, flat...)
	flat[4*9+7] = 0
	file("hole.npy", []int{8, 9}, flat...)
	file("pair.npy", []int{2, 2}, 1, 2, 3, 4)
	for name, text := range map[string]string{"short.csv": "1,2\n3,4\n", "text.csv": "1,2\n3,x\n", "ragged.csv": "1,2\n3\n", "nan.csv": "0\nnan\n", "empty.csv": "", "rho.txt": "1"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	for text, want := range map[string]string{
		"dt: 0.5\n":                                                   "a.yaml:5:5: dt: 0.5 is unstable: the largest stable dt is 0.3253",
		"order: 8\ndt: 0.3\n":                                         "dt: 0.3 is unstable: the largest stable dt is 0.25",
		"cfl: 1.1\n":                                                  "a.yaml:5:6: cfl: 1.1 is unstable: the largest stable cfl is 1, a step of 0.3253",
		"medium: {density: 0}\n":                                      "a.yaml:5:19: medium.density: expected a positive number, got 0",
		"medium: {density: 2 - x}\n":                                  "a.yaml:5:19: medium.density: 0 at cell (4, 0), x = 2, y = 0: expected a positive number",
		"medium: {bulk_modulus: sqrt(y - 1)}\n":                       "a.yaml:5:24: medium.bulk_modulus: NaN at cell (0, 0), x = 0, y = 0: expected a positive number",
		"medium: {speed: -1}\n":                                       "medium.speed: expected a positive number, got -1",
		"medium: {speed: 1e200}\n":                                    "medium.speed: the bulk modulus of the speed 1e+200 is +Inf",
		"medium: {density: {file: hole.npy}}\n":                       "a.yaml:5:26: medium.density.file: 0 at cell (7, 4), x = 3.5, y = 1.71429: expected a positive number",
		"medium: {density: {file: turned.npy}}\n":                     "turned.npy has the shape 9 x 8, expected 8 x 9: a row for each y, x along it",
		"medium: {density: {file: short.csv}}\n":                      "a.yaml:5:26: medium.density.file: short.csv has the shape 2 x 2, expected 8 x 9",
		"medium: {density: {file: text.csv}}\n":                       `text.csv: line 2, column 2: "x" is not a number`,
		"medium: {density: {file: ragged.csv}}\n":                     "a.yaml:5:26: medium.density.file: ragged.csv: line 2: expected 2 numbers as in the lines before, got 1",
		"medium: {density: {file: rho.txt}}\n":                        "rho.txt: expected a file .npy or .csv",
		"medium: {density: {file: none.npy}}\n":                       "medium.density.file: none.npy: no such file",
		"initial: {pressure: 1/x}\n":                                  "a.yaml:5:21: initial.pressure: +Inf at cell (0, 0), x = 0, y = 0: expected a finite number",
		"initial: {vx: 1/(y - 3)}\n":                                  "initial.vx: +Inf at cell (0, 7), x = -0.25, y = 3: expected a finite number",
		"initial: {vy: {file: hole.npy}}\n":                           "hole.npy has the shape 8 x 9, expected 9 x 9",
		"sources: [{at: [1, 1], series: {file: nan.csv, dt: 1}}]\n":   "a.yaml:5:39: sources[0].series.file: nan.csv: value 1 is NaN",
		"sources: [{at: [1, 1], series: {file: empty.csv, dt: 1}}]\n": "empty.csv: it holds no values",
		"sources: [{at: [1, 1], series: {file: pair.npy, dt: 1}}]\n":  "pair.npy: expected one value a line, got the shape [2 2]",
		"dt: 1e-15\n":                                                 "a.yaml:4:7: time:",
	} {
		steps := "steps: 10\n"
		if want == "a.yaml:4:7: time:" {
			steps = "time: 10\n"
		}
		j, err := decode(filepath.Join(dir, "a.yaml"), small+steps+text, nil)
		require.NoError(t, err, text)
		assert.ErrorContains(t, j.Check(io.Discard), want, text)
		out := filepath.Join(t.TempDir(), "out")
		_, err = Run(context.Background(), j, out, Options{})
		assert.ErrorContains(t, err, want)
		assert.NoDirExists(t, out)
	}
	// The step that it names is stable.
	j, err := decode("a.yaml", small+"steps: 10\ndt: 1\n", nil)
	require.NoError(t, err)
	err = j.Check(io.Discard)
	require.ErrorIs(t, err, stencil.ErrUnstable)
	var at *Error
	require.ErrorAs(t, err, &at)
	_, named, _ := strings.Cut(at.Msg, "stable dt is ")
	named, _, _ = strings.Cut(named, " (")
	j, err = decode("a.yaml", small+"steps: 10\ndt: "+named+"\n", nil)
	require.NoError(t, err)
	require.NoError(t, j.Check(io.Discard))
}

// A grid that the machine has no memory for is refused before anything is made: what the
// medium and the initial fields take is known before they are evaluated.
func TestStencilMemory(t *testing.T) {
	if has := totalMemory(); has == 0 || has > 5e11 {
		t.Skip("the memory is not known, or is enough")
	}
	j, err := decode("a.yaml", waveHead+"grid: {n: [180000, 180000], length: [1, 1]}\nmedium: {density: 1 + x}\nsteps: 1\n", nil)
	require.NoError(t, err)
	const want = "a.yaml:3:11: grid.n: 3.24e+10 points want about 2073.6 GB of memory, this machine has "
	assert.ErrorContains(t, j.Check(io.Discard), want)
	_, err = Run(context.Background(), j, filepath.Join(t.TempDir(), "out"), Options{})
	assert.ErrorContains(t, err, want)
	for _, more := range []string{
		"medium: {density: 1 + x}", "medium: {speed: 1 + x}", "medium: {density: 1 + y, speed: 2}", "medium: {density: 2, speed: 3}",
		"medium: {density: 1 + x, bulk_modulus: 1 + y}\ninitial: {pressure: x, vx: 1}",
	} {
		j, err := decode("a.yaml", small+"steps: 1\n"+more+"\n", nil)
		require.NoError(t, err)
		task := j.task.(*stencilTask)
		before, p := task.bytes(), &task.settings
		require.NoError(t, task.prepare())
		assert.Equal(t, before, task.bytes(), more)
		want := 3
		if p.Medium.Densities != nil || p.Medium.BulkModuli != nil {
			want = 6
		}
		made := 0
		for _, v := range [][]float64{p.Medium.Densities, p.Medium.BulkModuli, p.Pressure, p.Vx, p.Vy} {
			if v != nil {
				made++
			}
		}
		g := p.Grid
		assert.Equal(t, int64(8*(want*(g.Nx+2)*(g.Ny+2)+(made+1)*g.Cells())), before, more)
	}
	// Traces, too, may be what is too much.
	j, err = decode("a.yaml", small+"steps: 1e11\nreceivers: [{line: {from: [0, 0], to: [1, 1], n: 1000}}]\n", nil)
	require.NoError(t, err)
	assert.ErrorContains(t, j.Check(io.Discard), "a.yaml:5:12: receivers: 1000 receivers over 100000000000 steps want about 800000.0 GB of memory, this machine has ")
}
