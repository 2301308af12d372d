package job

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// Snapshots of all fields hold what the solver has, each where and when it stands.
func TestStencilFieldSnapshots(t *testing.T) {
	text := waveHead + `
grid: {n: [9, 7], length: [4, 3]}
initial: {pressure: x*(1 + y), vx: x, vy: y}
dt: 0.1
steps: 4
output: {every: 2, snapshots: [npy, vti], fields: [vy, pressure, vx], figures: []}
`
	r := wave(t, text, Options{})
	require.Equal(t, Done, r.Status, r.Reason)
	g := stencil.Grid{Nx: 9, Ny: 7, Lx: 4, Ly: 3}
	set := stencil.Settings{Grid: g, Dt: 0.1, Pressure: g.Fill(func(x, y float64) float64 { return x * (1 + y) })}
	for range 7 {
		for i := range 10 {
			set.Vx = append(set.Vx, (float64(i)-0.5)*0.5)
		}
	}
	for j := range 8 {
		for range 9 {
			set.Vy = append(set.Vy, (float64(j)-0.5)*0.5)
		}
	}
	s, err := stencil.New(set)
	require.NoError(t, err)
	for n := 0; n <= 4; n += 2 {
		for q, c := range []struct {
			shape  []int
			origin string
			late   float64
		}{{[]int{7, 9}, "0 0 0", 0}, {[]int{7, 10}, "-0.25 0 0", 0.05}, {[]int{8, 9}, "0 -0.25 0", 0.05}} {
			q := stencil.Quantity(q)
			want := make([]float64, c.shape[0]*c.shape[1])
			require.NoError(t, s.Read(q, want))
			shape, v := array(t, filepath.Join(r.Dir, snapshotName(q, n, "npy")))
			assert.Equal(t, c.shape, shape)
			require.Equal(t, want, v)
			vti, err := os.ReadFile(filepath.Join(r.Dir, snapshotName(q, n, "vti")))
			require.NoError(t, err)
			assert.Contains(t, string(vti), fmt.Sprintf(`WholeExtent="0 %d 0 %d 0 0" Origin="%s" Spacing="0.5 0.5 1"`, shape[1]-1, shape[0]-1, c.origin))
			at := format(fieldTime(q, n, 0.1))
			assert.Contains(t, string(vti), `format="ascii">`+at+"</DataArray>")
			assert.InDelta(t, 0.1*float64(n)-c.late, fieldTime(q, n, 0.1), 1e-15)
			index, err := os.ReadFile(filepath.Join(r.Dir, indexName(q)))
			require.NoError(t, err)
			assert.Contains(t, string(index), `timestep="`+at+`" file="`+snapshotName(q, n, "vti")+`"`)
		}
		require.NoError(t, s.Advance(context.Background(), 2))
	}
}

// VTK itself, if this machine has it, reads from the .vti files what is in the .npy
// files.
func TestVTKReadsSnapshots(t *testing.T) {
	if err := exec.Command("python3", "-c", "import numpy, vtk").Run(); err != nil {
		t.Skip("needs python3 with numpy and vtk: ", err)
	}
	const script = `
import sys, numpy, vtk
from vtk.util.numpy_support import vtk_to_numpy
for path in sys.argv[1:]:
    reader = vtk.vtkXMLImageDataReader()
    reader.SetFileName(path)
    reader.Update()
    image = reader.GetOutput()
    nx, ny, _ = image.GetDimensions()
    field = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(ny, nx)
    want = numpy.load(path[:-3] + "npy")
    assert field.dtype == want.dtype and (field == want).all(), path
    print(image.GetPointData().GetScalars().GetName(), *image.GetOrigin(), *image.GetSpacing(), image.GetFieldData().GetArray("TimeValue").GetValue(0))
`
	for _, precision := range []string{"float64", "float32"} {
		r := wave(t, shot+"precision: "+precision+"\noutput: {every: 45, snapshots: [npy, vti], fields: [pressure, vx, vy], figures: []}\n", Options{})
		require.Equal(t, Done, r.Status, r.Reason)
		args := []string{"-c", script}
		for q := range stencil.Quantity(3) {
			args = append(args, filepath.Join(r.Dir, snapshotName(q, 90, "vti")))
		}
		out, err := exec.Command("python3", args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		dt := r.Body.(*stencilBody).Dt
		assert.Equal(t, fmt.Sprintf("pressure 0.0 0.0 0.0 0.2 0.25 1.0 %v\nvx -0.1 0.0 0.0 0.2 0.25 1.0 %v\nvy 0.0 -0.125 0.0 0.2 0.25 1.0 %v\n",
			90*dt, 89.5*dt, 89.5*dt), string(out))
	}
}
