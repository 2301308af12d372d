package job

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/npy"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// A signal of a file is the library's of the same values, step and amplitude.
func TestStencilSeries(t *testing.T) {
	dir := t.TempDir()
	values := []float64{0, 1, -2.5, 0.25, 0}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "s.csv"), []byte("0\n1\n-2.5\n0.25\n0\n"), 0o666))
	var b bytes.Buffer
	require.NoError(t, npy.Write(&b, []int{len(values)}, values))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "s.npy"), b.Bytes(), 0o666))

	signal := stencil.Series(values, 0.75)
	s, err := stencil.New(stencil.Settings{
		Grid: stencil.Grid{Nx: 9, Ny: 7, Lx: 4, Ly: 3}, CFL: 0.5, Plan: stencil.Plan{Bands: true},
		Sources:   []stencil.Source{{X: 2, Y: 1, Signal: func(t float64) float64 { return 3 * signal(t) }}},
		Receivers: []stencil.Receiver{{X: 3, Y: 1}},
	})
	require.NoError(t, err)
	require.NoError(t, s.Advance(context.Background(), 20))
	require.Greater(t, 20*s.Dt(), 4*0.75, "the whole of the signal")
	for _, file := range []string{"s.csv", "s.npy"} {
		j, err := decode(filepath.Join(dir, "a.yaml"), waveHead+"grid: {n: [9, 7], length: [4, 3]}\ncfl: 0.5\nsteps: 20\noutput: {figures: []}\n"+
			"sources: [{at: [2, 1], series: {file: "+file+", dt: 0.75, amplitude: 3}}]\nreceivers: [{at: [3, 1]}]\n", nil)
		require.NoError(t, err)
		r, err := Run(context.Background(), j, filepath.Join(t.TempDir(), "out"), Options{})
		require.NoError(t, err)
		require.Equal(t, Done, r.Status, r.Reason)
		_, got := array(t, filepath.Join(r.Dir, "receivers.npy"))
		assert.Equal(t, s.Trace(0), got, file)
	}
}

// The frames are pictures of their times: of a wave that moves no two are the same.
func TestStencilFramesDiffer(t *testing.T) {
	r := wave(t, shot+"output: {every: 30, animation: png, figures: []}\n", Options{})
	seen := map[string]string{}
	for _, name := range []string{"p_000000.png", "p_000030.png", "p_000060.png", "p_000090.png"} {
		text, err := os.ReadFile(filepath.Join(r.Dir, "frames", name))
		require.NoError(t, err)
		picture, err := png.Decode(bytes.NewReader(text))
		require.NoError(t, err)
		size := picture.Bounds()
		var field []byte // the middle of the picture, where no title says the time
		for y := size.Dy() / 3; y < size.Dy()*2/3; y++ {
			for x := size.Dx() / 4; x < size.Dx()/2; x++ {
				r, g, b, _ := picture.At(x, y).RGBA()
				field = append(field, byte(r>>8), byte(g>>8), byte(b>>8))
			}
		}
		assert.Empty(t, seen[string(field)], "%s is the same", name)
		seen[string(field)] = name
	}
}
